//! Checkout sessions: opened by the merchant, used up by one payment.

use super::{
    Dodo, Shared,
    books::Metadata,
    customers::NewCustomer,
    delivery,
    problem::{Body, Problem},
    records::{Card, Customer, Payment, PaymentStatus, Session, Subscription},
};
use crate::random;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const MAX_CART: usize = 20;
const MAX_METADATA: usize = 50;
const MAX_KEY_LEN: usize = 40;
const MAX_VALUE_LEN: usize = 500;

#[derive(Deserialize)]
pub(super) struct NewCheckout {
    product_cart: Vec<CartItem>,
    customer: Option<CustomerReference>,
    #[serde(default)]
    metadata: Metadata,
    return_url: Option<String>,
    cancel_url: Option<String>,
}

#[derive(Deserialize)]
struct CartItem {
    product_id: String,
    quantity: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CustomerReference {
    Known { customer_id: String },
    New(NewCustomer),
}

pub(super) async fn create(
    State(dodo): Shared,
    Body(new): Body<NewCheckout>,
) -> Result<Json<Value>, Problem> {
    let session = dodo.open_session(new)?;
    Ok(Json(json!({
        "session_id": session.id,
        "checkout_url": format!("{}/session/{}", dodo.settings.public_url, session.id),
        "client_secret": null,
        "payment_id": null,
        "publishable_key": null,
    })))
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let session = dodo.session(&id)?;
    let payment = session.payment_id.as_ref();
    let status =
        dodo.read(|books| payment.and_then(|it| books.payments.get(it)).map(|it| it.status));
    let customer = session.customer_id.as_ref().and_then(|it| dodo.customer(it).ok());
    Ok(Json(json!({
        "id": session.id,
        "created_at": session.created_at,
        "payment_id": session.payment_id,
        "payment_status": status,
        "customer_email": customer.as_ref().map(|it| &it.email),
        "customer_name": customer.as_ref().map(|it| &it.name),
    })))
}

impl Dodo {
    fn open_session(&self, new: NewCheckout) -> Result<Session, Problem> {
        // Spelled as Dodo spells it.
        let empty =
            || Problem::new(StatusCode::BAD_REQUEST, "PRODUCT_CART_EMTPY", "product_cart is empty");
        let item = new.product_cart.first().ok_or_else(empty)?;
        if new.product_cart.len() > MAX_CART {
            return Err(Problem::bad_request(format!("a cart holds 1 to {MAX_CART} items")));
        }
        self.product(&item.product_id)?;
        check_metadata(&new.metadata)?;
        let customer_id = match new.customer {
            None => None,
            Some(CustomerReference::Known { customer_id }) => Some(self.customer(&customer_id)?),
            Some(CustomerReference::New(customer)) => Some(self.customer_with(customer)?),
        };
        let session = Session {
            id: random::id("cks_"),
            product_id: item.product_id.clone(),
            quantity: item.quantity,
            customer_id: customer_id.map(|it| it.customer_id),
            metadata: new.metadata,
            return_url: new.return_url,
            cancel_url: new.cancel_url,
            created_at: self.now(),
            payment_id: None,
        };
        self.write(|books| books.sessions.insert(session.id.clone(), session.clone()));
        Ok(session)
    }

    pub(super) fn session(&self, id: &str) -> Result<Session, Problem> {
        let missing = || {
            Problem::not_found("CHECKOUT_SESSION_NOT_FOUND", format!("no checkout session `{id}`"))
        };
        self.read(|books| books.sessions.get(id).cloned()).ok_or_else(missing)
    }

