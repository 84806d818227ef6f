//! A pool is cut into parts, so that no partition becomes too busy.

use super::{AT, assert_balanced, claim, holder, is_lost};
use crate::engine;
use adapters::dynamodb::fleet::DynamoFleet;
use domain::worker::{Cordon, FIRST_PORT, State, Worker};
use ports::fleet::Fleet;
use std::collections::BTreeSet;
use testkit::make::worker;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_pool_sees_its_own_workers_only() {
    let (client, table) = engine::table().await;
    let pool = |name: &str| DynamoFleet::on(client.clone(), table.clone(), name.to_owned(), 1);
    let (ours, theirs) = (pool("ours"), pool("theirs"));
    let workers = [worker("w1", 4_096), worker("w2", 4_096)];
    for worker in &workers {
        ours.ensure_recorded(worker).await.unwrap();
    }
    assert_eq!(ours.workers().await.unwrap(), workers);
    assert_eq!(theirs.workers().await.unwrap(), []);
    assert_eq!(theirs.find(&workers[0].id).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_workers_of_three_parts_are_spread_and_all_found_again() {
    let (client, table) = engine::table().await;
    let fleet = DynamoFleet::on(client, table, "test".to_owned(), 3);
    let workers: Vec<Worker> = (0..60).map(|it| worker(&format!("w{it:02}"), 4_096)).collect();
    for worker in &workers {
        fleet.ensure_recorded(worker).await.unwrap();
    }
    assert_eq!(fleet.parts(), 3);
    let mut seen = Vec::new();
    for part in 0..3 {
        let here = fleet.part(part).await.unwrap();
        assert!(here.len() >= 10, "part {part} has {} of 60", here.len());
        seen.extend(here);
    }
    let ids = |workers: &[Worker]| workers.iter().map(|it| it.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!((seen.len(), ids(&seen)), (60, ids(&workers)), "each in one part");
    let all = fleet.workers().await.unwrap();
    assert_eq!((all.len(), ids(&all)), (60, ids(&workers)));
    for worker in &workers {
        assert_eq!(fleet.find(&worker.id).await.unwrap().as_ref(), Some(worker));
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_is_written_to_whatever_part_it_is_in() {
    let (client, table) = engine::table().await;
    let fleet = DynamoFleet::on(client, table, "test".to_owned(), 3);
    let project = holder("a");
    for number in 0..9 {
        let w = worker(&format!("w{number}"), 4_096);
        fleet.ensure_recorded(&w).await.unwrap();
        let claim = claim(&project, 1, FIRST_PORT);
        fleet.reserve(&w.id, &project, &claim).await.unwrap();
        fleet.cordon(&w.id, Cordon::Operator).await.unwrap();
        let held = fleet.find(&w.id).await.unwrap().expect("is there");
        assert_balanced(&held);
        assert!(held.is_cordoned() && held.reservations.contains_key(&project));
        assert!(is_lost(&fleet.reserve(&w.id, &holder("b"), &claim).await));
        fleet.release(&w.id, &project, &claim.id, AT).await.unwrap();
        assert!(fleet.retire_if_empty(&w.id).await.unwrap());
    }
    for part in 0..3 {
        assert_eq!(fleet.part(part).await.unwrap(), [], "what is terminated is not listed");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_pool_of_no_parts_has_one() {
    let (client, table) = engine::table().await;
    let fleet = DynamoFleet::on(client, table, "test".to_owned(), 0);
    let w = Worker { state: State::WarmStopped, ..worker("w", 4_096) };
    fleet.ensure_recorded(&w).await.unwrap();
    assert_eq!((fleet.parts(), fleet.workers().await.unwrap()), (1, vec![w]));
}
