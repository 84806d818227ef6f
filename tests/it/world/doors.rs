//! Functions that no state machine calls: the payment provider, a queue or a person does.

use super::{Started, World, answer, read};
use crate::asl::Raised;
use billing::{Billing, Machines};
use contracts::{
    billing::{Message, Settings},
    mail::Letter,
};
use http::Request;
use jiff::SignedDuration;
use ports::clock::Clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use support::dodo::signature::sign;
use testkit::{
    accounts::FakeAccounts, audit::FakeAudit, clock::FakeClock, credits::FakeCredits,
    deliveries::FakeDeliveries, fleet::FakeFleet, instance_logs::FakeInstanceLogs,
    payments::FakePayments, placements::FakePlacements, prices::FakePrices, projects::FakeProjects,
    queue::FakeQueue, random::FakeRandom, sagas::FakeSagas, subscriptions::FakeSubscriptions,
    timers::FakeTimers, vault::FakeVault,
};

/// What the payment provider and the intake share.
const WEBHOOK_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What the payment provider says, once or again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) body: String,
}

/// What billing and operators reach.
enum Memory {}

impl operator::Ports for Memory {
    type Fleet = FakeFleet;
    type Placements = FakePlacements;
    type Projects = FakeProjects;
    type InstanceLogs = FakeInstanceLogs;
    type Audit = FakeAudit;
    type Sagas = FakeSagas;
    type Clock = FakeClock;
    type Random = FakeRandom;
}

impl billing::World for Memory {
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

/// What the watch over billing reaches.
enum Books {}

impl billing_watch::World for Books {
    type Census = FakeProjects;
    type Subscriptions = FakeSubscriptions;
    type Payments = FakePayments;
    type Prices = FakePrices;
    type Sagas = FakeSagas;
    type Looks = FakeQueue<Message>;
    type Credits = FakeCredits;
    type Clock = FakeClock;
}

impl World {
    pub(super) async fn watch_billing(&self, payload: Value) -> Result<Value, Raised> {
        let terms = &self.settings.terms;
        let settings = Settings {
            grace_seconds: terms.grace.as_secs(),
            remind_seconds_before: terms
                .remind_before
                .iter()
                .map(SignedDuration::as_secs)
                .collect(),
            provisioning_target_seconds: 120,
            paid_not_running_seconds: 300,
        };
        let watch = billing_watch::Watch::<Books> {
            census: &self.projects,
            subscriptions: &self.subscriptions,
            payments: &self.payments,
            prices: &self.prices,
            provisions: &self.sagas.provision,
            looks: &self.billing,
            credits: &self.credits,
            clock: &*self.clock,
            settings: &settings,
            console: "https://console.test",
        };
        answer(billing_watch::handle(&watch, read(payload)).await)
    }

    pub(super) async fn operate(&self, payload: Value) -> Result<Value, Raised> {
        let world = operator::World::<Memory> {
            fleet: &self.fleet,
            placements: &self.placements,
            projects: &self.projects,
            instance_logs: &self.instance_logs,
            audit: &self.audit,
            drains: &self.sagas.drain,
            readings: &self.sagas.logs,
            execs: &self.sagas.exec,
            clock: &*self.clock,
            random: &self.random,
        };
        answer(operator::handle(&world, &payload).await)
    }

    /// Signed now, as each attempt of the provider is. An answer that makes it try again is an error.
    pub(super) async fn take_webhook(&self, payload: Value) -> Result<Value, Raised> {
        let (Webhook { id, body }, now) = (read(payload), self.clock.now());
        let secret = WEBHOOK_SECRET.parse().expect("the secret is base64");
        let request = Request::post("/webhooks/dodo")
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", sign(&[secret], &id, now.as_second(), &body))
            .body(body.into_bytes())
            .expect("the headers are plain");
        let secrets = WEBHOOK_SECRET.parse().expect("the secret is long enough");
        let (store, queue) = (&self.deliveries, &self.billing);
        let response = webhook_intake::handle(store, queue, &secrets, now, &request).await;
        assert!(!response.status().is_client_error(), "{}", response.body());
        if response.status().is_success() {
            return Ok(Value::Null);
        }
        Err(Raised { error: response.status().to_string(), cause: response.into_body() })
    }

    /// One message. An error puts it back into the queue.
    pub(super) async fn bill(&self, payload: Value) -> Result<Value, Raised> {
        let Started { provision, halt, resize, erase, .. } = &*self.sagas;
        let billing = Billing::<Memory> {
            deliveries: &self.deliveries,
            subscriptions: &self.subscriptions,
            projects: &self.projects,
            accounts: &self.accounts,
            payments: &self.payments,
            machines: Machines { provision, halt, resize, erase },
            timers: &self.timers,
            vault: &self.vault,
            letters: &self.letters,
            clock: &*self.clock,
            products: &self.settings.products,
            terms: &self.settings.terms,
        };
        let billed = billing::handle(&billing, read(payload)).await;
        let raise = |it: billing::BillingError| Raised {
            error: "Retryable".to_owned(),
            cause: it.to_string(),
        };
        billed.map(|()| Value::Null).map_err(raise)
    }
}
