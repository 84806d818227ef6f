//! Paying anew for what has ended: before its deletion, during it, after it.

use crate::bench::{Bench, DAY, shown, with};
use domain::{
    backup::Backup,
    project::{Event, Project, Purpose, State},
    subscription::{Occasion, Seen, Status},
};
use jiff::SignedDuration;
use ports::{
    payments::CheckoutState,
    projects::{ChangeError, Checkout, Projects},
};
use testkit::{make, outage::killed_after};

/// More calls than a payment makes.
const CALLS: u32 = 40;

fn second() -> Seen {
    Seen { id: "sub_2".to_owned(), ..with(Status::Active) }
}

fn backup() -> Backup {
    let taken_at = make::project().created_at;
    let sha256 = Some("5a".to_owned());
    Backup { attempt: 1, number: 0, sha256, bytes: 1, taken_at, replaces: None }
}

/// In `state`, since its subscription has ended.
async fn ended(state: State) -> Bench {
    let bench = Bench::known(State::Running, &with(Status::Cancelled)).await;
    let (id, projects) = (&make::project().id, &bench.projects);
    projects.record_halting(id, 1, 0).await.expect("it runs");
    let halted = projects.record_halted(id, 1, Purpose::Suspend, Some(&backup())).await;
    halted.expect("it halts");
    if matches!(state, State::Deleting | State::Deleted) {
        bench.begin_erase().await.expect("nobody pays");
    }
    if state == State::Deleted {
        bench.finish_erase().await;
    }
    bench
}

impl Bench {
    /// What the saga does that was started when `sub_1` was over.
    async fn begin_erase(&self) -> Result<Project, ChangeError> {
        self.projects.record_deleting(&make::project().id, 1, Some("sub_1")).await
    }

    async fn finish_erase(&self) {
        let id = make::project().id;
        self.projects.change(&id, 1, Event::Deleted, None).await.expect("it was begun");
    }

    /// The delivery that tells of the second subscription, and the provider's books with it.
    async fn pay_again(&self, id: &str) -> String {
        self.becomes(id, &second()).await
    }

    async fn has_secrets(&self) -> bool {
        self.projects.secrets(&make::project().id).await.expect("is up").is_some()
    }

    fn told_of_the_loss(&self) -> usize {
        self.letters().iter().filter(|it| **it == Occasion::BegunAnew).count()
    }
}

#[tokio::test]
async fn what_is_kept_goes_on_where_it_stopped() {
    let bench = ended(State::Suspended).await;
    for id in ["msg_2", "msg_3"] {
        bench.pay_again(id).await;
        let project = bench.project().await;
        assert_eq!((project.state, project.attempt), (State::Pending, 2));
        assert_eq!(project.backup, Some(backup()));
        assert_eq!(project.subscription_id.as_deref(), Some("sub_2"));
    }
    assert_eq!(bench.letters(), [Occasion::Resumed]);
    assert_eq!(bench.executions(), [format!("provision-{}-2", make::project().id)]);
}

#[tokio::test]
async fn the_timer_of_the_old_one_deletes_nothing_of_the_new_one() {
    let bench = Bench::known(State::Running, &with(Status::Active)).await;
    bench.becomes("msg_1", &with(Status::Cancelled)).await;
    bench.halted().await;
    bench.look().await.expect("looks");
    // Paid anew on the last day, and run since.
    bench.advance(DAY * 13);
    bench.look().await.expect("looks");
    bench.pay_again("msg_2").await;
    let id = &make::project().id;
    for event in [Event::ProvisioningBegan, Event::ProvisioningFinished] {
        bench.projects.change(id, 2, event, None).await.expect("it was started");
    }
    let project = bench.project().await;
    for _ in 0..10 {
        bench.advance(DAY * 7);
        bench.look().await.expect("looks");
        bench.deliver("msg_late", &shown(&with(Status::Cancelled))).await;
    }
    assert_eq!(bench.project().await, project);
    assert!(!bench.executions().iter().any(|it| it.starts_with("erase-")));
    // Halted for another reason, it is the new one's grace that counts.
    assert!(matches!(bench.begin_erase().await, Err(ChangeError::OtherSubscription)));
}

#[tokio::test]
async fn what_is_gone_begins_with_nothing_and_whoever_paid_is_told() {
    let bench = ended(State::Deleted).await;
    assert!(!bench.has_secrets().await);
    for id in ["msg_2", "msg_3"] {
        bench.pay_again(id).await;
        let project = bench.project().await;
        assert_eq!((project.state, project.attempt), (State::Pending, 2));
        assert_eq!(project.backup, None);
        assert_eq!(project.subscription_id.as_deref(), Some("sub_2"));
    }
    assert!(bench.has_secrets().await);
    assert_eq!(bench.letters(), [Occasion::BegunAnew]);
    assert_eq!(bench.executions(), [format!("provision-{}-2", make::project().id)]);
}

