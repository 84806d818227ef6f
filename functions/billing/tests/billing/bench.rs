//! A customer with one project, and everything that billing reaches, in memory.

use billing::{Billing, BillingError, Machines, World, handle};
use contracts::{billing::Message, mail::Letter, webhook::Products};
use domain::{
    project::{Project, State},
    subscription::{Occasion, Record, Seen, Status, Terms},
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    accounts::{Accounts, Credentials, PasswordHash},
    clock::Clock,
    deliveries::Delivery,
    projects::Projects,
    subscriptions::Subscriptions,
};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{
    accounts::FakeAccounts, clock::FakeClock, deliveries::FakeDeliveries, make, outage::Outage,
    payments::FakePayments, projects::FakeProjects, queue::FakeQueue, sagas::FakeSagas,
    subscriptions::FakeSubscriptions, timers::FakeTimers,
};

pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) struct Memory;

impl World for Memory {
    type Deliveries = FakeDeliveries;
    type Subscriptions = FakeSubscriptions;
    type Projects = FakeProjects;
    type Accounts = FakeAccounts;
    type Payments = FakePayments;
    type Sagas = FakeSagas;
    type Timers = FakeTimers<Message>;
    type Letters = FakeQueue<Letter>;
    type Clock = FakeClock;
}

pub(crate) struct Bench {
    pub(crate) billing: Billing<Memory>,
}

impl Bench {
    /// The project in `state`. Whatever is past its payment is paid for by `sub_1`.
    pub(crate) async fn with(state: State) -> Self {
        let project = match state {
            State::PendingPayment => unpaid(),
            state => Project { state, ..make::project() },
        };
        Self::of([project]).await
    }

    pub(crate) async fn of(projects: impl IntoIterator<Item = Project>) -> Self {
        let accounts = FakeAccounts::default();
        let ada = "ada@example.com".to_owned().try_into().expect("an address");
        let user = "usr_ada".parse().expect("an id");
        let password = Some(PasswordHash(String::new()));
        let tenant = make::project().tenant_id;
        accounts.put_account(&ada, Credentials { user, password, generation: 0 }, &tenant);
        accounts.record_customer(&tenant, "cus_1").await.expect("is up");
        let billing = Billing {
            deliveries: FakeDeliveries::default(),
            subscriptions: FakeSubscriptions::default(),
            projects: FakeProjects::of(projects),
            accounts,
            payments: FakePayments::default(),
            machines: Machines {
                provision: FakeSagas::default(),
                halt: FakeSagas::default(),
                resize: FakeSagas::default(),
                erase: FakeSagas::default(),
            },
            timers: FakeTimers::default(),
            letters: FakeQueue::default(),
            clock: FakeClock::default(),
            products: Products {
                standard: "pdt_standard".into(),
                pro: "pdt_pro".into(),
                dedicated: "pdt_dedicated".into(),
            },
            terms: Terms { grace: DAY * 14, remind_before: vec![DAY * 7, DAY] },
        };
        Self { billing }
    }

    /// The same, with a record of `seen` as the last look, and the provider's books saying so too.
    pub(crate) async fn known(state: State, seen: &Seen) -> Self {
        let bench = Self::with(state).await;
        let project = make::project();
        let record = Record {
            project: Some(project.id),
            tenant: Some(project.tenant_id),
            version: 1,
            ..Record::of(seen, bench.now() - DAY)
        };
        bench.billing.subscriptions.put(record);
        bench.billing.payments.put_subscription(seen.clone());
        bench
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.billing.clock.now()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let by = Duration::try_from(by).expect("forwards");
        self.billing.clock.advance(by);
    }

    /// Stores a delivery of this moment.
    pub(crate) fn store(&self, id: &str, body: &Value) {
        let delivery =
            Delivery { id: id.to_owned(), received_at: self.now(), body: body.to_string() };
        self.billing.deliveries.stored.borrow_mut().insert(id.to_owned(), delivery);
    }

    pub(crate) async fn apply(&self, id: &str) -> Result<(), BillingError> {
        let delivery_id = id.to_owned();
        handle(&self.billing, Message::Delivery { delivery_id, subscription_id: None }).await
    }

