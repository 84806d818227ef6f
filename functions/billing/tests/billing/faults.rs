//! A fault at each effect of each kind of message: what a crash leaves half done, the repeat heals.

use crate::bench::{Bench, of_payment, paid, shown, with};
use domain::{
    plan::PlanId,
    project::{Project, State},
    subscription::{Occasion, Record, Seen, Status},
};
use jiff::Timestamp;
use ports::payments::Refunded;
use std::collections::BTreeMap;

/// More calls than any message makes at one port.
const CALLS: u32 = 14;

/// What is left in the end, but for how often something was written or told.
#[derive(Debug, PartialEq)]
struct End {
    project: Project,
    record: Record,
    executions: Vec<String>,
    letters: Vec<Occasion>,
    timers: BTreeMap<String, Timestamp>,
    outcome: String,
}

async fn end(bench: &Bench) -> End {
    let mut letters = bench.letters();
    letters.dedup();
    let timers = bench.timers.set_now().into_iter().map(|(name, (at, _))| (name, at));
    End {
        project: bench.project().await,
        record: Record { version: 0, ..bench.record().await },
        executions: bench.executions(),
        letters,
        timers: timers.collect(),
        outcome: bench.outcome("msg_1"),
    }
}

#[derive(Clone, Copy, Debug)]
enum Case {
    FirstPayment,
    OnHold,
    PaidAgain,
    OtherPlan,
    Cancelled,
    Refunded,
    Disputed,
    /// Its subscription has ended, and another one takes over.
    TakenOver,
    /// The same when it is deleted already.
    BegunAnew,
}

/// A bench on which `msg_1` is about to be applied.
async fn prepared(case: Case) -> Bench {
    let active = with(Status::Active);
    let (bench, seen) = match case {
        Case::FirstPayment => (Bench::with(State::PendingPayment).await, active),
        Case::OnHold => (Bench::known(State::Running, &active).await, with(Status::OnHold)),
        Case::PaidAgain => (Bench::known(State::Suspended, &with(Status::OnHold)).await, active),
        Case::OtherPlan => {
            let plan = Some(PlanId::Pro);
            (Bench::known(State::Running, &active).await, Seen { plan, ..active })
        }
        Case::Cancelled => (Bench::known(State::Running, &active).await, with(Status::Cancelled)),
        Case::TakenOver | Case::BegunAnew => {
            let state =
                if matches!(case, Case::TakenOver) { State::Suspended } else { State::Deleted };
            let second = Seen { id: "sub_2".to_owned(), ..active };
            (Bench::known(state, &with(Status::Cancelled)).await, second)
        }
        Case::Refunded | Case::Disputed => (Bench::known(State::Running, &active).await, active),
    };
    bench.payments.put_subscription(seen.clone());
    bench.payments.put_payment(paid(Refunded::Fully));
    let body = match case {
        Case::Refunded => of_payment("Refund", "succeeded"),
        Case::Disputed => of_payment("Dispute", "opened"),
        _ => shown(&seen),
    };
    bench.store("msg_1", &body);
    bench
}

#[tokio::test]
async fn a_repeat_heals_whatever_a_fault_interrupted() {
    use Case as C;
    let cases = [
        C::FirstPayment,
        C::OnHold,
        C::PaidAgain,
        C::OtherPlan,
        C::Cancelled,
        C::Refunded,
        C::Disputed,
        C::TakenOver,
        C::BegunAnew,
    ];
    for case in cases {
        let undisturbed = prepared(case).await;
        undisturbed.apply("msg_1").await.expect("applies");
        let expected = settled(&undisturbed).await;
        let mut faults = 0;
        for port in 0..undisturbed.outages().len() {
            for call in 0..CALLS {
                let bench = prepared(case).await;
                let (name, outage) = bench.outages()[port];
                outage.begin_after(call, 1);
                faults += usize::from(bench.apply("msg_1").await.is_err());
                outage.begin_after(0, 0);
                bench.apply("msg_1").await.expect("the repeat applies");
                let healed = settled(&bench).await;
                assert_eq!(healed, expected, "{case:?}: call {call} to {name} failed");
            }
        }
        assert!(faults >= 6, "{case:?}: only {faults} faults were met");
    }
}

/// Every message comes twice: the end is the same.
async fn settled(bench: &Bench) -> End {
    bench.apply("msg_1").await.expect("a message may come twice");
    end(bench).await
}
