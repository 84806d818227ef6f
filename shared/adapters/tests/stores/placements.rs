//! Decisions: the first one for a reservation stays.

use crate::engine;
use adapters::dynamodb::placements::DynamoPlacements;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    fit::{Refusal, Score},
    id::{BlankId, WorkerId},
    plan::PlanId,
};
use jiff::{SignedDuration, Timestamp};
use ports::placements::{Alternative, Decision, Outcome, Placements};
use testkit::make::project_id;
use tokio::task::JoinSet;

const AT: Timestamp = Timestamp::constant(1_795_262_400, 250_000_000);
const DAY_S: i64 = 24 * 60 * 60;

fn id(name: &str) -> WorkerId {
    WorkerId::new(name).expect("plain")
}

/// A decision about attempt number `attempt` of `project`.
fn decision(project: &str, attempt: u32, outcome: Outcome) -> Decision {
    let alternative = |name, score, refusal| Alternative {
        worker_id: id(name),
        free_mib: 4_096,
        free_cpu_millis: 2_000,
        score,
        refusal,
    };
    Decision {
        project_id: project_id(project),
        reservation_id: project_id(project).reservation(attempt),
        plan: PlanId::Pro,
        outcome,
        writes: 2,
        considered: 2,
        alternatives: vec![
            alternative("w1", Some(Score(17)), None),
            alternative("w2", None, Some(Refusal::TooLittleMemory)),
        ],
        at: AT + SignedDuration::from_secs(attempt.into()),
    }
}

async fn store() -> DynamoPlacements {
    let (client, table) = engine::table().await;
    DynamoPlacements::on(client, table)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn every_outcome_is_read_as_it_was_written_oldest_first() {
    let placements = store().await;
    let blank_id = BlankId::new("b").expect("plain");
    let outcomes = [
        Outcome::NoRoom,
        Outcome::Placed { worker_id: id("w1") },
        Outcome::Woken { worker_id: id("w1") },
        Outcome::Claimed { worker_id: id("w1"), blank_id },
    ];
    let decisions: Vec<_> =
        (1..).zip(outcomes).map(|(attempt, outcome)| decision("a", attempt, outcome)).collect();
    // By their names the tenth would come before the second.
    let tenth = decision("a", 10, Outcome::NoRoom);
    for it in [&tenth].into_iter().chain(decisions.iter().rev()) {
        placements.record(it).await.unwrap();
    }
    placements.record(&decision("b", 1, Outcome::NoRoom)).await.unwrap();
    let expected: Vec<_> = decisions.into_iter().chain([tenth]).collect();
    assert_eq!(placements.list(&project_id("a")).await.unwrap(), expected);
    assert_eq!(placements.list(&project_id("nobody")).await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_first_decision_for_a_reservation_stays() {
    let placements = store().await;
    let first = decision("a", 1, Outcome::Placed { worker_id: id("w1") });
    placements.record(&first).await.unwrap();
    placements.record(&first).await.expect("a repeat");
    placements.record(&decision("a", 1, Outcome::NoRoom)).await.expect("another word on it");
    assert_eq!(placements.list(&project_id("a")).await.unwrap(), [first]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_several_first_decisions_at_once_one_stays() {
    let placements = store().await;
    let mut tries = JoinSet::new();
    for number in 0..10 {
        let placements = placements.clone();
        tries.spawn(async move {
            let outcome = Outcome::Placed { worker_id: id(&format!("w{number}")) };
            placements.record(&decision("a", 1, outcome)).await.unwrap();
        });
    }
    tries.join_all().await;
    assert_eq!(placements.list(&project_id("a")).await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_decision_expires_after_ninety_days() {
    let (client, table) = engine::table().await;
    let placements = DynamoPlacements::on(client.clone(), table.clone());
    placements.record(&decision("a", 1, Outcome::NoRoom)).await.unwrap();
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap_or_default();
    let [item] = items.as_slice() else { panic!("{items:?}") };
    let expires = (AT + SignedDuration::from_secs(1)).as_second() + 90 * DAY_S;
    assert_eq!(item.get("expires_at_s"), Some(&AttributeValue::N(expires.to_string())));
}
