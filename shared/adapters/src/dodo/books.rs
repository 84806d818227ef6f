//! After the payment: what was charged, its invoice, and the customer's own page.

use super::client::{Client, answer, bytes, found};
use jiff::Timestamp;
use ports::payments::{Payment, PaymentsError, Refunded};
use reqwest::header::ACCEPT;
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Customer {
    customer_id: String,
}

#[derive(Deserialize)]
struct PortalSession {
    link: String,
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

pub(super) async fn find_payment(
    dodo: &Client,
    id: &str,
) -> Result<Option<Payment>, PaymentsError> {
    let body: Option<PaymentBody> = found(answer(dodo.get(&["payments", id])).await)?;
    Ok(body.map(Into::into))
}

/// Dodo promises no order, so the newest of the first page are put first here.
pub(super) async fn payments(dodo: &Client, customer: &str) -> Result<Vec<Payment>, PaymentsError> {
    let of_theirs = [("customer_id", customer)];
    let page: Vec<PaymentBody> = dodo.page(&["payments"], 0, &of_theirs).await?;
    let mut payments: Vec<Payment> = page.into_iter().map(Into::into).collect();
    payments.sort_by_key(|it| std::cmp::Reverse(it.created_at));
    Ok(payments)
}

pub(super) async fn portal_link(
    dodo: &Client,
    customer: &str,
    return_url: &str,
) -> Result<String, PaymentsError> {
    let request = dodo.post(&["customers", customer, "customer-portal", "session"]);
    let session: PortalSession = answer(request.query(&[("return_url", return_url)])).await?;
    Ok(session.link)
}

pub(super) async fn invoice(
    dodo: &Client,
    payment: &str,
) -> Result<Option<Vec<u8>>, PaymentsError> {
    let request = dodo.get(&["invoices", "payments", payment]);
    found(bytes(request.header(ACCEPT, "application/pdf")).await)
}
