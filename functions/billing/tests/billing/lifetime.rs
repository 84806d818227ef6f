//! Missing payments, ends, disputes, and what is left of them.

use crate::bench::{Bench, DAY, of_payment, paid, shown, with};
use contracts::billing::Message;
use domain::{
    plan::PlanId,
    project::{Event, Project, Purpose, State},
    subscription::{DisputeState, End, Hold, Occasion, Seen, Status},
};
use ports::{payments::Refunded, projects::Projects};
use testkit::make;

fn halt() -> String {
    format!("halt-{}-1-0", make::project().id)
}

impl Bench {
    /// The halt that was started comes to its end.
    pub(crate) async fn halted(&self) {
        let (id, projects) = (make::project().id, &self.projects);
        projects.change(&id, 1, Event::HaltBegan, None).await.expect("it runs");
        projects.record_halted(&id, 1, Purpose::Suspend, None).await.expect("it halts");
    }
}

#[tokio::test]
async fn a_rumour_halts_nothing() {
    for status in [Status::OnHold, Status::Paused, Status::Cancelled, Status::Expired] {
        let bench = Bench::known(State::Running, &with(Status::Active)).await;
        // The delivery is late: by now the books say otherwise.
        let outcome = bench.deliver("msg_1", &shown(&with(status))).await;
        assert_eq!(outcome, "it runs", "{status:?}");
        assert!(bench.executions().is_empty(), "{status:?}");
    }
}

#[tokio::test]
async fn what_the_books_confirm_is_halted_and_its_owner_told_once() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.becomes("msg_1", &with(Status::OnHold)).await;
    bench.apply("msg_1").await.expect("applies");
    assert_eq!(bench.executions(), [halt()]);
    assert_eq!(bench.letters(), [Occasion::Suspended { why: Hold::Unpaid }]);
    assert!(bench.timers.set_now().contains_key("look-sub_1"), "it is followed up");

    bench.halted().await;
    bench.advance(DAY);
    bench.becomes("msg_2", &with(Status::Active)).await;
    let project = bench.project().await;
    assert_eq!((project.state, project.attempt), (State::Pending, 2));
    assert_eq!(bench.letters().last(), Some(&Occasion::Resumed));
    assert!(bench.timers.set_now().is_empty());
}

#[tokio::test]
async fn a_late_payment_keeps_the_instance_until_its_date() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let until = bench.now() + DAY * 3;
    let late = Seen { past_due_ends_at: Some(until), ..with(Status::PastDue) };
    bench.becomes("msg_1", &late).await;
    assert!(bench.executions().is_empty());
    assert_eq!(bench.letters(), [Occasion::PastDue { until: Some(until) }]);
    assert_eq!(bench.timers.set_now()["look-sub_1"].0, until);
    bench.advance(DAY * 3);
    bench.look().await.expect("looks");
    assert_eq!(bench.executions(), [halt()]);
}

#[tokio::test]
async fn a_cancellation_at_the_end_of_the_period_is_looked_at_then() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let cancels = Seen { cancels_at_period_end: true, ..with(Status::Active) };
    assert_eq!(bench.becomes("msg_1", &cancels).await, "it runs");
    let timer = bench.timers.set_now()["look-sub_1"].0;
    assert_eq!(Some(timer), cancels.next_billing_at);
    // Taken back in time.
    bench.becomes("msg_2", &with(Status::Active)).await;
    assert!(bench.timers.set_now().is_empty());
}

#[tokio::test]
async fn a_dispute_suspends_and_its_end_decides() {
    let cases = [("won", State::Pending, false), ("lost", State::Suspended, true)];
    for (end, state, ended) in cases {
        let bench = Bench::known(State::Running, &with(Status::Active)).await;
        bench.payments.put_payment(paid(Refunded::No));
        bench.deliver("msg_1", &of_payment("Dispute", "opened")).await;
        assert_eq!(bench.executions(), [halt()], "{end}");
        bench.halted().await;
        bench.advance(DAY);
        bench.deliver("msg_2", &of_payment("Dispute", end)).await;
        assert_eq!(bench.project().await.state, state, "{end}");
        assert_eq!(bench.record().await.standing(bench.now()).is_ended(), ended, "{end}");
        // A late repeat of the beginning.
        bench.deliver("msg_3", &of_payment("Dispute", "opened")).await;
        let state = bench.record().await.disputes["dp_1"].state;
        assert_ne!(state, DisputeState::Open, "{end}");
    }
}

#[tokio::test]
async fn a_refund_in_full_ends_it_and_stops_its_renewal_and_a_part_does_not() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.payments.put_payment(paid(Refunded::Partly));
    let outcome = bench.deliver("msg_1", &of_payment("Refund", "succeeded")).await;
    assert_eq!(outcome, "a part of it was given back");
    assert!(bench.executions().is_empty());

    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.store("msg_1", &of_payment("Refund", "succeeded"));
    bench.payments.put_payment(paid(Refunded::Fully));
    bench.apply("msg_1").await.expect("applies");
    assert_eq!(bench.executions(), [halt()]);
    let deleted_at = bench.now() + DAY * 14;
    assert_eq!(bench.letters(), [Occasion::Ended { why: End::Refunded, deleted_at }]);
    bench.look().await.expect("looks");
    assert!(bench.record().await.seen.cancels_at_period_end, "nobody is charged again");
}

