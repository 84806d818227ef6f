//! A worker's state changes by events, if what its writer believed still holds.

use super::{AT, LATER, claim, claim_id, fleet_of, holder, in_state, is_lost, stored, unknown};
use domain::worker::{Cordon, Event, FIRST_PORT, State, Worker};
use jiff::Timestamp;
use ports::fleet::{Change, Fleet};
use tokio::task::JoinSet;

const EVENTS: [Event; 8] = [
    Event::Booted,
    Event::DrainRequested,
    Event::DrainCancelled,
    Event::Stopped,
    Event::StartRequested,
    Event::Emptied,
    Event::Returned,
    Event::Lost,
];

/// Later still.
const LAST: Timestamp = Timestamp::constant(1_795_300_000, 0);

/// The worker with one reservation on it.
fn occupied(state: State) -> Worker {
    let project = holder("a");
    let claim = claim(&project, 1, FIRST_PORT);
    let empty = in_state(state);
    let free = empty.total.minus(claim.demand).expect("has room");
    Worker { free, reservations: [(project, claim)].into(), ..empty }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn every_event_changes_every_state_as_the_rules_say_or_not_at_all() {
    for event in EVENTS {
        for from in State::ALL {
            let w = in_state(from);
            let fleet = fleet_of(std::slice::from_ref(&w)).await;
            let changed = fleet.change(&w.id, &Change::by(event, LATER)).await.unwrap();
            let case = format!("{event:?} from {from:?}");
            let expected = match from.after(event) {
                // A repeat is success, and no change.
                Ok(to) if to == from => (true, w),
                Ok(state) => (true, Worker { state, changed_at: LATER, ..w }),
                Err(_) => (false, w),
            };
            let after = stored(&fleet, &expected.1.id).await;
            assert_eq!((changed, after), expected, "{case}");
        }
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_that_wants_an_empty_worker_is_refused_while_something_is_reserved() {
    let w = occupied(State::Ready);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let drain = Change::by(Event::DrainRequested, LATER).if_empty();
    assert!(!fleet.change(&w.id, &drain).await.unwrap());
    assert_eq!(stored(&fleet, &w.id).await, w);

    let project = holder("a");
    fleet.release(&w.id, &project, &claim_id(&project, 1), AT).await.unwrap();
    assert!(fleet.change(&w.id, &drain).await.unwrap());
    assert_eq!(stored(&fleet, &w.id).await.state, State::Draining);

    let w = occupied(State::Ready);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let lost = Change::by(Event::Lost, LATER);
    assert!(fleet.change(&w.id, &lost).await.unwrap(), "without the condition it is no matter");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_planned_before_something_else_happened_is_refused() {
    let drain = Change::by(Event::DrainRequested, LAST).if_unchanged_since(AT);
    let project = holder("a");

    let w = in_state(State::Ready);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let mut claim = claim(&project, 1, FIRST_PORT);
    claim.since = LATER;
    fleet.reserve(&w.id, &project, &claim).await.unwrap();
    fleet.release(&w.id, &project, &claim.id, LATER).await.unwrap();
    assert!(!fleet.change(&w.id, &drain).await.unwrap(), "somebody came and went");
    let planned_after = Change { unchanged_since: Some(LATER), ..drain.clone() };
    assert!(fleet.change(&w.id, &planned_after).await.unwrap());
    assert_eq!(stored(&fleet, &w.id).await.changed_at, LAST);

    let w = in_state(State::Draining);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let cancelled = Change::by(Event::DrainCancelled, LATER);
    assert!(fleet.change(&w.id, &cancelled).await.unwrap());
    assert!(!fleet.change(&w.id, &drain).await.unwrap(), "its state has changed");

    let w = in_state(State::Ready);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    assert!(fleet.change(&w.id, &drain).await.unwrap(), "nothing has happened");
    for _ in 0..2 {
        assert!(fleet.change(&w.id, &drain).await.unwrap(), "a repeat");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn both_conditions_count() {
    let both = Change::by(Event::DrainRequested, LATER).if_empty().if_unchanged_since(AT);
    let cases = [
        ("both hold", in_state(State::Ready), true),
        ("occupied", occupied(State::Ready), false),
        ("changed", Worker { changed_at: LATER, ..in_state(State::Ready) }, false),
        ("neither", Worker { changed_at: LATER, ..occupied(State::Ready) }, false),
    ];
    for (case, w, expected) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        assert_eq!(fleet.change(&w.id, &both).await.unwrap(), expected, "{case}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_change_of_an_unknown_worker_is_refused_and_makes_none() {
    let fleet = fleet_of(&[]).await;
    for event in EVENTS {
        let change = Change::by(event, LATER);
        assert!(!fleet.change(&unknown(), &change).await.unwrap(), "{event:?}");
    }
    fleet.cordon(&unknown(), Cordon::Operator).await.unwrap();
    fleet.uncordon(&unknown(), Cordon::Operator, LATER).await.unwrap();
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_cordon_comes_and_goes_and_is_no_change_of_state() {
    let w = in_state(State::Ready);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let project = holder("a");
    for round in ["once", "twice"] {
        fleet.cordon(&w.id, Cordon::Silent).await.unwrap();
        let cordoned = Worker { cordon: Some(Cordon::Silent), ..w.clone() };
        assert_eq!(stored(&fleet, &w.id).await, cordoned, "{round}");
    }
    for at in [LATER, AT] {
        fleet.uncordon(&w.id, Cordon::Silent, at).await.unwrap();
        let admits = Worker { changed_at: LATER, ..w.clone() };
        assert_eq!(stored(&fleet, &w.id).await, admits, "lifted once, and a drain of it is late");
    }
    fleet.reserve(&w.id, &project, &claim(&project, 1, FIRST_PORT)).await.expect("admits again");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_draining_and_reserving_at_the_same_moment_one_wins() {
    for round in 0..16 {
        let w = in_state(State::Ready);
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let (project, drain) = (holder("a"), Change::by(Event::DrainRequested, LATER).if_empty());
        let claim = claim(&project, 1, FIRST_PORT);
        let (drained, reserved) =
            tokio::join!(fleet.change(&w.id, &drain), fleet.reserve(&w.id, &project, &claim));
        assert_eq!(drained.unwrap(), is_lost(&reserved), "{round}");
        let after = stored(&fleet, &w.id).await;
        assert_eq!(after.state == State::Draining, after.reservations.is_empty(), "{round}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn changes_at_the_same_moment_happen_one_after_the_other() {
    let w = in_state(State::WarmStopped);
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let mut tries = JoinSet::new();
    for number in 0..10 {
        let (fleet, id) = (fleet.clone(), w.id.clone());
        let event = if number % 2 == 0 { Event::StartRequested } else { Event::Emptied };
        tries.spawn(async move { fleet.change(&id, &Change::by(event, LATER)).await.unwrap() });
    }
    let made = tries.join_all().await.into_iter().filter(|it| *it).count();
    // A worker that starts cannot be emptied, and one that is gone cannot start.
    assert_eq!(made, 5, "one event won, and its repeats found it");
    let after = stored(&fleet, &w.id).await.state;
    assert!(matches!(after, State::Starting | State::Terminated), "{after:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_cordon_gives_way_to_a_stronger_one_and_is_lifted_by_none_that_is_weaker() {
    for there in Cordon::ALL {
        for by in Cordon::ALL {
            let w = Worker { cordon: Some(there), ..in_state(State::Ready) };
            let fleet = fleet_of(std::slice::from_ref(&w)).await;
            fleet.cordon(&w.id, by).await.unwrap();
            assert_eq!(stored(&fleet, &w.id).await.cordon, Some(there.max(by)), "{by:?} after it");
            fleet.uncordon(&w.id, there.min(by), LATER).await.unwrap();
            let left = (there != by).then_some(there.max(by));
            assert_eq!(stored(&fleet, &w.id).await.cordon, left, "{there:?} and {by:?}");
        }
    }
}
