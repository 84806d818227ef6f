//! [`Payments`] on Dodo Payments.
//!
//! Nothing here is repeated by itself, see [`client`].

mod books;
mod client;
mod sale;
mod subscriptions;

pub use client::Busy;

use client::Client;
use contracts::webhook::Products;
use domain::{email::EmailAddress, id::TenantId, plan::PlanId, price::Price, subscription::Seen};
use ports::payments::{
    CheckoutPage, CheckoutState, Disputed, Order, Payment, Payments, PaymentsError, Quote,
};
use reqwest::Url;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct Dodo {
    client: Client,
    products: Products,
}

/// A setting without which nothing can be sold.
#[derive(Debug, thiserror::Error)]
pub enum Misconfigured {
    #[error("`{0}` is not an address to which paths can be added")]
    Url(Url),
    #[error("the HTTP client cannot start")]
    Client(#[source] reqwest::Error),
}

impl Dodo {
    /// `url` has no path; `key` is a secret API key for the same mode, test or live.
    pub fn new(url: Url, key: &str, products: Products) -> Result<Self, Misconfigured> {
        Ok(Self { client: Client::new(url, key)?, products })
    }
}

impl Payments for Dodo {
    async fn ensure_customer(
        &self,
        tenant: &TenantId,
        email: &EmailAddress,
    ) -> Result<String, PaymentsError> {
        sale::ensure_customer(&self.client, tenant, email).await
    }

    async fn open_checkout(&self, order: &Order) -> Result<CheckoutPage, PaymentsError> {
        sale::open_checkout(&self.client, &self.products, order).await
    }

    async fn checkout_state(&self, session_id: &str) -> Result<CheckoutState, PaymentsError> {
        sale::checkout_state(&self.client, session_id).await
    }

    async fn price(&self, plan: PlanId) -> Result<Price, PaymentsError> {
        sale::price(&self.client, self.products.product(plan)).await
    }

    async fn find_subscription(&self, id: &str) -> Result<Option<Seen>, PaymentsError> {
        subscriptions::find(&self.client, &self.products, id).await
    }

    async fn subscriptions(&self) -> Result<Vec<Seen>, PaymentsError> {
        subscriptions::all(&self.client, &self.products).await
    }

    async fn find_payment(&self, id: &str) -> Result<Option<Payment>, PaymentsError> {
        books::find_payment(&self.client, id).await
    }

    async fn refunded_payments(&self) -> Result<BTreeSet<String>, PaymentsError> {
        books::refunded_payments(&self.client).await
    }

    async fn disputes(&self) -> Result<Vec<Disputed>, PaymentsError> {
        books::disputes(&self.client).await
    }

    async fn payments(&self, customer: &str) -> Result<Vec<Payment>, PaymentsError> {
        books::payments(&self.client, customer).await
    }

    async fn quote_change(&self, id: &str, plan: PlanId) -> Result<Quote, PaymentsError> {
        subscriptions::quote_change(&self.client, id, self.products.product(plan)).await
    }

    async fn change_plan(&self, id: &str, plan: PlanId) -> Result<(), PaymentsError> {
        subscriptions::change_plan(&self.client, id, self.products.product(plan)).await
    }

    async fn set_cancellation(&self, id: &str, at_period_end: bool) -> Result<(), PaymentsError> {
        subscriptions::set_cancellation(&self.client, id, at_period_end).await
    }

    async fn portal_link(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError> {
        books::portal_link(&self.client, customer, return_url).await
    }

    async fn invoice(&self, payment: &str) -> Result<Option<Vec<u8>>, PaymentsError> {
        books::invoice(&self.client, payment).await
    }
}
