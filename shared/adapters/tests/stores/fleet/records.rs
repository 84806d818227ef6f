//! What a worker's record says of its machine.

use super::{
    ADDRESS, LATER, NODE, claim, fleet_of, holder, in_state, is_refused, store, stored, unbought,
    unknown,
};
use domain::worker::{Cordon, FIRST_PORT, Origin, State, Worker};
use ports::{fleet::Fleet, machines::Machine};
use testkit::make::{machine, worker};

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_recorded_worker_is_left_as_it_is() {
    let new = unbought("w");
    let fleet = fleet_of(std::slice::from_ref(&new)).await;
    assert_eq!(stored(&fleet, &new.id).await, new, "as it was given");
    fleet.record_machine(&new.id, &machine("i-1", &new.id)).await.unwrap();
    fleet.record_ready(&new.id, NODE, ADDRESS, LATER).await.unwrap();
    let project = holder("a");
    fleet.reserve(&new.id, &project, &claim(&project, 1, FIRST_PORT)).await.unwrap();
    fleet.cordon(&new.id, Cordon::Operator).await.unwrap();

    let before = stored(&fleet, &new.id).await;
    fleet.ensure_recorded(&new).await.unwrap();
    assert_eq!(stored(&fleet, &new.id).await, before);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn only_what_never_became_a_machine_is_forgotten() {
    let machine_id = Some("i-1".to_owned());
    let retired = Worker { state: State::Terminated, ..unbought("w") };
    let cases = [
        ("unbought", unbought("w"), true),
        ("bought", Worker { machine_id, ..unbought("w") }, false),
        ("ready", worker("w", 4_096), false),
        ("draining", in_state(State::Draining), false),
        ("taken out before it was bought", retired, false),
    ];
    for (case, w, forgotten) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        for _ in 0..2 {
            fleet.forget_unbought(&w.id).await.unwrap();
            let left = (!forgotten).then(|| w.clone());
            assert_eq!(fleet.find(&w.id).await.unwrap(), left, "{case}");
        }
        let other_offering = worker("w", 8_192);
        fleet.ensure_recorded(&other_offering).await.unwrap();
        let named = if forgotten { other_offering } else { w };
        assert_eq!(stored(&fleet, &named.id).await, named, "{case}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_worker_becomes_one_machine() {
    let w = unbought("w");
    let fleet = fleet_of(std::slice::from_ref(&w)).await;
    let (machine_type, region) = ("larger".to_owned(), "fsn1".to_owned());
    let bought = Machine { machine_type, region, ..machine("i-1", &w.id) };
    for _ in 0..2 {
        fleet.record_machine(&w.id, &bought).await.unwrap();
    }
    assert!(is_refused(&fleet.record_machine(&w.id, &machine("i-2", &w.id)).await));
    let Machine { id, machine_type, region, .. } = bought.clone();
    let origin = Origin { machine_type, region, ..w.origin.clone() };
    let expected = Worker { machine_id: Some(id), origin, ..w.clone() };
    assert_eq!(stored(&fleet, &w.id).await, expected, "and has the capacity that was sold");

    assert!(fleet.retire_if_empty(&w.id).await.unwrap());
    assert!(is_refused(&fleet.record_machine(&w.id, &bought).await), "retired");
    let retired = Worker { state: State::Terminated, ..unbought("retired") };
    fleet.ensure_recorded(&retired).await.unwrap();
    assert!(is_refused(&fleet.record_machine(&retired.id, &bought).await), "never bought");
    assert_eq!(stored(&fleet, &retired.id).await, retired);

    assert!(is_refused(&fleet.record_machine(&unknown(), &bought).await), "unknown");
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn only_what_is_coming_up_or_is_up_becomes_ready() {
    let cases = [
        ("provisioning", in_state(State::Provisioning), true),
        ("starting", in_state(State::Starting), true),
        ("ready", in_state(State::Ready), true),
        ("stopped", in_state(State::WarmStopped), false),
        ("lost", in_state(State::Error), false),
        ("draining", in_state(State::Draining), false),
        ("terminated", in_state(State::Terminated), false),
    ];
    for (case, w, becomes_ready) in cases {
        let fleet = fleet_of(std::slice::from_ref(&w)).await;
        let recorded = fleet.record_ready(&w.id, NODE, ADDRESS, LATER).await;
        assert_eq!(is_refused(&recorded), !becomes_ready, "{case}");
        let ready = Worker {
            state: State::Ready,
            node_id: Some(NODE.to_owned()),
            address: Some(ADDRESS),
            changed_at: LATER,
            ..w.clone()
        };
        let expected = if becomes_ready { ready } else { w };
        assert_eq!(stored(&fleet, &expected.id).await, expected, "{case}");
    }
    let fleet = store().await;
    assert!(is_refused(&fleet.record_ready(&unknown(), NODE, ADDRESS, LATER).await), "unknown");
    assert_eq!(fleet.find(&unknown()).await.unwrap(), None);
}