#[tokio::test]
async fn what_is_half_gone_is_deleted_to_its_end_and_then_begins_anew() {
    let bench = ended(State::Deleting).await;
    assert_eq!(bench.pay_again("msg_2").await, "deletion started");
    assert_eq!(bench.executions(), [format!("erase-{}-1-0", make::project().id)]);
    let (at, _) = bench.timers.set_now()["look-sub_2"].clone();
    bench.finish_erase().await;
    bench.advance(at.duration_since(bench.now()));
    bench.pay_again("msg_3").await;
    assert_eq!(bench.project().await.state, State::Pending);
    assert_eq!(bench.told_of_the_loss(), 1);
}

/// A payment dies at each of its calls, and there the deletion begins: the store decides which of them
/// was first, and both of them go by it.
#[tokio::test]
async fn of_a_payment_and_a_deletion_one_is_first_and_nothing_that_is_paid_for_is_deleted() {
    let (mut kept, mut deleted) = (0, 0);
    for calls in 0..CALLS {
        let bench = ended(State::Suspended).await;
        bench.payments.put_subscription(second());
        bench.store("msg_2", &shown(&second()));
        let _ = killed_after(calls, bench.apply("msg_2")).await;
        let before = bench.project().await;
        let begun = bench.begin_erase().await;
        if begun.is_ok() {
            assert_eq!(before.subscription_id.as_deref(), Some("sub_1"), "after {calls} calls");
            bench.finish_erase().await;
            deleted += 1;
        } else {
            assert_eq!(before.subscription_id.as_deref(), Some("sub_2"), "after {calls} calls");
            kept += 1;
        }
        bench.apply("msg_2").await.expect("it is delivered again");
        let project = bench.project().await;
        assert_eq!((project.state, project.attempt), (State::Pending, 2), "after {calls} calls");
        assert_eq!(project.backup.is_some(), begun.is_err(), "after {calls} calls");
        assert_eq!(bench.told_of_the_loss(), usize::from(begun.is_ok()), "after {calls} calls");
        assert!(bench.begin_erase().await.is_err(), "a late repeat after {calls} calls");
    }
    assert!(kept > 3 && deleted > 3, "{kept} kept, {deleted} deleted");
}

/// The same the other way round: the new attempt of what was deleted dies at each of its calls.
#[tokio::test]
async fn what_begins_anew_does_so_once_however_often_it_is_interrupted() {
    for calls in 0..CALLS {
        let bench = ended(State::Deleted).await;
        bench.payments.put_subscription(second());
        bench.store("msg_2", &shown(&second()));
        let _ = killed_after(calls, bench.apply("msg_2")).await;
        for _ in 0..2 {
            bench.apply("msg_2").await.expect("it is delivered again");
        }
        let project = bench.project().await;
        assert_eq!((project.state, project.attempt), (State::Pending, 2), "after {calls} calls");
        assert!(bench.has_secrets().await, "after {calls} calls");
        let expected = [format!("provision-{}-2", project.id)];
        assert_eq!(bench.executions(), expected, "after {calls} calls");
        assert!((1..=2).contains(&bench.told_of_the_loss()), "after {calls} calls");
    }
}

#[tokio::test]
async fn what_is_being_paid_for_is_not_deleted_meanwhile() {
    for (case, follows, state, kept) in [
        ("its money has moved", Some("sub_1"), CheckoutState::Paid, true),
        ("nobody has paid on it", Some("sub_1"), CheckoutState::Open, false),
        ("it was refused", Some("sub_1"), CheckoutState::Over, false),
        ("it is the page of the first purchase", None, CheckoutState::Paid, false),
    ] {
        let bench = ended(State::Suspended).await;
        let due = bench.now() + DAY * 14;
        let checkout = Checkout {
            session_id: "cks_2".to_owned(),
            url: "https://checkout.test/session/cks_2".to_owned(),
            expires_at: due,
            follows: follows.map(str::to_owned),
            price: None,
        };
        bench.projects.record_checkout(&make::project().id, &checkout).await.expect("is up");
        bench.payments.set_checkout_state("cks_2", state);
        bench.look().await.expect("looks");
        bench.live_until(|it| it.now() >= due).await;
        assert_eq!(bench.executions().is_empty(), kept, "{case}");
        if kept {
            let (at, _) = bench.timers.set_now()["look-sub_1"].clone();
            assert_eq!(at, bench.now() + SignedDuration::from_mins(5), "{case}");
            // It never arrives.
            bench.advance(DAY * 4);
            bench.look().await.expect("looks");
            assert_eq!(bench.executions().len(), 1, "{case}");
        }
    }
}
