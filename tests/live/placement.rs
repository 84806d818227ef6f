//! Placement with many at a time: the function itself, against the engine's DynamoDB.

use crate::customer::environment;
use e2e::bench::yardstick::{
    balance::find_imbalances,
    case::{Case, Room},
    dynamo::{Dynamo, DynamoPlacer},
    race::{Act, race},
    summary::summarise,
};
use tokio::task::JoinSet;

const PLACEMENTS: u32 = 200;

/// All of them at once.
fn case(room: Room) -> Case {
    Case { room, placers: PLACEMENTS, placements: PLACEMENTS }
}

async fn fleet_for(case: Case) -> Dynamo {
    let filled = Dynamo::filled(&environment().aws_endpoint_url, &case.workers()).await;
    filled.expect("the engine takes a fleet")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running stack"]
async fn two_hundred_at_once_each_get_one_place_and_nothing_is_given_out_twice() {
    for room in Room::ALL {
        let case = case(room);
        let dynamo = fleet_for(case).await;
        let placed = race(dynamo.placers(case.placers), Act::Place, case.placements).await;
        let placed = summarise(&placed.expect("every placement ends"));
        let fleet = dynamo.fleet().await.expect("the fleet answers");
        assert_eq!(find_imbalances(&fleet, &case.projects()), [], "{room:?}");
        assert_eq!(placed.full, 0, "{room:?}: there was room for all");
        eprintln!(
            "{room:?}: {:.2} conditional writes a placement, {} at most, {} left to the saga",
            placed.writes, placed.most_writes, placed.contended
        );
        dynamo.remove().await.expect("the table goes");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running stack"]
async fn whoever_asks_again_gets_the_same_worker_however_full_the_fleet_is() {
    let case = case(Room::Tight);
    let dynamo = fleet_for(case).await;
    let first = everybody_calls(&dynamo, case).await;
    assert!(first.iter().all(|(_, worker)| worker.is_some()), "{first:?}");
    let before = dynamo.fleet().await.expect("the fleet answers");
    assert_eq!(everybody_calls(&dynamo, case).await, first);
    let after = dynamo.fleet().await.expect("the fleet answers");
    assert_eq!(before, after, "a repeated call changes nothing");
    assert_eq!(find_imbalances(&after, &case.projects()), []);
    dynamo.remove().await.expect("the table goes");
}

/// Where each project was placed, in the order of their numbers.
async fn everybody_calls(dynamo: &Dynamo, case: Case) -> Vec<(u32, Option<String>)> {
    let mut calls = JoinSet::new();
    for (number, placer) in (0..).zip(dynamo.placers(case.placers)) {
        calls.spawn(async move { (number, calls_until_it_is_told(&placer, number).await) });
    }
    let mut told = calls.join_all().await;
    told.sort();
    told
}

/// As the saga does: a call that lost all its races is repeated.
async fn calls_until_it_is_told(placer: &DynamoPlacer, number: u32) -> Option<String> {
    loop {
        match placer.call(number).await {
            Err(placement::PlaceError::Contended(_)) => (),
            told => return told.expect("the fleet answers").map(|it| it.to_string()),
        }
    }
}
