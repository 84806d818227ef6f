//! [`Payments`] on Dodo Payments.
//!
//! Nothing here is repeated by itself: Dodo knows no idempotency keys, and a second `POST` may be a
//! second customer or a second page to pay on.

use contracts::webhook::{Data, Products};
use domain::{email::EmailAddress, id::TenantId, plan::PlanId, subscription::Seen};
use jiff::Timestamp;
use ports::{
    Unavailable,
    payments::{
        CheckoutPage, CheckoutState, Order, Payment, Payments, PaymentsError, Price, Quote,
        Refunded,
    },
};
use reqwest::{Client, RequestBuilder, StatusCode, Url, redirect::Policy, retry};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Map, Value, json};
use std::{fmt, time::Duration};

/// Several of Dodo's slow answers, and less than a visitor's patience.
const TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const PAGE_SIZE: &str = "100";

#[derive(Clone)]
pub struct Dodo {
    client: Client,
    url: Url,
    key: String,
    products: Products,
}

/// Without the key.
impl fmt::Debug for Dodo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dodo").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// A setting without which nothing can be sold.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    #[error("`{0}` is not an address to which paths can be added")]
    Url(Url),
    #[error("the HTTP client cannot start")]
    Client(#[source] reqwest::Error),
}

#[derive(Deserialize)]
struct Customers {
    items: Vec<Customer>,
}

#[derive(Deserialize)]
struct Customer {
    customer_id: String,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct Session {
    session_id: String,
    checkout_url: Option<String>,
}

/// A session as it is now. It has no status of its own, only its payment has.
#[derive(Deserialize)]
struct SessionNow {
    payment_status: Option<String>,
}

#[derive(Deserialize)]
struct Product {
    price: ProductPrice,
}

#[derive(Deserialize)]
struct ProductPrice {
    price: u64,
    currency: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct PaymentBody {
    payment_id: String,
    subscription_id: Option<String>,
    customer: Customer,
    status: Option<String>,
    total_amount: i64,
    currency: String,
    created_at: Timestamp,
    refund_status: Option<String>,
}

impl From<PaymentBody> for Payment {
    fn from(body: PaymentBody) -> Self {
        Self {
            id: body.payment_id,
            subscription: body.subscription_id,
            customer: body.customer.customer_id,
            status: body.status.unwrap_or_default(),
            total_minor: body.total_amount,
            currency: body.currency,
            created_at: body.created_at,
            refunded: match body.refund_status.as_deref() {
                None => Refunded::No,
                Some("full") => Refunded::Fully,
                Some(_) => Refunded::Partly,
            },
        }
    }
}

#[derive(Deserialize)]
struct Preview {
    immediate_charge: Charge,
    new_plan: Data,
}

#[derive(Deserialize)]
struct Charge {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    currency: String,
    total_amount: i64,
}

#[derive(Deserialize)]
struct PortalSession {
    link: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
    message: String,
}

impl Dodo {
    /// `url` has no path; `key` is a secret API key for the same mode, test or live.
    pub fn new(url: Url, key: &str, products: Products) -> Result<Self, Misconfigured> {
        if url.cannot_be_a_base() {
            return Err(Misconfigured::Url(url));
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map_err(Misconfigured::Client)?;
        Ok(Self { client, url, key: key.trim().to_owned(), products })
    }

    /// The address of `segments`, each escaped: an id cannot lead elsewhere.
    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, PaymentsError> {
        let body = self.bytes(request).await?;
        Ok(serde_json::from_slice(&body).map_err(unavailable)?)
    }

    async fn bytes(&self, request: RequestBuilder) -> Result<Vec<u8>, PaymentsError> {
        let response = request.bearer_auth(&self.key).send().await.map_err(unavailable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unavailable)?;
        if status.is_success() { Ok(body.to_vec()) } else { Err(refusal(status, &body)) }
    }

    /// Everything of a list. An empty page ends it.
    async fn pages<T: DeserializeOwned>(&self, segments: &[&str]) -> Result<Vec<T>, PaymentsError> {
        let mut all = Vec::new();
        for number in 0_u32.. {
            let query = [("page_size", PAGE_SIZE), ("page_number", &number.to_string())];
            let page: Page<T> =
                self.answer(self.client.get(self.at(segments)).query(&query)).await?;
            if page.items.is_empty() {
                break;
            }
            all.extend(page.items);
        }
        Ok(all)
    }

    /// A failed charge leaves the old plan as it is: otherwise the subscription could be put on hold.
    fn change(&self, plan: PlanId) -> Value {
        json!({
            "product_id": self.products.product(plan),
            "quantity": 1,
            "proration_billing_mode": "prorated_immediately",
            "on_payment_failure": "prevent_change",
        })
    }
}

/// Whether Dodo said no, or could not say anything just now.
fn refusal(status: StatusCode, body: &[u8]) -> PaymentsError {
    let said: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let code = if said.code.is_empty() { status.as_u16().to_string() } else { said.code };
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if later || status.is_server_error() {
        return unavailable(format!("{status}: {code}")).into();
    }
    PaymentsError::Refused { code, message: said.message }
}

impl Payments for Dodo {
    async fn ensure_customer(
        &self,
        tenant: &TenantId,
        email: &EmailAddress,
    ) -> Result<String, PaymentsError> {
        let url = self.at(&["customers"]);
        let known = self.client.get(url.clone()).query(&[("email", email.as_str())]);
        let known: Customers = self.answer(known).await?;
        let ours = |it: &Customer| {
            it.metadata.get("tenant_id").and_then(Value::as_str) == Some(tenant.as_str())
        };
        if let Some(customer) = known.items.into_iter().find(ours) {
            return Ok(customer.customer_id);
        }
        let new = json!({
            "email": email.as_str(),
            "name": email.as_str(),
            "metadata": { "tenant_id": tenant },
        });
        let made: Customer = self.answer(self.client.post(url).json(&new)).await?;
        Ok(made.customer_id)
    }

