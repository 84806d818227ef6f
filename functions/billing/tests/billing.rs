//! What a stored delivery does to a project, once and again.

use billing::{BillingError, handle};
use contracts::{billing::DeliveryStored, provision::Saga};
use domain::project::{Event, Project, State};
use jiff::Timestamp;
use ports::{
    deliveries::Delivery,
    projects::{Projects, SealedSecrets},
};
use serde_json::{Value, json};
use testkit::{deliveries::FakeDeliveries, make, projects::FakeProjects, sagas::FakeSagas};

const ID: &str = "msg_1";

struct Bench {
    deliveries: FakeDeliveries,
    projects: FakeProjects,
    sagas: FakeSagas,
}

impl Bench {
    /// One project that waits for its payment, and one delivery with `body`.
    fn with(body: &str) -> Self {
        let projects = FakeProjects::of([unpaid()]);
        let secrets =
            SealedSecrets { gateway_token: b"the-token".into(), model_key: b"the-key".into() };
        projects.put_secrets(&unpaid().id, secrets);
        let bench =
            Self { deliveries: FakeDeliveries::default(), projects, sagas: FakeSagas::default() };
        bench.store(ID, body);
        bench
    }

    fn paid() -> Self {
        Self::with(&active("sub_1").to_string())
    }

    fn store(&self, id: &str, body: &str) {
        let received_at = Timestamp::UNIX_EPOCH;
        let delivery = Delivery { id: id.to_owned(), received_at, body: body.to_owned() };
        self.deliveries.stored.borrow_mut().insert(id.to_owned(), delivery);
    }

    async fn apply(&self, id: &str) -> Result<(), BillingError> {
        let message = DeliveryStored { delivery_id: id.to_owned() };
        handle(&self.deliveries, &self.projects, &self.sagas, message).await
    }

    async fn project(&self) -> Project {
        self.projects.find(&unpaid().id).await.expect("is up").expect("exists")
    }

    fn outcome(&self, id: &str) -> String {
        self.deliveries.outcomes.borrow().get(id).cloned().unwrap_or_default()
    }

    fn executions(&self) -> Vec<String> {
        self.sagas.started().into_iter().map(|(name, _)| name).collect()
    }

    async fn assert_unpaid(&self, case: &str) {
        assert_eq!(self.project().await, unpaid(), "{case}");
        assert!(self.executions().is_empty(), "{case}: nothing starts");
    }
}

fn unpaid() -> Project {
    Project { state: State::PendingPayment, attempt: 0, subscription_id: None, ..make::project() }
}

fn first_execution() -> String {
    format!("provision-{}-1", unpaid().id)
}

/// What Dodo sends about `subscription` that pays for the project.
fn active(subscription: &str) -> Value {
    json!({
        "type": "subscription.active",
        "data": {
            "payload_type": "Subscription",
            "status": "active",
            "subscription_id": subscription,
            "metadata": { "project_id": unpaid().id, "tenant_id": unpaid().tenant_id },
        },
    })
}

#[tokio::test]
async fn an_active_subscription_pays_and_starts_one_provisioning() {
    let bench = Bench::paid();
    bench.apply(ID).await.expect("applies");
    let project = bench.project().await;
    assert_eq!((project.state, project.attempt), (State::Pending, 1));
    assert_eq!(project.subscription_id.as_deref(), Some("sub_1"));
    assert_eq!(bench.executions(), [first_execution()]);
    assert_eq!(bench.outcome(ID), "provisioning started");
}

#[tokio::test]
async fn the_execution_gets_the_sagas_input_and_no_secret() {
    let bench = Bench::paid();
    bench.apply(ID).await.expect("applies");
    let (_, input) = bench.sagas.started().remove(0);
    let saga: Saga = serde_json::from_str(&input).expect("is a saga's input");
    assert_eq!(saga, Saga::of(&bench.project().await));
    for secret in ["the-token", "the-key", "sub_1"] {
        assert!(!input.contains(secret), "{secret} in {input}");
    }
}

#[tokio::test]
async fn a_delivery_applied_twice_starts_once() {
    let bench = Bench::paid();
    for _ in 0..2 {
        bench.apply(ID).await.expect("applies");
    }
    bench.store("msg_2", &active("sub_1").to_string());
    bench.apply("msg_2").await.expect("another delivery about the same subscription applies too");
    assert_eq!(bench.executions(), [first_execution()]);
    assert_eq!(bench.project().await.attempt, 1);
}

#[tokio::test]
async fn a_repeat_starts_what_a_crash_left_paid_but_not_started() {
    let bench = Bench::paid();
    bench.sagas.outage.begin(1);
    let error = bench.apply(ID).await.expect_err("the state machine is away");
    assert!(matches!(error, BillingError::Unavailable(_)), "{error}");
    assert_eq!(bench.project().await.state, State::Pending);
    assert!(bench.executions().is_empty());
    assert_eq!(bench.outcome(ID), "");
    bench.apply(ID).await.expect("applies");
    assert_eq!(bench.executions(), [first_execution()]);
    assert_eq!(bench.outcome(ID), "provisioning started");
}

