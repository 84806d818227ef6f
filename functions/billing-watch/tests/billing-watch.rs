//! What the watch finds, and what it does about it: it makes billing look, and rings.

use billing_watch::{Answer, Input, Task, World, handle};
use contracts::{
    billing::{Message, Settings},
    provision::Saga,
};
use domain::{
    project::{Project, State},
    subscription::{Record, Seen, Status},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    clock::Clock,
    credits::Credit,
    sagas::{Outcome, StepRun},
};
use testkit::{
    clock::FakeClock, credits::FakeCredits, logs::Logs, make, payments::FakePayments,
    projects::FakeProjects, queue::FakeQueue, sagas::FakeSagas, subscriptions::FakeSubscriptions,
};

#[derive(Default)]
struct Bench {
    projects: FakeProjects,
    subscriptions: FakeSubscriptions,
    payments: FakePayments,
    provisions: FakeSagas,
    looks: FakeQueue<Message>,
    credits: FakeCredits,
    clock: FakeClock,
}

impl Bench {
    /// A project in `state`, paid for by an active subscription since `paid_s`.
    fn paid(state: State, paid_s: i64) -> Self {
        let project = Project { state, ..make::project() };
        let bench = Self { projects: FakeProjects::of([project]), ..Self::default() };
        bench.subscriptions.put(Record::of(&make::subscription(), bench.ago(paid_s)));
        bench.payments.put_subscription(make::subscription());
        bench
    }

    fn ago(&self, seconds: i64) -> Timestamp {
        self.clock.now() - SignedDuration::from_secs(seconds)
    }

    async fn ask(&self, task: Task) -> Answer {
        let settings = Settings {
            grace_seconds: 1_000,
            remind_seconds_before: vec![100],
            provisioning_target_seconds: 60,
            paid_not_running_seconds: 300,
        };
        let world = World {
            census: &self.projects,
            subscriptions: &self.subscriptions,
            payments: &self.payments,
            provisions: &self.provisions,
            looks: &self.looks,
            credits: &self.credits,
            clock: &self.clock,
            settings: &settings,
            console: "https://console.test/provision",
        };
        handle(&world, Input { task }).await.expect("everything is up")
    }

    fn looked_at(&self) -> Vec<String> {
        let id = |it| match it {
            Message::Look { subscription_id, .. } => subscription_id,
            Message::Delivery { .. } => panic!("the watch stores no deliveries: {it:?}"),
        };
        self.looks.sent().into_iter().map(id).collect()
    }

    /// The provisioning of the project ended `ended_s` ago.
    fn ran(&self, ended_s: i64) {
        let step = |name: &str, ended_at| StepRun {
            name: name.to_owned(),
            outcome: Outcome::Done,
            began_at: self.ago(ended_s + 1),
            ended_at: Some(ended_at),
        };
        let at = self.ago(ended_s);
        self.provisions.tell(&execution(), vec![step("Begin", at), step("Finish", at)]);
    }
}

fn execution() -> String {
    Saga::execution_name(&make::project().id, 1)
}

#[tokio::test]
async fn who_paid_and_has_nothing_rings_with_a_link_and_is_looked_at() {
    let (bench, logs) = (Bench::paid(State::Pending, 301), Logs::catch());
    let Answer::Watched(round) = bench.ask(Task::Watch).await else { panic!("it watches") };
    assert_eq!(round.overdue, [make::project().id.to_string()]);
    assert_eq!(bench.looked_at(), ["sub_1"]);
    let link = format!("https://console.test/provision:{}", execution());
    assert_eq!(logs.lines(&["ERROR", "paid and not running", &link]).len(), 1);
}

#[tokio::test]
async fn what_is_as_it_should_be_costs_nobody_anything() {
    let (bench, logs) = (Bench::paid(State::Running, 90_000), Logs::catch());
    bench.ask(Task::Watch).await;
    assert!(bench.looked_at().is_empty());
    assert!(logs.lines(&["ERROR"]).is_empty());
}

#[tokio::test]
async fn a_late_instance_is_worth_one_suggestion_and_a_timely_one_none() {
    let bench = Bench::paid(State::Running, 100);
    bench.ran(39);
    for _ in 0..2 {
        bench.ask(Task::Watch).await;
    }
    let Answer::Credits { credits } = bench.ask(Task::Credits).await else { panic!("a list") };
    let [Credit { took_s: 61, target_s: 60, attempt: 1, .. }] = credits.as_slice() else {
        panic!("not one of 61 seconds: {credits:?}");
    };
    let timely = Bench::paid(State::Running, 100);
    timely.ran(40);
    timely.ask(Task::Watch).await;
    assert!(timely.credits.stored.borrow().is_empty());
}

#[tokio::test]
async fn at_night_the_books_are_compared_in_both_directions() {
    let (bench, logs) = (Bench::paid(State::Running, 90_000), Logs::catch());
    bench.payments.put_subscription(Seen { status: Status::Cancelled, ..make::subscription() });
    let other = Seen { id: "sub_2".to_owned(), ..make::subscription() };
    bench.payments.put_subscription(other);
    let Answer::Reconciled(report) = bench.ask(Task::Reconcile).await else { panic!("a report") };
    assert!(report.missed.iter().eq(["sub_1", "sub_2"]), "{report:?}");
    assert!(report.paid_without_instance.iter().eq(["sub_2"]), "{report:?}");
    assert_eq!(report.instance_without_payment.len(), 1, "{report:?}");
    assert_eq!(bench.looked_at(), ["sub_1", "sub_2"]);
    assert_eq!(logs.lines(&["ERROR", "the books do not add up"]).len(), 2);
}