    async fn open_checkout(&self, order: &Order) -> Result<CheckoutPage, PaymentsError> {
        let body = json!({
            "product_cart": [{ "product_id": self.products.product(order.plan), "quantity": 1 }],
            "customer": { "customer_id": order.customer },
            "metadata": { "project_id": order.project, "tenant_id": order.tenant },
            "return_url": order.return_url,
            "cancel_url": order.return_url,
            "feature_flags": { "allow_customer_editing_email": false },
        });
        let request = self.client.post(self.at(&["checkouts"])).json(&body);
        let session: Session = self.answer(request).await?;
        let url = session
            .checkout_url
            .ok_or_else(|| unavailable("the checkout session has no address"))?;
        Ok(CheckoutPage { session_id: session.session_id, url })
    }

    async fn checkout_state(&self, session_id: &str) -> Result<CheckoutState, PaymentsError> {
        let url = self.at(&["checkouts", session_id]);
        let session: SessionNow = match self.answer(self.client.get(url)).await {
            Ok(session) => session,
            Err(PaymentsError::Refused { code, .. }) if is_missing(&code) || is_expired(&code) => {
                return Ok(CheckoutState::Over);
            }
            Err(error) => return Err(error),
        };
        Ok(match session.payment_status.as_deref() {
            None => CheckoutState::Open,
            Some("failed" | "cancelled") => CheckoutState::Over,
            // `succeeded`, `processing`, and every word that Dodo may add: money may have moved, and
            // another page could move it again.
            Some(_) => CheckoutState::Paid,
        })
    }

    async fn price(&self, plan: PlanId) -> Result<Price, PaymentsError> {
        let url = self.at(&["products", self.products.product(plan)]);
        let product: Product = self.answer(self.client.get(url)).await?;
        Ok(Price { minor: product.price.price, currency: product.price.currency })
    }

    async fn find_subscription(&self, id: &str) -> Result<Option<Seen>, PaymentsError> {
        let url = self.at(&["subscriptions", id]);
        let found: Option<Data> = found(self.answer(self.client.get(url)).await)?;
        let unreadable = || unavailable("the answer shows no subscription");
        found
            .map(|it| it.subscription(&self.products).ok_or_else(unreadable).map_err(Into::into))
            .transpose()
    }

