//! A merchant who uses the stand-in as the product does.

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use support::{
    dodo::{Dodo, Settings},
    server,
};

pub(crate) const KEY: &str = "dodo_test_key";
pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

pub(crate) struct Merchant {
    pub(crate) http: Client,
    pub(crate) dodo: server::Running,
}

pub(crate) fn settings() -> Settings {
    Settings::for_tests("http://checkout.test", KEY, SECRET.parse().expect("a good secret"))
}

impl Merchant {
    /// A stand-in that delivers to `webhook_url`.
    pub(crate) async fn start(webhook_url: &str) -> Self {
        Self::with(Settings { webhook_url: Some(webhook_url.to_owned()), ..settings() }).await
    }

    pub(crate) async fn with(mut settings: Settings) -> Self {
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        settings.public_url.clone_from(&url);
        let dodo = Dodo::open(settings).expect("the stand-in opens");
        Self {
            http: Client::builder().redirect(Policy::none()).build().expect("a client"),
            dodo: server::start(listener, url, dodo.router()),
        }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        let url = format!("{}{path}", self.dodo.url);
        let request = self.http.request(method, url).bearer_auth(KEY).json(body);
        request.send().await.expect("the stand-in answers")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self.send(Method::GET, path, &Value::Null).await;
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.json().await.expect("JSON")
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.send(Method::POST, path, body).await;
        assert_eq!(response.status(), StatusCode::OK, "POST {path}");
        response.json().await.expect("JSON")
    }

    pub(crate) async fn customer(&self) -> String {
        let customer =
            self.post("/customers", &json!({ "email": "ada@example.com", "name": "Ada" })).await;
        customer["customer_id"].as_str().expect("an id").to_owned()
    }

    /// A checkout of the Standard plan for a customer; its session id.
    pub(crate) async fn checkout(&self) -> String {
        let order = json!({
            "product_cart": [{ "product_id": "pdt_standard", "quantity": 1 }],
            "customer": { "customer_id": self.customer().await },
            "metadata": { "project_id": "prj_4k2x9q7hzd" },
            "return_url": "https://app.test/billing/return?project=prj_4k2x9q7hzd",
        });
        let session = self.post("/checkouts", &order).await;
        session["session_id"].as_str().expect("an id").to_owned()
    }

    /// Presses a button of the checkout page.
    pub(crate) async fn press(&self, session: &str, card: &str) -> Response {
        let url = format!("{}/session/{session}", self.dodo.url);
        self.http.post(url).form(&[("card", card)]).send().await.expect("an answer")
    }

    /// A subscription to the Standard plan that is paid for; its id.
    pub(crate) async fn subscription(&self) -> String {
        let session = self.checkout().await;
        let paid = self.post(&format!("/_standin/sessions/{session}/pay"), &Value::Null).await;
        paid["subscription_id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn advance(&self, days: i64) {
        self.post("/_standin/clock/advance", &json!({ "days": days })).await;
    }

    /// What the subscription is now.
    pub(crate) async fn status(&self, id: &str) -> String {
        let subscription = self.get(&format!("/subscriptions/{id}")).await;
        subscription["status"].as_str().expect("a status").to_owned()
    }

    pub(crate) async fn payments_of(&self, id: &str) -> Vec<Value> {
        let list = self.get(&format!("/payments?subscription_id={id}&page_size=100")).await;
        list["items"].as_array().expect("a list").clone()
    }

    /// The types of everything that was announced, whether or not anybody listens.
    pub(crate) async fn announced(&self) -> Vec<String> {
        let deliveries = self.get("/_standin/deliveries").await;
        let items = deliveries["items"].as_array().expect("a list").clone();
        items.iter().map(|it| it["type"].as_str().expect("a type").to_owned()).collect()
    }

    /// From now on its card is refused.
    pub(crate) async fn break_the_card(&self, id: &str) {
        let path = format!("/_standin/subscriptions/{id}/card");
        self.post(&path, &json!({ "card": "declined" })).await;
    }

    /// The code of a refusal of `status`.
    pub(crate) async fn refused(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        status: u16,
    ) -> String {
        let response = self.send(method, path, body).await;
        assert_eq!(response.status(), status, "{path} {body}");
        let problem: Value = response.json().await.expect("JSON");
        problem["code"].as_str().expect("a code").to_owned()
    }
}
