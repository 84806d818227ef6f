//! The client of Dodo against its stand-in, which speaks as Dodo documents itself.

use adapters::dodo::{Busy, Dodo};
use contracts::webhook::Products;
use domain::{
    email::EmailAddress,
    plan::PlanId,
    price::Price,
    subscription::{DisputeState, Seen, Status},
};
use ports::payments::{
    CheckoutState, Disputed, Obstacle, Order, Payments, PaymentsError, Refunded,
};
use reqwest::Method;
use serde_json::{Value, json};
use support::{dodo, server};

const KEY: &str = "dodo_test_key";

struct Shop {
    running: server::Running,
    dodo: Dodo,
}

async fn shop_with(key: &str) -> Shop {
    limited_shop_with(key, false).await
}

async fn limited_shop_with(key: &str, rate_limit: bool) -> Shop {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().expect("a secret");
    let settings = dodo::Settings { rate_limit, ..dodo::Settings::for_tests(&url, KEY, secret) };
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
    async fn tell(&self, method: Method, path: &str, body: &Value) -> Value {
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

impl Shop {
    async fn act(&self, path: &str, body: &Value) -> Value {
        self.tell(Method::POST, path, body).await
    }

    /// A subscription to the Standard plan that is paid for.
    async fn sold(&self) -> Seen {
        let page = self.dodo.open_checkout(&self.order().await).await.expect("a page");
        let path = format!("/_standin/sessions/{}/pay", page.session_id);
        let paid = self.act(&path, &Value::Null).await;
        let id = paid["subscription_id"].as_str().expect("an id").to_owned();
        self.seen(&id).await
    }

    async fn seen(&self, id: &str) -> Seen {
        self.dodo.find_subscription(id).await.expect("it answers").expect("it is there")
    }
}

/// The code of a refusal.
fn code<T: std::fmt::Debug>(answer: Result<T, PaymentsError>) -> String {
    match answer {
        Err(PaymentsError::Refused { code, .. }) => code,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn obstacle<T: std::fmt::Debug>(answer: Result<T, PaymentsError>) -> Obstacle {
    match answer {
        Err(PaymentsError::Impossible(obstacle)) => obstacle,
        other => panic!("nothing is in its way: {other:?}"),
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
    let usd = |minor| Price { minor, currency: "USD".to_owned(), tax_inclusive: false };
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
    let paid = shop.tell(Method::POST, &path, &Value::Null).await;
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
    shop.tell(Method::POST, &path, &Value::Null).await;
    for session in [page.session_id.as_str(), "cks_unknown"] {
        let state = shop.dodo.checkout_state(session).await.unwrap();
        assert_eq!(state, CheckoutState::Over, "{session}");
    }
    assert_eq!(shop.dodo.find_subscription("sub_unknown").await.unwrap(), None);
}

#[tokio::test]
async fn an_outage_passes_and_a_wrong_key_does_not() {
    let shop = shop().await;
    shop.tell(Method::PUT, "/_standin/outage", &json!({ "on": true })).await;
    let away = shop.dodo.price(PlanId::Pro).await.unwrap_err();
    assert!(matches!(away, PaymentsError::Unavailable(_)), "{away:?}");

    let stranger = shop_with("dodo_test_other").await;
    let refused = stranger.dodo.price(PlanId::Pro).await.unwrap_err();
    assert!(matches!(&refused, PaymentsError::Refused { code, .. } if code == "UNAUTHORIZED"));
    assert!(!format!("{:?}", stranger.dodo).contains("dodo_test_other"), "the key is not for logs");
}

#[tokio::test]
async fn a_subscription_is_seen_through_its_troubles() {
    let shop = shop().await;
    let sold = shop.sold().await;
    assert_eq!((sold.plan, sold.price_minor), (Some(PlanId::Standard), Some(4900)));
    assert_eq!(sold.currency.as_deref(), Some("USD"));
    assert!(sold.next_billing_at.is_some() && !sold.cancels_at_period_end);
    shop.act(&format!("/_standin/subscriptions/{}/fail", sold.id), &Value::Null).await;
    assert_eq!(shop.seen(&sold.id).await.status, Status::OnHold);
    shop.act(&format!("/_standin/subscriptions/{}/renew", sold.id), &Value::Null).await;
    assert_eq!(shop.seen(&sold.id).await.status, Status::Active);
    let ended = json!({ "status": "expired" });
    shop.act(&format!("/_standin/subscriptions/{}/status", sold.id), &ended).await;
    assert_eq!(shop.seen(&sold.id).await.status, Status::Expired);
}

#[tokio::test]
async fn all_subscriptions_are_listed_once_however_many_pages_they_fill() {
    let shop = shop().await;
    let mut sold = Vec::new();
    for _ in 0..103 {
        sold.push(shop.sold().await.id);
    }
    let mut listed: Vec<_> =
        shop.dodo.subscriptions().await.unwrap().into_iter().map(|it| it.id).collect();
    sold.sort();
    listed.sort();
    assert_eq!(listed, sold);
}

#[tokio::test]
async fn payments_come_newest_first_with_what_was_given_back() {
    let shop = shop().await;
    let sold = shop.sold().await;
    shop.act("/_standin/clock/advance", &json!({ "days": 32 })).await;
    let part = json!({ "about": sold.id, "amount": 100 });
    shop.act("/_standin/refunds", &part).await;
    let payments = shop.dodo.payments(&sold.customer).await.unwrap();
    assert_eq!(payments.len(), 2);
    assert!(payments[0].created_at > payments[1].created_at);
    assert_eq!(payments[0].refunded, Refunded::Partly);
    assert_eq!(payments[1].refunded, Refunded::No);
    shop.act("/_standin/refunds", &json!({ "about": payments[1].id })).await;
    let whole = shop.dodo.find_payment(&payments[1].id).await.unwrap().unwrap();
    assert_eq!((whole.refunded, whole.status.as_str()), (Refunded::Fully, "succeeded"));
    assert_eq!(whole.subscription.as_deref(), Some(sold.id.as_str()));
    assert_eq!(shop.dodo.find_payment("pay_unknown").await.unwrap(), None);
    assert_eq!(shop.dodo.payments("cus_unknown").await.unwrap(), []);
}

#[tokio::test]
async fn a_larger_plan_costs_the_difference_and_a_smaller_one_is_credited() {
    let shop = shop().await;
    let sold = shop.sold().await;
    let up = shop.dodo.quote_change(&sold.id, PlanId::Pro).await.unwrap();
    assert!((1_599..=1_600).contains(&up.due_now_minor), "{up:?}");
    assert_eq!((up.recurring_minor, up.currency.as_str()), (6500, "USD"));
    assert_eq!(shop.seen(&sold.id).await.plan, Some(PlanId::Standard), "asking changes nothing");
    shop.dodo.change_plan(&sold.id, PlanId::Pro).await.unwrap();
    assert_eq!(shop.seen(&sold.id).await.plan, Some(PlanId::Pro));
    let down = shop.dodo.quote_change(&sold.id, PlanId::Standard).await.unwrap();
    assert!((-1_600..=-1_599).contains(&down.due_now_minor), "{down:?}");
}

#[tokio::test]
async fn a_refused_card_leaves_the_plan_and_the_access_as_they_were() {
    let shop = shop().await;
    let sold = shop.sold().await;
    let declined = json!({ "card": "declined" });
    shop.act(&format!("/_standin/subscriptions/{}/card", sold.id), &declined).await;
    let declined = shop.dodo.change_plan(&sold.id, PlanId::Dedicated).await;
    assert!(matches!(declined, Err(PaymentsError::Declined)), "{declined:?}");
    let after = shop.seen(&sold.id).await;
    assert_eq!((after.plan, after.status), (Some(PlanId::Standard), Status::Active));
}

#[tokio::test]
async fn a_cancellation_is_set_and_taken_back_as_often_as_one_likes() {
    let shop = shop().await;
    let sold = shop.sold().await;
    for at_period_end in [true, true, false, false] {
        shop.dodo.set_cancellation(&sold.id, at_period_end).await.unwrap();
        let seen = shop.seen(&sold.id).await;
        assert_eq!((seen.cancels_at_period_end, seen.status), (at_period_end, Status::Active));
    }
    shop.dodo.set_cancellation(&sold.id, true).await.unwrap();
    let quote = shop.dodo.quote_change(&sold.id, PlanId::Pro).await;
    assert_eq!(obstacle(quote), Obstacle::Ending);
    shop.act("/_standin/clock/advance", &json!({ "days": 32 })).await;
    assert_eq!(shop.seen(&sold.id).await.status, Status::Cancelled);
    let quote = shop.dodo.quote_change(&sold.id, PlanId::Pro).await;
    assert_eq!(obstacle(quote), Obstacle::Inactive);
    let change = shop.dodo.change_plan(&sold.id, PlanId::Pro).await;
    assert_eq!(obstacle(change), Obstacle::Inactive);
    let taken_back = shop.dodo.set_cancellation(&sold.id, false).await;
    assert_eq!(obstacle(taken_back), Obstacle::Inactive, "over is over");
}

#[tokio::test]
async fn a_portal_link_opens_and_an_invoice_is_a_pdf() {
    let shop = shop().await;
    let sold = shop.sold().await;
    let link = shop.dodo.portal_link(&sold.customer, "https://app.test/billing").await.unwrap();
    assert!(reqwest::get(&link).await.unwrap().status().is_success());
    let payment = shop.dodo.payments(&sold.customer).await.unwrap().remove(0);
    let invoice = shop.dodo.invoice(&payment.id).await.unwrap().expect("it has one");
    assert!(invoice.starts_with(b"%PDF-"));
    assert_eq!(shop.dodo.invoice("pay_no").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let shop = shop().await;
    let nowhere = "https://app.test";
    assert_eq!(code(shop.dodo.portal_link("cus_no", nowhere).await), "CUSTOMER_NOT_FOUND");
    assert_eq!(code(shop.dodo.change_plan("sub_no", PlanId::Pro).await), "SUBSCRIPTION_NOT_FOUND");
    assert_eq!(code(shop.dodo.quote_change("sub_no", PlanId::Pro).await), "SUBSCRIPTION_NOT_FOUND");
    assert_eq!(code(shop.dodo.set_cancellation("sub_no", true).await), "SUBSCRIPTION_NOT_FOUND");
}

#[tokio::test]
async fn who_asks_too_often_is_told_how_long_to_wait() {
    let shop = limited_shop_with(KEY, true).await;
    let mut asked = 0;
    let busy = loop {
        asked += 1;
        assert!(asked < 400, "nobody is ever refused");
        if let Err(error) = shop.dodo.price(PlanId::Pro).await {
            break error;
        }
    };
    let PaymentsError::Unavailable(busy) = busy else { panic!("it passes: {busy:?}") };
    let busy = busy.source.downcast_ref::<Busy>().expect("Dodo answered");
    assert_eq!((busy.status, busy.code.as_str()), (429, "RATE_LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn a_lost_answer_is_not_asked_for_again() {
    let shop = shop().await;
    let order = shop.order().await;
    shop.tell(Method::PUT, "/_standin/outage", &json!({ "mode": "loses_answers" })).await;
    let lost = shop.dodo.open_checkout(&order).await.unwrap_err();
    assert!(matches!(lost, PaymentsError::Unavailable(_)), "{lost:?}");
    let customer = shop.dodo.ensure_customer(&"ten_eve".parse().unwrap(), &ada()).await;
    assert!(matches!(customer, Err(PaymentsError::Unavailable(_))), "{customer:?}");
    shop.tell(Method::PUT, "/_standin/outage", &json!({ "on": false })).await;
    let sessions = shop.tell(Method::GET, "/_standin/sessions", &Value::Null).await;
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "one request, one page");
}

#[tokio::test]
async fn the_books_tell_what_was_given_back_and_what_is_asked_back() {
    let shop = shop().await;
    assert!(shop.dodo.refunded_payments().await.unwrap().is_empty());
    assert_eq!(shop.dodo.disputes().await.unwrap(), []);
    let (part, whole, kept) = (shop.sold().await, shop.sold().await, shop.sold().await);
    let payment = async |sold: &Seen| {
        let payments = shop.dodo.payments(&sold.customer).await.unwrap();
        let theirs = |it: &&ports::payments::Payment| it.subscription.as_ref() == Some(&sold.id);
        payments.iter().find(theirs).expect("it was paid").id.clone()
    };
    let (part, whole, kept) = (payment(&part).await, payment(&whole).await, payment(&kept).await);
    for _ in 0..2 {
        shop.act("/_standin/refunds", &json!({ "about": part, "amount": 100 })).await;
    }
    shop.act("/_standin/refunds", &json!({ "about": whole })).await;
    let refunded = shop.dodo.refunded_payments().await.unwrap();
    assert_eq!(refunded, [part, whole].into(), "each once");

    let dispute = shop.act("/_standin/disputes", &json!({ "about": kept })).await;
    let id = dispute["dispute_id"].as_str().expect("an id").to_owned();
    let seen = |state| vec![Disputed { id: id.clone(), payment: kept.clone(), state }];
    assert_eq!(shop.dodo.disputes().await.unwrap(), seen(DisputeState::Open));
    shop.act(&format!("/_standin/disputes/{id}/lost"), &Value::Null).await;
    assert_eq!(shop.dodo.disputes().await.unwrap(), seen(DisputeState::Lost));
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_charged_for_once_and_seen_afterwards() {
    let shop = shop().await;
    let sold = shop.sold().await;
    shop.tell(Method::PUT, "/_standin/outage", &json!({ "mode": "loses_answers" })).await;
    let lost = shop.dodo.change_plan(&sold.id, PlanId::Pro).await.unwrap_err();
    assert!(matches!(lost, PaymentsError::Unavailable(_)), "{lost:?}");
    shop.tell(Method::PUT, "/_standin/outage", &json!({ "on": false })).await;
    assert_eq!(shop.seen(&sold.id).await.plan, Some(PlanId::Pro));
    assert_eq!(shop.dodo.payments(&sold.customer).await.unwrap().len(), 2);
}