#[tokio::test]
async fn an_outage_at_any_call_goes_back_to_the_queue_and_a_repeat_heals() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 5] = [
        ("reading the delivery", |it| it.deliveries.outage.begin(1)),
        ("recording the outcome", |it| it.deliveries.outage.begin_after(1, 1)),
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("marking it paid", |it| it.projects.outage.begin_after(1, 1)),
        ("starting the saga", |it| it.sagas.outage.begin(1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::paid();
        break_it(&bench);
        let error = bench.apply(ID).await.expect_err(case);
        assert!(matches!(error, BillingError::Unavailable(_)), "{case}: {error}");
        bench.apply(ID).await.expect(case);
        assert_eq!(bench.executions(), [first_execution()], "{case}");
        assert_eq!(bench.outcome(ID), "provisioning started", "{case}");
    }
}

#[tokio::test]
async fn metadata_that_is_not_ours_is_refused_and_kept() {
    let cases = [
        ("another tenant's project", "tenant_id", json!("ten_two"), "no such project"),
        ("a project that nobody has", "project_id", json!("prj_nobody"), "no such project"),
        ("an id of another kind", "project_id", json!("wrk_1"), "names no project"),
        ("a number", "tenant_id", json!(7), "names no project"),
        ("nothing", "project_id", Value::Null, "names no project"),
    ];
    for (case, key, value, outcome) in cases {
        let mut body = active("sub_1");
        body["data"]["metadata"][key] = value;
        let bench = Bench::with(&body.to_string());
        bench.apply(ID).await.expect(case);
        bench.assert_unpaid(case).await;
        assert!(bench.outcome(ID).contains(outcome), "{case}: {}", bench.outcome(ID));
    }
}

#[tokio::test]
async fn a_second_subscription_for_the_same_project_is_refused() {
    let bench = Bench::paid();
    bench.apply(ID).await.expect("applies");
    bench.store("msg_2", &active("sub_2").to_string());
    bench.apply("msg_2").await.expect("is refused for good");
    assert_eq!(bench.outcome("msg_2"), "refused: another subscription pays for the project");
    assert_eq!(bench.project().await.subscription_id.as_deref(), Some("sub_1"));
    assert_eq!(bench.executions(), [first_execution()]);
}

#[tokio::test]
async fn a_delivery_that_grants_nothing_is_kept_with_its_reason() {
    let with = |change: fn(&mut Value)| {
        let mut body = active("sub_1");
        change(&mut body["data"]);
        body.to_string()
    };
    let cases = [
        ("no JSON", "hello".to_owned(), "not one that we can read"),
        ("half of one", r#"{"type":"#.to_owned(), "not one that we can read"),
        ("a payment", with(|it| it["payload_type"] = "Payment".into()), "not about a subscription"),
        ("not active yet", with(|it| it["status"] = "pending".into()), "not active"),
        ("no longer active", with(|it| it["status"] = "cancelled".into()), "not active"),
        ("no id", with(|it| it["subscription_id"] = Value::Null), "has no id"),
        ("an event of tomorrow", r#"{"type":"x.y"}"#.to_owned(), "not about a subscription"),
    ];
    for (case, body, outcome) in cases {
        let bench = Bench::with(&body);
        bench.apply(ID).await.expect(case);
        bench.assert_unpaid(case).await;
        assert!(bench.outcome(ID).contains(outcome), "{case}: {}", bench.outcome(ID));
    }
}

#[tokio::test]
async fn a_delivery_that_is_not_stored_is_an_error_until_it_is() {
    let bench = Bench::paid();
    let error = bench.apply("msg_9").await.expect_err("is not there");
    assert!(matches!(&error, BillingError::Missing(id) if id == "msg_9"), "{error}");
    bench.assert_unpaid("missing").await;
    bench.store("msg_9", &active("sub_1").to_string());
    bench.apply("msg_9").await.expect("applies");
    assert_eq!(bench.executions(), [first_execution()]);
}

#[tokio::test]
async fn a_project_that_is_on_its_way_or_there_starts_nothing() {
    use Event::{ProvisioningBegan, ProvisioningFailed, ProvisioningFinished};
    let cases: [(&str, &[Event], State); 3] = [
        ("on its way", &[ProvisioningBegan], State::Provisioning),
        ("running", &[ProvisioningBegan, ProvisioningFinished], State::Running),
        ("failed", &[ProvisioningBegan, ProvisioningFailed], State::Error),
    ];
    for (case, life, state) in cases {
        let bench = Bench::paid();
        let id = &unpaid().id;
        bench.projects.record_paid(id, "sub_1").await.expect(case);
        for event in life {
            bench.projects.change(id, 1, *event, None).await.expect(case);
        }
        bench.apply(ID).await.expect(case);
        assert!(bench.executions().is_empty(), "{case}");
        assert_eq!(bench.project().await.state, state, "{case}");
        assert_eq!(bench.outcome(ID), "the project is on its way already", "{case}");
    }
}

#[tokio::test]
async fn a_repeat_of_the_payment_follows_the_owners_retry_to_its_attempt() {
    let bench = Bench::paid();
    bench.apply(ID).await.expect("applies");
    let id = &unpaid().id;
    bench.projects.change(id, 1, Event::ProvisioningFailed, Some("why")).await.expect("fails");
    bench.projects.request_retry(id).await.expect("retries");
    bench.apply(ID).await.expect("applies");
    assert_eq!(bench.executions(), [first_execution(), format!("provision-{id}-2")]);
}
