//! What the watch finds, and what it does about it: it makes billing look, and rings.

use billing_watch::{Answer, Input, Priced, Report, Task, Watch, World, handle};
use contracts::{
    billing::{Message, Settings},
    provision::Saga,
};
use domain::{
    plan::{PLANS, PlanId},
    price::Price,
    project::{Project, State},
    subscription::{Dispute, DisputeState, Record, Seen, Status},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    clock::Clock,
    credits::Credit,
    payments::{Disputed, Payment, Refunded},
    prices::Listed,
    sagas::{Outcome, StepRun},
    subscriptions::Subscriptions,
};
use std::time::Duration;
use testkit::{
    clock::FakeClock,
    credits::FakeCredits,
    logs::Logs,
    make,
    payments::{FakePayments, usd},
    prices::FakePrices,
    projects::FakeProjects,
    queue::FakeQueue,
    sagas::FakeSagas,
    subscriptions::FakeSubscriptions,
};

struct Memory;

impl World for Memory {
    type Census = FakeProjects;
    type Subscriptions = FakeSubscriptions;
    type Payments = FakePayments;
    type Prices = FakePrices;
    type Sagas = FakeSagas;
    type Looks = FakeQueue<Message>;
    type Credits = FakeCredits;
    type Clock = FakeClock;
}

