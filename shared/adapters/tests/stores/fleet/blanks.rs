//! A project takes the place of a warm blank: one conditional write, and the capacity stays.

use super::{
    AT, DEMAND, LATER, assert_balanced, claim, claim_id, fleet_of, holder, is_lost, is_refused,
    stored, unknown,
};
use adapters::dynamodb::fleet::DynamoFleet;
use domain::{
    id::{BlankId, WorkerId},
    plan::PlanId,
    worker::{Cordon, FIRST_PORT, Holder, Reservation, State, Worker},
};
use ports::fleet::{Fleet, ReserveError};
use testkit::make::worker;
use tokio::task::JoinSet;

const PORT: u16 = FIRST_PORT + 5;

fn blank_id() -> BlankId {
    BlankId::new("b").expect("plain")
}

/// What the blank holds once it is warm.
fn held() -> Reservation {
    Reservation {
        id: blank_id().reservation(),
        demand: DEMAND,
        port: PORT,
        plan: PlanId::Standard,
        since: LATER,
        warm: true,
        blank: None,
    }
}

/// What the project puts in its place.
fn successor(project: &Holder) -> Reservation {
    Reservation { blank: Some(blank_id()), ..claim(project, 1, PORT) }
}

/// A worker with the blank on it as `held` says.
fn with(held: Reservation) -> Worker {
    let there = worker("w", 4_096);
    let free = there.total.minus(held.demand).expect("has room");
    Worker { free, reservations: [(Holder::from(blank_id()), held)].into(), ..there }
}

async fn take(
    fleet: &DynamoFleet,
    worker: &WorkerId,
    held: &Reservation,
    project: &Holder,
) -> Result<Reservation, ReserveError> {
    let id = project.project().expect("a project");
    fleet.claim_blank(worker, &blank_id(), held, id, &successor(project)).await
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_warm_blank_is_claimed_with_its_place_and_a_repeat_finds_it() {
    let w = with(held());
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    for round in ["once", "twice"] {
        let claimed = take(&fleet, &w.id, &held(), &project).await.unwrap();
        assert_eq!(claimed, successor(&project), "{round}");
        let after = stored(&fleet, &w.id).await;
        assert_eq!((after.free, after.total), (w.free, w.total), "{round}: capacity stays");
        assert_eq!(after.reservations, [(project.clone(), claimed)].into(), "{round}");
        assert_eq!(after.changed_at, AT, "{round}: the moment of the claim");
        assert_balanced(&after);
    }
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    let empty = stored(&fleet, &w.id).await;
    assert_eq!(empty, worker("w", 4_096), "nothing is left of either");
    let next = claim(&holder("b"), 1, PORT);
    fleet.reserve(&w.id, &holder("b"), &next).await.expect("the port is free again");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_twenty_that_claim_one_blank_at_once_one_gets_it() {
    let w = with(held());
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let mut tries = JoinSet::new();
    for number in 0..20 {
        let (fleet, worker) = (fleet.clone(), w.id.clone());
        let project = holder(&format!("p{number}"));
        tries.spawn(async move { take(&fleet, &worker, &held(), &project).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = tries.join_all().await.into_iter().partition(Result::is_ok);
    assert!(lost.iter().all(is_lost), "{lost:?}");
    assert_eq!(won.len(), 1);
    let after = stored(&fleet, &w.id).await;
    assert_eq!((after.reservations.len(), after.free), (1, w.free));
    assert_balanced(&after);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_blank_that_must_not_be_claimed_stays() {
    let boots = Reservation { warm: false, ..held() };
    let older = Reservation { port: PORT + 1, ..held() };
    let cases = [
        ("it boots", with(boots.clone()), boots.clone()),
        ("it boots, and somebody thinks that it is warm", with(boots), held()),
        ("cordoned", Worker { cordon: Some(Cordon::Operator), ..with(held()) }, held()),
        ("draining", Worker { state: State::Draining, ..with(held()) }, held()),
        ("starting", Worker { state: State::Starting, ..with(held()) }, held()),
        ("not where it was read", with(held()), older),
        ("gone", worker("w", 4_096), held()),
    ];
    let project = holder("a");
    for (case, w, read) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        assert!(is_lost(&take(&fleet, &w.id, &read, &project).await), "{case}");
        assert_eq!(stored(&fleet, &w.id).await, w, "{case}");
    }
    let fleet = fleet_of(&[]).await;
    assert!(is_lost(&take(&fleet, &unknown(), &held(), &project).await));
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None, "asking makes no worker");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn who_has_another_reservation_there_claims_no_blank() {
    let w = with(held());
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    let earlier = claim(&project, 7, FIRST_PORT);
    fleet.reserve(&w.id, &project, &earlier).await.unwrap();
    assert!(is_lost(&take(&fleet, &w.id, &held(), &project).await));
    let after = stored(&fleet, &w.id).await;
    assert_eq!(after.reservations.get(&project), Some(&earlier));
    assert_eq!(after.reservations.get(&Holder::from(blank_id())), Some(&held()));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_blank_becomes_warm_once_and_only_while_it_is_there() {
    let boots = Reservation { warm: false, ..held() };
    let w = with(boots);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    for round in ["once", "twice"] {
        fleet.record_warm(&w.id, &blank_id()).await.unwrap();
        let after = stored(&fleet, &w.id).await;
        assert_eq!(after, with(held()), "{round}: nothing else has changed");
    }
    let project = holder("a");
    take(&fleet, &w.id, &held(), &project).await.expect("as it is stored now");
    assert!(is_refused(&fleet.record_warm(&w.id, &blank_id()).await), "claimed");
    assert_eq!(
        stored(&fleet, &w.id).await.reservations,
        [(project.clone(), successor(&project))].into()
    );
    assert!(is_refused(&fleet.record_warm(&unknown(), &blank_id()).await), "unknown");
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

/// Both write to the same reservation, and a release reads before it writes.
#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_blank_that_is_released_while_it_becomes_warm_is_gone() {
    let boots = Reservation { warm: false, ..held() };
    for round in 0..16 {
        let w = with(boots.clone());
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let (blank_id, id) = (blank_id(), blank_id().reservation());
        let blank = Holder::from(blank_id.clone());
        let (released, _) = tokio::join!(
            fleet.release(&w.id, &blank, &id, AT),
            fleet.record_warm(&w.id, &blank_id),
        );
        released.unwrap();
        assert_eq!(stored(&fleet, &w.id).await, worker("w", 4_096), "{round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_claiming_and_releasing_a_blank_at_the_same_moment_one_wins() {
    for round in 0..16 {
        let w = with(held());
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let (blank, id, project) =
            (Holder::from(blank_id()), blank_id().reservation(), holder("a"));
        let held = held();
        let (claimed, released) = tokio::join!(
            take(&fleet, &w.id, &held, &project),
            fleet.release(&w.id, &blank, &id, AT),
        );
        released.unwrap();
        let after = stored(&fleet, &w.id).await;
        assert_eq!(claimed.is_ok(), after.reservations.contains_key(&project), "{round}");
        assert!(!after.reservations.contains_key(&blank), "{round}");
        assert_balanced(&after);
    }
}
