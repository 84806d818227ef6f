//! An owner has a project deleted that is paid for, and takes that back.

use crate::bench::{Bench, DAY, with};
use contracts::billing::Message;
use domain::{
    project::{Project, State},
    subscription::{End, Occasion, Record, Seen, Status},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use testkit::make;

/// More calls than any of these messages makes at one port.
const CALLS: u32 = 14;

fn wish(wanted: bool, at: Timestamp) -> Message {
    Message::Deletion { subscription_id: "sub_1".to_owned(), wanted, at }
}

async fn booked(bench: &Bench) -> Seen {
    use ports::payments::Payments;
    bench.payments.find_subscription("sub_1").await.expect("is up").expect("is known")
}

impl Bench {
    async fn wants(&self, wanted: bool) {
        self.handle(wish(wanted, self.now())).await.expect("applies");
    }
}

#[tokio::test]
async fn what_is_deleted_is_halted_at_once_no_longer_renewed_and_erased_after_its_grace() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let began = bench.now();
    for _ in 0..2 {
        bench.wants(true).await;
    }
    assert_eq!(bench.executions(), [format!("halt-{}-1-0", make::project().id)]);
    let deleted_at = began + DAY * 14;
    assert_eq!(bench.letters(), [Occasion::Ended { why: End::OwnerDeleted, deleted_at }]);
    assert!(booked(&bench).await.cancels_at_period_end, "nobody is charged again");

    bench.halted().await;
    let is_erased = |it: &Bench| it.executions().iter().any(|it| it.starts_with("erase-"));
    bench.live_until(is_erased).await;
    assert_eq!(bench.now(), deleted_at);
    let letters = bench.letters();
    let why = End::OwnerDeleted;
    let warned = [DAY * 7, DAY].map(|before| Occasion::DeletionNear { before, deleted_at, why });
    assert_eq!(letters[1..], warned);
}

#[tokio::test]
async fn the_end_of_the_paid_period_changes_nothing_about_a_deletion() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let deleted_at = bench.now() + DAY * 14;
    bench.wants(true).await;
    bench.halted().await;
    bench.advance(DAY * 3);
    bench.becomes("msg_1", &with(Status::Expired)).await;
    assert_eq!(bench.letters().len(), 1, "its owner knows");
    bench.live_until(|it| it.executions().iter().any(|it| it.starts_with("erase-"))).await;
    assert_eq!(bench.now(), deleted_at);
}

#[tokio::test]
async fn what_is_taken_back_goes_on_as_before_and_renews_only_if_it_did() {
    for cancels in [false, true] {
        let seen = Seen { cancels_at_period_end: cancels, ..with(Status::Active) };
        let bench = Bench::known(State::Running, &seen).await;
        bench.wants(true).await;
        bench.halted().await;
        bench.advance(DAY * 13);
        for _ in 0..2 {
            bench.wants(false).await;
        }
        let project = bench.project().await;
        assert_eq!((project.state, project.attempt), (State::Pending, 2), "{cancels}");
        assert_eq!(booked(&bench).await.cancels_at_period_end, cancels);
        assert_eq!(bench.letters().last(), Some(&Occasion::Resumed), "{cancels}");
        bench.look().await.expect("looks");
        assert_eq!(booked(&bench).await.cancels_at_period_end, cancels, "it stays so");
    }
}

/// A dead letter that is redriven days later.
#[tokio::test]
async fn a_wish_that_comes_late_is_not_what_its_owner_wants_now() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let late = bench.now();
    bench.advance(SignedDuration::from_secs(1));
    bench.wants(true).await;
    bench.halted().await;
    bench.handle(wish(false, late)).await.expect("applies");
    assert_eq!(bench.project().await.state, State::Suspended, "a taking back of before");
    assert!(booked(&bench).await.cancels_at_period_end);

    bench.advance(DAY);
    bench.wants(false).await;
    bench.handle(wish(true, late)).await.expect("applies");
    assert_eq!(bench.project().await.state, State::Pending, "a deletion of before");
    assert!(!booked(&bench).await.cancels_at_period_end);
}

#[tokio::test]
async fn nobody_takes_back_the_end_of_a_subscription() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.wants(true).await;
    bench.halted().await;
    bench.becomes("msg_1", &with(Status::Cancelled)).await;
    bench.advance(DAY);
    bench.wants(false).await;
    assert_eq!(bench.project().await.state, State::Suspended);
    assert!(bench.record().await.standing(bench.now()).is_ended());
}

/// But for how often something was written.
#[derive(Debug, PartialEq)]
struct Outcome {
    project: Project,
    record: Record,
    executions: Vec<String>,
    letters: Vec<Occasion>,
    timers: BTreeMap<String, Timestamp>,
    renews: bool,
}

async fn outcome(bench: &Bench) -> Outcome {
    let mut letters = bench.letters();
    letters.dedup();
    let timers = bench.timers.set_now().into_iter().map(|(name, (at, _))| (name, at));
    Outcome {
        project: bench.project().await,
        record: Record { version: 0, ..bench.record().await },
        executions: bench.executions(),
        letters,
        timers: timers.collect(),
        renews: !booked(bench).await.cancels_at_period_end,
    }
}

/// A bench on which this wish is about to be heard.
async fn before(wanted: bool) -> Bench {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    if !wanted {
        bench.wants(true).await;
        bench.halted().await;
        bench.advance(DAY);
    }
    bench
}

#[tokio::test]
async fn a_repeat_heals_whatever_a_fault_interrupted() {
    for wanted in [true, false] {
        let undisturbed = before(wanted).await;
        undisturbed.wants(wanted).await;
        undisturbed.wants(wanted).await;
        let expected = outcome(&undisturbed).await;
        let mut faults = 0;
        for port in 0..undisturbed.outages().len() {
            for call in 0..CALLS {
                let bench = before(wanted).await;
                let (name, outage) = bench.outages()[port];
                outage.begin_after(call, 1);
                faults += usize::from(bench.handle(wish(wanted, bench.now())).await.is_err());
                outage.begin_after(0, 0);
                bench.wants(wanted).await;
                bench.wants(wanted).await;
                assert_eq!(outcome(&bench).await, expected, "{wanted}: call {call} to {name}");
            }
        }
        assert!(faults >= 6, "{wanted}: only {faults} faults were met");
    }
}
