//! Payments that the payer's bank asks back. Only a bank begins one, so only an operator does here.

use super::{
    Delivery, Dodo, Shared,
    books::Books,
    catalog::{BUSINESS_ID, CURRENCY},
    paging::Paging,
    payments::merge,
    problem::Problem,
    records::{Customer, Dispute},
};
use crate::random;
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What may become of one; `won` and `lost` are the bank's word.
const OUTCOMES: [&str; 6] = ["challenged", "accepted", "cancelled", "expired", "won", "lost"];

#[derive(Deserialize)]
pub(super) struct Filter {
    customer_id: Option<String>,
    dispute_status: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

pub(super) async fn get(
    State(dodo): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    dodo.read(|books| books.disputes.get(&id).map(|it| books.dispute_view(it)))
        .map(Json)
        .ok_or_else(|| missing(&id))
}

pub(super) async fn list(State(dodo): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    filter.paging.of(dodo.read(|books| {
        let fits = |it: &&Dispute| {
            let payer = books.payments.get(&it.payment_id).map(|it| &it.customer_id);
            filter.customer_id.as_ref().is_none_or(|id| payer == Some(id))
                && filter.dispute_status.as_ref().is_none_or(|it_is| *it_is == it.word())
        };
        books.disputes.values().filter(fits).map(|it| books.dispute_view(it)).collect()
    }))
}

fn missing(id: &str) -> Problem {
    Problem::not_found("DISPUTE_NOT_FOUND", format!("no dispute `{id}`"))
}

impl Dodo {
    pub(super) fn open_dispute(self: &Arc<Self>, payment_id: &str) -> Result<Value, Problem> {
        self.payment(payment_id)?;
        let dispute = self.write(|books| {
            let dispute = Dispute {
                dispute_id: random::id("dp_"),
                payment_id: payment_id.to_owned(),
                status: "opened".to_owned(),
                created_at: books.now(),
            };
            books.disputes.insert(dispute.dispute_id.clone(), dispute.clone());
            dispute
        });
        let event = Delivery::new("dispute.opened", &dispute.dispute_id, dispute.created_at);
        self.announce(vec![event]);
        Ok(self.read(|books| books.dispute_view(&dispute)))
    }

    /// What becomes of a dispute. `lost` takes the money; no refund is made of it.
    pub(super) fn end_dispute(self: &Arc<Self>, id: &str, status: &str) -> Result<Value, Problem> {
        if !OUTCOMES.contains(&status) {
            let message = format!("a dispute is one of {OUTCOMES:?}, not `{status}`");
            return Err(Problem::bad_request(message));
        }
        let (view, event) = self.write(|books| {
            let now = books.now();
            let dispute = books.disputes.get_mut(id).ok_or_else(|| missing(id))?;
            status.clone_into(&mut dispute.status);
            let dispute = dispute.clone();
            let event = Delivery::new(&format!("dispute.{status}"), id, now);
            Ok::<_, Problem>((books.dispute_view(&dispute), event))
        })?;
        self.announce(vec![event]);
        Ok(view)
    }
}

impl Dispute {
    pub(super) fn word(&self) -> String {
        format!("dispute_{}", self.status)
    }
}

impl Books {
    /// As a webhook shows it: nobody is named.
    pub(super) fn dispute_event(&self, dispute: &Dispute) -> Value {
        let minor = self.payments.get(&dispute.payment_id).map_or(0, |it| it.total_minor);
        json!({
            "dispute_id": dispute.dispute_id,
            "payment_id": dispute.payment_id,
            "business_id": BUSINESS_ID,
            // A string, unlike every other amount.
            "amount": format!("{}.{:02}", minor / 100, minor % 100),
            "currency": CURRENCY,
            "dispute_stage": "dispute",
            "dispute_status": dispute.word(),
            "created_at": dispute.created_at,
            "is_resolved_by_rdr": null,
            "remarks": null,
        })
    }

    pub(super) fn dispute_view(&self, dispute: &Dispute) -> Value {
        let mut view = self.dispute_event(dispute);
        let payment = self.payments.get(&dispute.payment_id);
        let customer = payment.and_then(|it| self.customers.get(&it.customer_id));
        let more = json!({
            "brand_id": BUSINESS_ID,
            "customer": customer.map(Customer::within_another),
            "payment_provider": "dodo",
            "reason": null,
        });
        merge(&mut view, more);
        view
    }
}