    /// The one payment of a session: charges, or is declined, and tells the merchant.
    ///
    /// A declined card uses the session up as well; the merchant has to open another.
    pub(super) fn charge(
        self: &Arc<Self>,
        session_id: &str,
        card: Card,
        email: Option<&str>,
    ) -> Result<(Session, Payment), Problem> {
        let session = self.session(session_id)?;
        let customer = self.buyer(&session, email)?;
        let price_minor = self.product(&session.product_id)?.price_minor * session.quantity;
        let now = self.now();
        let subscription = new_subscription(&session, &customer, price_minor, card, now);
        let payment = new_payment(&session, &subscription, card.into());

        let session = self.write(|books| {
            let session = books.sessions.get_mut(session_id).expect("a session is never deleted");
            refuse_a_used_session(session, now)?;
            session.payment_id = Some(payment.payment_id.clone());
            session.customer_id = Some(customer.customer_id);
            let session = session.clone();
            books.payments.insert(payment.payment_id.clone(), payment.clone());
            let id = subscription.subscription_id.clone();
            books.subscriptions.insert(id, subscription.clone());
            Ok::<_, Problem>(session)
        })?;
        self.announce(delivery::of_a_first_charge(&payment, &subscription));
        Ok((session, payment))
    }

    fn buyer(&self, session: &Session, email: Option<&str>) -> Result<Customer, Problem> {
        if let Some(id) = &session.customer_id {
            return self.customer(id);
        }
        let email = email.unwrap_or("buyer@example.com");
        self.customer_with(NewCustomer::of_an_address(email))
    }
}

/// A session takes one payment, within a day.
pub(super) fn refuse_a_used_session(session: &Session, now: Timestamp) -> Result<(), Problem> {
    if session.payment_id.is_some() {
        let message = "the checkout session was already used";
        return Err(Problem::new(StatusCode::CONFLICT, "CHECKOUT_SESSION_CONSUMED", message));
    }
    if now.duration_since(session.created_at) > SESSION_LIFETIME {
        let message = "the checkout session is older than 24 hours";
        return Err(Problem::new(StatusCode::GONE, "CHECKOUT_SESSION_EXPIRED", message));
    }
    Ok(())
}

fn new_subscription(
    session: &Session,
    customer: &Customer,
    recurring_minor: i64,
    card: Card,
    now: Timestamp,
) -> Subscription {
    let status = match card {
        Card::Good => "active",
        Card::Declined => "failed",
    };
    let mut subscription = Subscription {
        subscription_id: random::id("sub_"),
        status: status.to_owned(),
        product_id: session.product_id.clone(),
        quantity: session.quantity,
        customer_id: customer.customer_id.clone(),
        recurring_minor,
        metadata: session.metadata.clone(),
        created_at: now,
        previous_billing_date: now,
        next_billing_date: now,
        expires_at: (now.to_zoned(TimeZone::UTC) + 10.years()).timestamp(),
        cancel_at_next_billing_date: false,
        cancelled_at: None,
        cancellation_feedback: None,
        cancellation_comment: None,
        card,
        past_due_ends_at: None,
        next_retry_at: None,
        paused_at: None,
        scheduled_change: None,
        credit_minor: 0,
    };
    subscription.begin_period(now);
    subscription
}

fn new_payment(session: &Session, subscription: &Subscription, status: PaymentStatus) -> Payment {
    Payment {
        payment_id: random::id("pay_"),
        status,
        subscription_id: subscription.subscription_id.clone(),
        customer_id: subscription.customer_id.clone(),
        total_minor: subscription.recurring_minor,
        metadata: session.metadata.clone(),
        checkout_session_id: Some(session.id.clone()),
        charge_type: "new".to_owned(),
        created_at: subscription.created_at,
        is_update_payment_method: false,
    }
}

fn check_metadata(metadata: &Metadata) -> Result<(), Problem> {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'-';
    let fits = |(key, value): (&String, &Value)| {
        (1..=MAX_KEY_LEN).contains(&key.len())
            && key.bytes().all(plain)
            && match value {
                Value::String(text) => text.chars().count() <= MAX_VALUE_LEN,
                Value::Number(_) | Value::Bool(_) => true,
                Value::Null | Value::Array(_) | Value::Object(_) => false,
            }
    };
    if metadata.len() > MAX_METADATA || !metadata.iter().all(fits) {
        let message = "metadata holds at most 50 pairs of plain keys and short plain values";
        return Err(Problem::unprocessable("INVALID_METADATA", message));
    }
    Ok(())
}