    /// Stores and applies it, and returns what became of it.
    pub(crate) async fn deliver(&self, id: &str, body: &Value) -> String {
        self.store(id, body);
        self.apply(id).await.expect("applies");
        self.outcome(id)
    }

    /// The provider's books say `seen` from now on, and a delivery tells of it.
    pub(crate) async fn becomes(&self, id: &str, seen: &Seen) -> String {
        self.billing.payments.put_subscription(seen.clone());
        self.deliver(id, &shown(seen)).await
    }

    pub(crate) async fn look(&self) -> Result<(), BillingError> {
        let look = Message::Look { subscription_id: "sub_1".to_owned(), at: self.now() };
        handle(&self.billing, look).await
    }

    pub(crate) async fn project(&self) -> Project {
        self.billing.projects.find(&make::project().id).await.expect("is up").expect("exists")
    }

    pub(crate) async fn record(&self) -> Record {
        self.billing.subscriptions.find("sub_1").await.expect("is up").expect("exists")
    }

    pub(crate) fn outcome(&self, id: &str) -> String {
        self.billing.deliveries.outcomes.borrow().get(id).cloned().unwrap_or_default()
    }

    /// Of all state machines, by name.
    pub(crate) fn executions(&self) -> Vec<String> {
        let Machines { provision, halt, resize, erase } = &self.billing.machines;
        let started = [provision, halt, resize, erase].map(FakeSagas::started);
        started.into_iter().flatten().map(|(name, _)| name).collect()
    }

    pub(crate) fn letters(&self) -> Vec<Occasion> {
        let occasion = |it| match it {
            Letter::Subscription { occasion, .. } => occasion,
            other => panic!("billing does not write this: {other:?}"),
        };
        self.billing.letters.sent().into_iter().map(occasion).collect()
    }

    /// Of everything that may be away, each by its name.
    pub(crate) fn outages(&self) -> [(&'static str, &Outage); 11] {
        let it = &self.billing;
        [
            ("deliveries", &it.deliveries.outage),
            ("subscriptions", &it.subscriptions.outage),
            ("projects", &it.projects.outage),
            ("accounts", &it.accounts.outage),
            ("payments", &it.payments.outage),
            ("provision", &it.machines.provision.outage),
            ("halt", &it.machines.halt.outage),
            ("resize", &it.machines.resize.outage),
            ("erase", &it.machines.erase.outage),
            ("timers", &it.timers.outage),
            ("letters", &it.letters.outage),
        ]
    }
}

pub(crate) fn unpaid() -> Project {
    Project { state: State::PendingPayment, attempt: 0, subscription_id: None, ..make::project() }
}

pub(crate) fn with(status: Status) -> Seen {
    Seen { status, ..make::subscription() }
}

/// What Dodo sends about `seen`.
pub(crate) fn shown(seen: &Seen) -> Value {
    let product = seen.plan.map(|it| format!("pdt_{}", it.plan().name.to_lowercase()));
    json!({
        "type": "subscription.updated",
        "data": {
            "payload_type": "Subscription",
            "subscription_id": seen.id,
            "status": seen.status,
            "product_id": product,
            "customer": { "customer_id": seen.customer },
            "recurring_pre_tax_amount": seen.price_minor,
            "currency": seen.currency,
            "next_billing_date": seen.next_billing_at,
            "cancel_at_next_billing_date": seen.cancels_at_period_end,
            "past_due_ends_at": seen.past_due_ends_at,
            "metadata": { "project_id": seen.project, "tenant_id": seen.tenant },
        },
    })
}

pub(crate) fn of_payment(kind: &str, status: &str) -> Value {
    json!({
        "type": format!("{}.{status}", kind.to_lowercase()),
        "data": {
            "payload_type": kind,
            "payment_id": "pay_1",
            "subscription_id": (kind == "Payment").then_some("sub_1"),
            "status": status,
            "dispute_id": (kind == "Dispute").then_some("dp_1"),
            "dispute_status": (kind == "Dispute").then(|| format!("dispute_{status}")),
        },
    })
}

pub(crate) fn paid(refunded: ports::payments::Refunded) -> ports::payments::Payment {
    ports::payments::Payment {
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