#[derive(Default)]
struct Bench {
    projects: FakeProjects,
    subscriptions: FakeSubscriptions,
    payments: FakePayments,
    prices: FakePrices,
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
        let watch = Watch::<Memory> {
            census: &self.projects,
            subscriptions: &self.subscriptions,
            payments: &self.payments,
            prices: &self.prices,
            provisions: &self.provisions,
            looks: &self.looks,
            credits: &self.credits,
            clock: &self.clock,
            settings: &settings,
            console: "https://console.test/provision",
        };
        handle(&watch, Input { task }).await.expect("everything is up")
    }

    fn looked_at(&self) -> Vec<String> {
        let id = |it| match it {
            Message::Look { subscription_id, .. } => Some(subscription_id),
            Message::Refund { .. } | Message::Dispute { .. } => None,
            Message::Delivery { .. } | Message::Deletion { .. } => {
                panic!("the watch stores no deliveries and wishes nothing: {it:?}")
            }
        };
        self.looks.sent().into_iter().filter_map(id).collect()
    }

    /// The first provisioning of the project ended `ended_s` ago.
    fn ran(&self, ended_s: i64) {
        self.ran_as(1, ended_s);
    }

    fn ran_as(&self, attempt: u32, ended_s: i64) {
        let step = |name: &str, ended_at| StepRun {
            name: name.to_owned(),
            outcome: Outcome::Done,
            began_at: self.ago(ended_s + 1),
            ended_at: Some(ended_at),
        };
        let at = self.ago(ended_s);
        let name = Saga::execution_name(&make::project().id, attempt);
        self.provisions.tell(&name, vec![step("Begin", at), step("Finish", at)]);
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

/// Its owner stopped it and started it again, within the hours after the payment.
#[tokio::test]
async fn only_the_first_start_after_a_payment_can_be_late() {
    for (first_ended_s, credits) in [(950, 0), (1_050, 1)] {
        let project = Project { state: State::Running, attempt: 2, ..make::project() };
        let bench = Bench::paid(State::Running, 1_000);
        let bench = Bench { projects: FakeProjects::of([project]), ..bench };
        bench.ran(first_ended_s);
        bench.ran_as(2, 39);
        bench.ask(Task::Watch).await;
        assert_eq!(bench.credits.stored.borrow().len(), credits, "ended {first_ended_s} s ago");
    }
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

impl Bench {
    /// Every plan has a price that was asked for `ago_s` ago.
    fn priced(ago_s: i64) -> Self {
        let bench = Self::default();
        for plan in PLANS.map(|it| it.id) {
            bench.prices.put(Listed { plan, price: usd(5_000), as_of: bench.ago(ago_s) });
        }
        bench
    }

    async fn look_at_prices(&self) -> Priced {
        let Answer::Watched(round) = self.ask(Task::Watch).await else { panic!("it watches") };
        round.prices
    }
}

const HOUR: i64 = 3_600;

#[tokio::test]
async fn prices_are_asked_for_once_an_hour() {
    let bench = Bench::default();
    for _ in 0..12 {
        bench.look_at_prices().await;
        bench.clock.advance(Duration::from_mins(5));
    }
    assert_eq!(bench.payments.price_looks(), 3, "one look for each plan");
    bench.payments.set_price(PlanId::Pro, usd(7_500));
    bench.look_at_prices().await;
    assert_eq!(bench.payments.price_looks(), 6);
    let pro = bench.prices.of(PlanId::Pro).expect("is kept");
    assert_eq!((pro.price, pro.as_of), (usd(7_500), bench.clock.now()));
    bench.ask(Task::Prices).await;
    assert_eq!(bench.payments.price_looks(), 9, "at once if a person wants it");
}

#[tokio::test]
async fn an_outage_of_the_provider_leaves_the_last_good_prices_and_everything_else_goes_on() {
    let bench = Bench::priced(2 * HOUR);
    bench.subscriptions.put(Record::of(&make::subscription(), bench.ago(301)));
    let logs = Logs::catch();
    bench.payments.outage.begin(u32::MAX);
    assert_eq!(bench.look_at_prices().await, Priced::default());
    assert_eq!(bench.prices.of(PlanId::Pro).expect("stays").price, usd(5_000));
    assert!(logs.lines(&["ERROR"]).is_empty(), "two hours worry nobody");
    bench.payments.outage.begin(0);
    assert_eq!(bench.look_at_prices().await.renewed.len(), 3, "five minutes later, not an hour");
}

#[tokio::test]
async fn prices_older_than_a_day_or_unknown_wake_somebody_until_they_are_not() {
    for (case, bench, stale) in [
        ("almost a day", Bench::priced(24 * HOUR - 1), 0),
        ("a day", Bench::priced(24 * HOUR), 3),
        ("unknown", Bench::default(), 3),
    ] {
        bench.payments.outage.begin(u32::MAX);
        for _ in 0..2 {
            let logs = Logs::catch();
            assert_eq!(bench.look_at_prices().await.stale.len(), stale, "{case}");
            assert_eq!(logs.lines(&["ERROR", "a price is out of date"]).len(), stale, "{case}");
        }
        bench.payments.outage.begin(0);
        assert_eq!(bench.look_at_prices().await.stale, [], "{case}");
    }
}

#[tokio::test]
async fn a_price_that_cannot_be_meant_waits_for_a_person() {
    let bench = Bench::priced(2 * HOUR);
    let euro = Price { currency: "EUR".to_owned(), ..usd(5_000) };
    for absurd in [usd(0), euro, usd(50), usd(500_000)] {
        let logs = Logs::catch();
        bench.payments.set_price(PlanId::Pro, absurd.clone());
        assert_eq!(bench.look_at_prices().await.absurd, [PlanId::Pro], "{absurd:?}");
        assert_eq!(bench.prices.of(PlanId::Pro).expect("stays").price, usd(5_000), "{absurd:?}");
        assert_eq!(logs.lines(&["ERROR", "a price cannot be meant"]).len(), 1, "{absurd:?}");
    }
    assert_eq!(bench.prices.of(PlanId::Standard).expect("is new").price, usd(4_900));
}

fn payment(refunded: Refunded) -> Payment {
    Payment {
        id: "pay_1".to_owned(),
        subscription: Some("sub_1".to_owned()),
        customer: "cus_1".to_owned(),
        status: "succeeded".to_owned(),
        total_minor: 4_900,
        currency: "USD".to_owned(),
        created_at: make::project().created_at,
        refunded,
    }
}

impl Bench {
    async fn reconcile(&self) -> Report {
        let Answer::Reconciled(report) = self.ask(Task::Reconcile).await else {
            panic!("a report")
        };
        report
    }

    fn told(&self) -> Vec<Message> {
        self.looks.sent()
    }
}

#[tokio::test]
async fn a_refund_that_nobody_told_of_is_found_at_night_until_it_is_known() {
    let bench = Bench::paid(State::Running, 90_000);
    bench.payments.put_payment(payment(Refunded::Fully));
    for _ in 0..2 {
        let report = bench.reconcile().await;
        assert!(report.lost_refunds.iter().eq(["pay_1"]), "{report:?}");
    }
    let (subscription_id, payment_id) = ("sub_1".to_owned(), "pay_1".to_owned());
    let refund = Message::Refund { subscription_id, payment_id, at: bench.clock.now() };
    assert_eq!(bench.told(), [refund.clone(), refund]);
    let record = Record::of(&make::subscription(), bench.clock.now());
    bench.subscriptions.put(record.refunded(bench.clock.now()));
    assert_eq!(bench.reconcile().await.lost_refunds, [].into());
}

#[tokio::test]
async fn a_part_that_was_given_back_changes_nothing() {
    let bench = Bench::paid(State::Running, 90_000);
    bench.payments.put_payment(payment(Refunded::Partly));
    assert_eq!(bench.reconcile().await.lost_refunds, [].into());
    assert!(bench.told().is_empty());
}

#[tokio::test]
async fn a_dispute_is_found_at_night_and_so_is_its_end() {
    use DisputeState as S;
    let cases = [
        ("never heard of", None, S::Open, true),
        ("its end never heard of", Some(S::Open), S::Lost, true),
        ("won after all", Some(S::Lost), S::Won, true),
        ("known", Some(S::Open), S::Open, false),
        ("known to be settled", Some(S::Won), S::Won, false),
        ("the books are late", Some(S::Won), S::Open, false),
    ];
    for (case, known, state, lost) in cases {
        for linked in [true, false] {
            let bench = Bench::paid(State::Running, 90_000);
            bench.payments.put_payment(payment(Refunded::No));
            if linked {
                bench.subscriptions.link_payment("pay_1", "sub_1").await.expect("is up");
            }
            let (id, payment) = ("dp_1".to_owned(), "pay_1".to_owned());
            bench.payments.put_dispute(Disputed { id, payment, state });
            let mut record = Record::of(&make::subscription(), bench.ago(90_000));
            if let Some(state) = known {
                record = record.disputed("dp_1", Dispute { state, at: bench.ago(90_000) });
            }
            bench.subscriptions.put(record);
            let report = bench.reconcile().await;
            assert_eq!(!report.lost_disputes.is_empty(), lost, "{case}: {report:?}");
            let told = bench.told().into_iter();
            let disputes = told.filter(|it| matches!(it, Message::Dispute { .. })).count();
            assert_eq!(disputes, usize::from(lost), "{case}");
        }
    }
}
