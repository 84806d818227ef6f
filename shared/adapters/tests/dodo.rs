//! The client of Dodo against its stand-in, which speaks as Dodo documents itself.

use adapters::dodo::Dodo;
use contracts::webhook::Products;
use domain::{email::EmailAddress, plan::PlanId, subscription::Status};
use ports::payments::{CheckoutState, Order, Payments, PaymentsError, Price};
use serde_json::{Value, json};
use support::{dodo, server};

const KEY: &str = "dodo_test_key";

struct Shop {
    running: server::Running,
    dodo: Dodo,
}

async fn shop_with(key: &str) -> Shop {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().expect("a secret");
    let settings = dodo::Settings::for_tests(&url, KEY, secret);
    let stand_in = dodo::Dodo::open(settings).expect("it opens");
    let running = server::start(listener, url, stand_in.router());
    let products = Products {
        standard: "pdt_standard".into(),
        pro: "pdt_pro".into(),
        dedicated: "pdt_dedicated".into(),
    };
    let url = running.url.parse().expect("an address");
    Shop { dodo: Dodo::new(url, key, products).expect("a client"), running }
}

async fn shop() -> Shop {
    shop_with(KEY).await
}

impl Shop {
    async fn tell(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.running.url));
        request.json(body).send().await.expect("sent").json().await.expect("JSON")
    }

    async fn order(&self) -> Order {
        let tenant = "ten_ada".parse().expect("as prepared");
        Order {
            project: "prj_4k2x9q7hzd".parse().expect("as prepared"),
            customer: self.dodo.ensure_customer(&tenant, &ada()).await.expect("as prepared"),
            tenant,
            plan: PlanId::Standard,
            return_url: "https://app.test/projects/prj_4k2x9q7hzd".into(),
        }
    }
}

fn ada() -> EmailAddress {
    EmailAddress::try_from("ada@example.com".to_owned()).expect("as prepared")
}

#[tokio::test]
async fn a_tenant_is_one_customer_and_another_tenant_of_the_same_person_another() {
    let shop = shop().await;
    let (one, two) = ("ten_one".parse().unwrap(), "ten_two".parse().unwrap());
    let first = shop.dodo.ensure_customer(&one, &ada()).await.unwrap();
    assert_eq!(shop.dodo.ensure_customer(&one, &ada()).await.unwrap(), first);
    assert_ne!(shop.dodo.ensure_customer(&two, &ada()).await.unwrap(), first);
}

#[tokio::test]
async fn prices_are_those_of_the_products() {
    let shop = shop().await;
    let usd = |minor| Price { minor, currency: "USD".to_owned() };
    assert_eq!(shop.dodo.price(PlanId::Standard).await.unwrap(), usd(4900));
    assert_eq!(shop.dodo.price(PlanId::Pro).await.unwrap(), usd(6500));
}

#[tokio::test]
async fn a_paid_page_leads_to_a_subscription_that_names_its_project() {
    let shop = shop().await;
    let order = shop.order().await;
    let page = shop.dodo.open_checkout(&order).await.unwrap();
    assert!(page.url.ends_with(&page.session_id), "{page:?}");
    let state = shop.dodo.checkout_state(&page.session_id).await.unwrap();
    assert_eq!(state, CheckoutState::Open);

    let path = format!("/_standin/sessions/{}/pay", page.session_id);
    let paid = shop.tell(reqwest::Method::POST, &path, &Value::Null).await;
    let state = shop.dodo.checkout_state(&page.session_id).await.unwrap();
    assert_eq!(state, CheckoutState::Paid);
    let id = paid["subscription_id"].as_str().unwrap();
    let subscription = shop.dodo.find_subscription(id).await.unwrap().unwrap();
    assert_eq!((subscription.id.as_str(), subscription.status), (id, Status::Active));
    assert_eq!(subscription.customer, order.customer);
    assert_eq!(subscription.project, Some(order.project));
}

#[tokio::test]
async fn a_declined_page_and_a_forgotten_one_are_over() {
    let shop = shop().await;
    let page = shop.dodo.open_checkout(&shop.order().await).await.unwrap();
    let path = format!("/_standin/sessions/{}/decline", page.session_id);
    shop.tell(reqwest::Method::POST, &path, &Value::Null).await;
    for session in [page.session_id.as_str(), "cks_unknown"] {
        let state = shop.dodo.checkout_state(session).await.unwrap();
        assert_eq!(state, CheckoutState::Over, "{session}");
    }
    assert_eq!(shop.dodo.find_subscription("sub_unknown").await.unwrap(), None);
}

#[tokio::test]
async fn an_outage_passes_and_a_wrong_key_does_not() {
    let shop = shop().await;
    shop.tell(reqwest::Method::PUT, "/_standin/outage", &json!({ "on": true })).await;
    let away = shop.dodo.price(PlanId::Pro).await.unwrap_err();
    assert!(matches!(away, PaymentsError::Unavailable(_)), "{away:?}");

    let stranger = shop_with("dodo_test_other").await;
    let refused = stranger.dodo.price(PlanId::Pro).await.unwrap_err();
    assert!(matches!(&refused, PaymentsError::Refused { code, .. } if code == "UNAUTHORIZED"));
    assert!(!format!("{:?}", stranger.dodo).contains("dodo_test_other"), "the key is not for logs");
}
