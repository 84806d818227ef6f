//! After the payment: what was charged, its invoice, and the customer's own page.

use super::client::{Client, answer, bytes, found};
use contracts::webhook::Data;
use jiff::Timestamp;
use ports::payments::{Disputed, Payment, PaymentsError, Refunded};
use reqwest::header::ACCEPT;
use serde::Deserialize;
use std::collections::BTreeSet;

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
struct RefundBody {
    refund_id: String,
    payment_id: String,
    status: String,
}

/// Of a refund: the money has gone back.
const SUCCEEDED: &str = "succeeded";

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

pub(super) async fn refunded_payments(dodo: &Client) -> Result<BTreeSet<String>, PaymentsError> {
    let went_back = [("status", SUCCEEDED)];
    let id = |it: &RefundBody| Some(it.refund_id.clone());
    let refunds = dodo.pages(&["refunds"], &went_back, id).await?;
    Ok(refunds.into_iter().filter(|it| it.status == SUCCEEDED).map(|it| it.payment_id).collect())
}

pub(super) async fn disputes(dodo: &Client) -> Result<Vec<Disputed>, PaymentsError> {
    let all = dodo.pages(&["disputes"], &[], |it: &Data| it.dispute_id.clone()).await?;
    let disputed = |it: Data| {
        let state = it.dispute_state()?;
        Some(Disputed { id: it.dispute_id?, payment: it.payment_id?, state })
    };
    Ok(all.into_iter().filter_map(disputed).collect())
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
