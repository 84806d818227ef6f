//! Up to the payment: customers, prices, pages to pay on.

use super::client::{Client, answer, is_expired, is_missing, unavailable};
use contracts::webhook::Products;
use domain::{email::EmailAddress, id::TenantId, price::Price};
use ports::payments::{CheckoutPage, CheckoutState, Order, PaymentsError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

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
    /// Dodo leaves it out where it is false.
    tax_inclusive: Option<bool>,
}

pub(super) async fn ensure_customer(
    dodo: &Client,
    tenant: &TenantId,
    email: &EmailAddress,
) -> Result<String, PaymentsError> {
    let by_email = [("email", email.as_str())];
    // One address has few tenants: the first page holds them all.
    let known: Vec<Customer> = dodo.page(&["customers"], 0, &by_email).await?;
    let ours = |it: &Customer| {
        it.metadata.get("tenant_id").and_then(Value::as_str) == Some(tenant.as_str())
    };
    if let Some(customer) = known.into_iter().find(ours) {
        return Ok(customer.customer_id);
    }
    let new = json!({
        "email": email.as_str(),
        "name": email.as_str(),
        "metadata": { "tenant_id": tenant },
    });
    let made: Customer = answer(dodo.post(&["customers"]).json(&new)).await?;
    Ok(made.customer_id)
}

pub(super) async fn open_checkout(
    dodo: &Client,
    products: &Products,
    order: &Order,
) -> Result<CheckoutPage, PaymentsError> {
    let body = json!({
        "product_cart": [{ "product_id": products.product(order.plan), "quantity": 1 }],
        "customer": { "customer_id": order.customer },
        "metadata": { "project_id": order.project, "tenant_id": order.tenant },
        "return_url": order.return_url,
        "cancel_url": order.return_url,
        "feature_flags": { "allow_customer_editing_email": false },
    });
    let session: Session = answer(dodo.post(&["checkouts"]).json(&body)).await?;
    let no_address = || unavailable("the checkout session has no address");
    let url = session.checkout_url.ok_or_else(no_address)?;
    Ok(CheckoutPage { session_id: session.session_id, url })
}

pub(super) async fn checkout_state(
    dodo: &Client,
    session_id: &str,
) -> Result<CheckoutState, PaymentsError> {
    let session: SessionNow = match answer(dodo.get(&["checkouts", session_id])).await {
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

pub(super) async fn price(dodo: &Client, product: &str) -> Result<Price, PaymentsError> {
    let Product { price } = answer(dodo.get(&["products", product])).await?;
    let tax_inclusive = price.tax_inclusive.unwrap_or_default();
    Ok(Price { minor: price.price, currency: price.currency, tax_inclusive })
}