#[tokio::test]
async fn a_refund_that_the_books_do_not_show_yet_is_tried_again() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.payments.put_payment(paid(Refunded::No));
    bench.store("msg_1", &of_payment("Refund", "succeeded"));
    assert!(bench.apply("msg_1").await.is_err());
    assert!(bench.executions().is_empty());
}

/// Goes by the timers alone, as it does in life.
#[tokio::test]
async fn after_its_grace_and_its_letters_everything_is_deleted() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    let began = bench.now();
    bench.becomes("msg_1", &with(Status::Cancelled)).await;
    bench.halted().await;
    bench.live_until(|it| it.executions().iter().any(|it| it.starts_with("erase-"))).await;
    let letters = bench.letters();
    assert!(matches!(letters[0], Occasion::Ended { why: End::Cancelled, .. }), "{letters:?}");
    let warned = |it: &Occasion| matches!(it, Occasion::DeletionNear { .. });
    assert!(letters.len() == 3 && letters[1..].iter().all(warned), "{letters:?}");
    assert_eq!(bench.now(), began + DAY * 14);
    assert_eq!(bench.executions(), [halt(), format!("erase-{}-1-0", make::project().id)]);
}

#[tokio::test]
async fn a_project_that_failed_is_shelved_and_cannot_be_retried_unpaid() {
    let bench = Bench::known(State::Error, &with(Status::Active)).await;
    bench.becomes("msg_1", &with(Status::OnHold)).await;
    assert_eq!(bench.project().await.state, State::Suspended);
    let retry = bench.projects.request_retry(&make::project().id).await;
    assert!(retry.is_err(), "{retry:?}");
    let Project { subscription_id, .. } = bench.project().await;
    assert_eq!(subscription_id.as_deref(), Some("sub_1"));
}

#[tokio::test]
async fn what_its_owner_stopped_is_shelved_and_starts_again_when_it_is_paid_for() {
    let bench = Bench::known(State::Stopped, &with(Status::Active)).await;
    bench.look().await.expect("looks");
    assert_eq!(bench.project().await.state, State::Stopped, "it is paid for, and rests");
    bench.becomes("msg_1", &with(Status::OnHold)).await;
    assert_eq!(bench.project().await.state, State::Suspended);
    assert!(bench.executions().is_empty(), "there is nothing to halt");
    let start = bench.projects.request_start(&make::project().id).await;
    assert!(start.is_err(), "{start:?}");
    bench.advance(DAY);
    bench.becomes("msg_2", &with(Status::Active)).await;
    let project = bench.project().await;
    assert_eq!((project.state, project.attempt), (State::Pending, 2));
}

#[tokio::test]
async fn what_its_owner_stopped_is_deleted_after_its_grace_like_everything_else() {
    let bench = Bench::known(State::Stopped, &with(Status::Active)).await;
    bench.becomes("msg_1", &with(Status::Cancelled)).await;
    bench.live_until(|it| it.executions().iter().any(|it| it.starts_with("erase-"))).await;
    assert_eq!(bench.executions(), [format!("erase-{}-1-0", make::project().id)]);
    assert_eq!(bench.letters().len(), 3, "{:?}", bench.letters());
}

#[tokio::test]
async fn the_plan_of_what_is_stopped_is_noted_for_its_next_start() {
    let bench = Bench::known(State::Stopped, &with(Status::Active)).await;
    let pro = Seen { plan: Some(PlanId::Pro), ..with(Status::Active) };
    bench.becomes("msg_1", &pro).await;
    let project = bench.project().await;
    assert_eq!((project.state, project.plan), (State::Stopped, PlanId::Pro));
    assert!(bench.executions().is_empty());
}

#[tokio::test]
async fn what_the_books_say_has_the_effect_of_the_delivery_that_was_lost() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.payments.put_payment(paid(Refunded::Fully));
    let (subscription_id, payment_id) = ("sub_1".to_owned(), "pay_1".to_owned());
    let refund = Message::Refund { subscription_id, payment_id, at: bench.now() };
    for _ in 0..2 {
        bench.handle(refund.clone()).await.expect("applies");
        // The delivery comes after all.
        bench.deliver("msg_1", &of_payment("Refund", "succeeded")).await;
    }
    assert_eq!(bench.executions(), [halt()]);
    let deleted_at = bench.now() + DAY * 14;
    assert_eq!(bench.letters(), [Occasion::Ended { why: End::Refunded, deleted_at }]);
}

#[tokio::test]
async fn a_dispute_of_the_books_suspends_and_its_end_decides() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.payments.put_payment(paid(Refunded::No));
    let dispute = |state, at| Message::Dispute {
        subscription_id: "sub_1".to_owned(),
        payment_id: "pay_1".to_owned(),
        dispute_id: "dp_1".to_owned(),
        state,
        at,
    };
    let open = dispute(DisputeState::Open, bench.now());
    bench.handle(open.clone()).await.expect("applies");
    assert_eq!(bench.executions(), [halt()]);
    bench.halted().await;
    bench.advance(DAY);
    bench.deliver("msg_1", &of_payment("Dispute", "won")).await;
    assert_eq!(bench.project().await.state, State::Pending);
    // What the books said before that is late.
    bench.handle(open).await.expect("applies");
    bench.handle(dispute(DisputeState::Lost, bench.now() - DAY)).await.expect("applies");
    assert_eq!(bench.record().await.disputes["dp_1"].state, DisputeState::Won);
}
