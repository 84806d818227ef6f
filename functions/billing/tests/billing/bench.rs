//! A customer with one project, and everything that billing reaches, in memory.

use billing::{Billing, BillingError, World, handle};
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
    subscriptions::FakeSubscriptions, timers::FakeTimers, vault::FakeVault,
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
    type Vault = FakeVault;
    type Letters = FakeQueue<Letter>;
    type Clock = FakeClock;
}

pub(crate) struct Bench {
    pub(crate) deliveries: FakeDeliveries,
    pub(crate) subscriptions: FakeSubscriptions,
    pub(crate) projects: FakeProjects,
    pub(crate) accounts: FakeAccounts,
    pub(crate) payments: FakePayments,
    pub(crate) machines: Machines,
    pub(crate) timers: FakeTimers<Message>,
    pub(crate) vault: FakeVault,
    pub(crate) letters: FakeQueue<Letter>,
    pub(crate) clock: FakeClock,
    pub(crate) products: Products,
    pub(crate) terms: Terms,
}

#[derive(Default)]
pub(crate) struct Machines {
    pub(crate) provision: FakeSagas,
    pub(crate) halt: FakeSagas,
    pub(crate) resize: FakeSagas,
    pub(crate) erase: FakeSagas,
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
        Self {
            deliveries: FakeDeliveries::default(),
            subscriptions: FakeSubscriptions::default(),
            projects: FakeProjects::of(projects),
            accounts,
            payments: FakePayments::default(),
            machines: Machines::default(),
            timers: FakeTimers::default(),
            vault: FakeVault::default(),
            letters: FakeQueue::default(),
            clock: FakeClock::default(),
            products: Products {
                standard: "pdt_standard".into(),
                pro: "pdt_pro".into(),
                dedicated: "pdt_dedicated".into(),
            },
            terms: Terms { grace: DAY * 14, remind_before: vec![DAY * 7, DAY] },
        }
    }

    pub(crate) async fn handle(&self, message: Message) -> Result<(), BillingError> {
        let Machines { provision, halt, resize, erase } = &self.machines;
        let billing = Billing::<Memory> {
            deliveries: &self.deliveries,
            subscriptions: &self.subscriptions,
            projects: &self.projects,
            accounts: &self.accounts,
            payments: &self.payments,
            machines: billing::Machines { provision, halt, resize, erase },
            timers: &self.timers,
            vault: &self.vault,
            letters: &self.letters,
            clock: &self.clock,
            products: &self.products,
            terms: &self.terms,
        };
        handle(&billing, message).await
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
        bench.subscriptions.put(record);
        bench.payments.put_subscription(seen.clone());
        bench
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let by = Duration::try_from(by).expect("forwards");
        self.clock.advance(by);
    }

    /// Stores a delivery of this moment.
    pub(crate) fn store(&self, id: &str, body: &Value) {
        let delivery =
            Delivery { id: id.to_owned(), received_at: self.now(), body: body.to_string() };
        self.deliveries.stored.borrow_mut().insert(id.to_owned(), delivery);
    }

    pub(crate) async fn apply(&self, id: &str) -> Result<(), BillingError> {
        let delivery_id = id.to_owned();
        self.handle(Message::Delivery { delivery_id, subscription_id: None }).await
    }

    /// Stores and applies it, and returns what became of it.
    pub(crate) async fn deliver(&self, id: &str, body: &Value) -> String {
        self.store(id, body);
        self.apply(id).await.expect("applies");
        self.outcome(id)
    }

    /// The provider's books say `seen` from now on, and a delivery tells of it.
    pub(crate) async fn becomes(&self, id: &str, seen: &Seen) -> String {
        self.payments.put_subscription(seen.clone());
        self.deliver(id, &shown(seen)).await
    }

    pub(crate) async fn look(&self) -> Result<(), BillingError> {
        let look = Message::Look { subscription_id: "sub_1".to_owned(), at: self.now() };
        self.handle(look).await
    }

    /// Goes by the timer of `sub_1` alone, as it does in life, until `is_so`.
    pub(crate) async fn live_until(&self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            let timers = self.timers.set_now();
            let (at, _) = timers.get("look-sub_1").expect("something is still to come");
            self.advance(at.duration_since(self.now()).max(SignedDuration::ZERO));
            self.look().await.expect("looks");
        }
    }

    pub(crate) async fn project(&self) -> Project {
        self.projects.find(&make::project().id).await.expect("is up").expect("exists")
    }

    pub(crate) async fn record(&self) -> Record {
        self.subscriptions.find("sub_1").await.expect("is up").expect("exists")
    }

    pub(crate) fn outcome(&self, id: &str) -> String {
        self.deliveries.outcomes.borrow().get(id).cloned().unwrap_or_default()
    }

    /// Of all state machines, by name.
    pub(crate) fn executions(&self) -> Vec<String> {
        let Machines { provision, halt, resize, erase } = &self.machines;
        let started = [provision, halt, resize, erase].map(FakeSagas::started);
        started.into_iter().flatten().map(|(name, _)| name).collect()
    }

    pub(crate) fn letters(&self) -> Vec<Occasion> {
        let occasion = |it| match it {
            Letter::Subscription { occasion, .. } => occasion,
            other => panic!("billing does not write this: {other:?}"),
        };
        self.letters.sent().into_iter().map(occasion).collect()
    }

    /// Of everything that may be away, each by its name.
    pub(crate) fn outages(&self) -> [(&'static str, &Outage); 12] {
        [
            ("deliveries", &self.deliveries.outage),
            ("subscriptions", &self.subscriptions.outage),
            ("projects", &self.projects.outage),
            ("accounts", &self.accounts.outage),
            ("payments", &self.payments.outage),
            ("provision", &self.machines.provision.outage),
            ("halt", &self.machines.halt.outage),
            ("resize", &self.machines.resize.outage),
            ("erase", &self.machines.erase.outage),
            ("timers", &self.timers.outage),
            ("vault", &self.vault.outage),
            ("letters", &self.letters.outage),
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