    async fn subscriptions(&self) -> Result<Vec<Seen>, PaymentsError> {
        let all: Vec<Data> = self.pages(&["subscriptions"]).await?;
        Ok(all.iter().filter_map(|it| it.subscription(&self.products)).collect())
    }

    async fn find_payment(&self, id: &str) -> Result<Option<Payment>, PaymentsError> {
        let url = self.at(&["payments", id]);
        let body: Option<PaymentBody> = found(self.answer(self.client.get(url)).await)?;
        Ok(body.map(Into::into))
    }

    async fn payments(&self, customer: &str) -> Result<Vec<Payment>, PaymentsError> {
        let query = [("customer_id", customer), ("page_size", "100"), ("page_number", "0")];
        let request = self.client.get(self.at(&["payments"])).query(&query);
        let page: Page<PaymentBody> = self.answer(request).await?;
        Ok(page.items.into_iter().map(Into::into).collect())
    }

    async fn quote_change(&self, id: &str, plan: PlanId) -> Result<Quote, PaymentsError> {
        let url = self.at(&["subscriptions", id, "change-plan", "preview"]);
        let preview: Preview = self.answer(self.client.post(url).json(&self.change(plan))).await?;
        let Summary { currency, total_amount } = preview.immediate_charge.summary;
        let recurring_minor = preview.new_plan.recurring_pre_tax_amount.unwrap_or_default();
        Ok(Quote { due_now_minor: total_amount, currency, recurring_minor })
    }

    async fn change_plan(&self, id: &str, plan: PlanId) -> Result<(), PaymentsError> {
        let url = self.at(&["subscriptions", id, "change-plan"]);
        let _: IgnoredAny = self.answer(self.client.post(url).json(&self.change(plan))).await?;
        Ok(())
    }

    async fn set_cancellation(&self, id: &str, at_period_end: bool) -> Result<(), PaymentsError> {
        let body = json!({ "cancel_at_next_billing_date": at_period_end });
        let request = self.client.patch(self.at(&["subscriptions", id])).json(&body);
        let _: IgnoredAny = self.answer(request).await?;
        Ok(())
    }

    async fn portal_link(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError> {
        let url = self.at(&["customers", customer, "customer-portal", "session"]);
        let request = self.client.post(url).query(&[("return_url", return_url)]);
        let session: PortalSession = self.answer(request).await?;
        Ok(session.link)
    }

    async fn invoice(&self, payment: &str) -> Result<Vec<u8>, PaymentsError> {
        let request = self.client.get(self.at(&["invoices", "payments", payment]));
        self.bytes(request).await
    }
}

/// What is not there is no error.
fn found<T>(answer: Result<T, PaymentsError>) -> Result<Option<T>, PaymentsError> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(PaymentsError::Refused { code, .. }) if is_missing(&code) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(code: &str) -> bool {
    code == "404" || code.ends_with("NOT_FOUND")
}

fn is_expired(code: &str) -> bool {
    code == "410" || code.ends_with("EXPIRED")
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("payment provider", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_would_be_refused_again() {
        let cases = [
            (400, false),
            (401, false),
            (404, false),
            (408, true),
            (409, false),
            (422, false),
            (429, true),
            (500, true),
            (503, true),
        ];
        for (status, passes) in cases {
            let error = refusal(StatusCode::from_u16(status).unwrap(), b"<html>");
            assert_eq!(matches!(error, PaymentsError::Unavailable(_)), passes, "{status}");
        }
    }

    #[test]
    fn a_refusal_keeps_dodos_code_and_message() {
        let said = br#"{"code":"PRODUCT_NOT_FOUND","message":"no product `x`"}"#;
        let error = refusal(StatusCode::NOT_FOUND, said);
        let text = "payment provider refused: PRODUCT_NOT_FOUND: no product `x`";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        let products =
            Products { standard: "pdt_s".into(), pro: "pdt_p".into(), dedicated: "pdt_d".into() };
        let url = Url::parse("https://dodo.test/").unwrap();
        let dodo = Dodo::new(url, "key", products).unwrap();
        for id in ["../customers", "a/b", "x?y=z", "x#y"] {
            let url = dodo.at(&["subscriptions", id]);
            assert_eq!(url.path_segments().unwrap().count(), 2, "{id}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{id}");
        }
    }
}
