//! A plan of which there is a limited number.

use super::{AT, LATER, claim_id, holder, store};
use crate::engine;
use adapters::dynamodb::fleet::DynamoFleet;
use domain::{id::ReservationId, plan::PlanId};
use ports::fleet::{Counted, Fleet};
use tokio::task::JoinSet;

const PRO: PlanId = PlanId::Pro;

fn id(number: u32) -> ReservationId {
    claim_id(&holder(&format!("p{number}")), 1)
}

/// How many of forty find room among `maximum`.
async fn rush(fleet: &DynamoFleet, maximum: u32) -> Vec<u32> {
    let mut tries = JoinSet::new();
    for number in 0..40 {
        let fleet = fleet.clone();
        tries.spawn(async move {
            let counted =
                fleet.count_in(PRO, &id(number), maximum, AT).await.expect("the engine is up");
            counted.then_some(number)
        });
    }
    tries.join_all().await.into_iter().flatten().collect()
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_forty_at_once_exactly_as_many_are_counted_as_there_may_be() {
    for maximum in [0, 1, 7, 40, 100] {
        let fleet = store().await;
        let counted = rush(&fleet, maximum).await;
        assert_eq!(counted.len(), 40.min(maximum.try_into().unwrap_or(40)), "of {maximum}");
        // Who is counted stays so, and takes nobody's place.
        let mut again = rush(&fleet, maximum).await;
        let mut counted = counted;
        again.sort_unstable();
        counted.sort_unstable();
        assert_eq!(again, counted, "of {maximum}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn counting_out_lets_exactly_as_many_in_as_went() {
    let fleet = store().await;
    let counted = rush(&fleet, 10).await;
    let mut leaves = JoinSet::new();
    for number in counted.iter().take(4).copied() {
        // Twice, and at the same moment.
        for _ in 0..2 {
            let fleet = fleet.clone();
            leaves.spawn(async move { fleet.count_out(PRO, &id(number)).await.unwrap() });
        }
    }
    leaves.join_all().await;
    let again = rush(&fleet, 10).await;
    assert_eq!(again.len(), 10);
    assert!(counted[4..].iter().all(|it| again.contains(it)), "who stayed is still in");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_last_one_out_leaves_room_for_all() {
    let fleet = store().await;
    fleet.count_out(PRO, &id(1)).await.expect("nobody was counted yet");
    for round in ["once", "twice"] {
        assert!(fleet.count_in(PRO, &id(1), 1, AT).await.unwrap(), "{round}");
        assert!(!fleet.count_in(PRO, &id(2), 1, AT).await.unwrap(), "{round}");
        fleet.count_out(PRO, &id(1)).await.unwrap();
        assert!(fleet.count_in(PRO, &id(2), 1, AT).await.unwrap(), "{round}");
        fleet.count_out(PRO, &id(2)).await.unwrap();
    }
    assert_eq!(fleet.workers().await.unwrap(), [], "a count is no worker");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_lower_maximum_takes_nothing_away_and_lets_nobody_in() {
    let fleet = store().await;
    for number in 0..3 {
        assert!(fleet.count_in(PRO, &id(number), 3, AT).await.unwrap());
    }
    assert!(fleet.count_in(PRO, &id(0), 1, AT).await.unwrap(), "it is in");
    fleet.count_out(PRO, &id(2)).await.unwrap();
    assert!(!fleet.count_in(PRO, &id(3), 1, AT).await.unwrap());
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn each_plan_of_each_pool_is_counted_for_itself() {
    let (client, table) = engine::table().await;
    let pool = |name: &str| DynamoFleet::on(client.clone(), table.clone(), name.to_owned(), 1);
    for fleet in [pool("ours"), pool("theirs")] {
        for plan in [PRO, PlanId::Dedicated] {
            assert!(fleet.count_in(plan, &id(1), 1, AT).await.unwrap());
            assert!(!fleet.count_in(plan, &id(2), 1, AT).await.unwrap());
        }
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn everything_that_is_counted_is_told_with_the_moment_at_which_it_first_was() {
    let (client, table) = engine::table().await;
    let fleet = DynamoFleet::on(client.clone(), table.clone(), "ours".to_owned(), 1);
    assert_eq!(fleet.counted().await.unwrap(), []);
    for (plan, number, at) in [(PRO, 1, LATER), (PRO, 1, AT), (PlanId::Dedicated, 2, AT)] {
        assert!(fleet.count_in(plan, &id(number), 9, at).await.unwrap());
    }
    let counted = |plan, number, since| Counted { plan, reservation: id(number), since };
    let expected = [counted(PRO, 1, LATER), counted(PlanId::Dedicated, 2, AT)];
    assert_eq!(fleet.counted().await.unwrap(), expected);
    fleet.count_out(PRO, &id(1)).await.unwrap();
    assert_eq!(fleet.counted().await.unwrap(), expected[1..]);
    let theirs = DynamoFleet::on(client, table, "theirs".to_owned(), 1);
    assert_eq!(theirs.counted().await.unwrap(), []);
    // It may come back, and then its moment is the new one.
    assert!(fleet.count_in(PRO, &id(1), 9, AT).await.unwrap());
    assert_eq!(fleet.counted().await.unwrap()[0], counted(PRO, 1, AT));
}
