//! A payment provider that takes no money.

use crate::outage::Outage;
use domain::{email::EmailAddress, id::TenantId, plan::PlanId};
use ports::payments::{
    CheckoutPage, CheckoutState, Order, Payments, PaymentsError, Price, Subscription,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakePayments {
    books: Mutex<Books>,
    pub outage: Outage,
}

#[derive(Debug, Default)]
struct Books {
    customers: BTreeMap<TenantId, String>,
    orders: Vec<Order>,
    states: BTreeMap<String, CheckoutState>,
    subscriptions: BTreeMap<String, Subscription>,
    price_looks: u32,
}

impl FakePayments {
    /// Every checkout that was opened, oldest first.
    pub fn orders(&self) -> Vec<Order> {
        self.lock().orders.clone()
    }

    /// How often somebody asked for a price.
    pub fn price_looks(&self) -> u32 {
        self.lock().price_looks
    }

    /// What became of the checkout called `session_id`. It is open otherwise.
    pub fn set_checkout_state(&self, session_id: &str, state: CheckoutState) {
        self.lock().states.insert(session_id.to_owned(), state);
    }

    pub fn put_subscription(&self, subscription: Subscription) {
        self.lock().subscriptions.insert(subscription.id.clone(), subscription);
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Payments for FakePayments {
    async fn ensure_customer(
        &self,
        tenant: &TenantId,
        _email: &EmailAddress,
    ) -> Result<String, PaymentsError> {
        self.outage.check("payments")?;
        let mut books = self.lock();
        let number = books.customers.len() + 1;
        let customer = books.customers.entry(tenant.clone());
        Ok(customer.or_insert_with(|| format!("cus_{number}")).clone())
    }

    async fn open_checkout(&self, order: &Order) -> Result<CheckoutPage, PaymentsError> {
        self.outage.check("payments")?;
        let mut books = self.lock();
        books.orders.push(order.clone());
        let session_id = format!("cks_{}", books.orders.len());
        let url = format!("https://checkout.test/session/{session_id}");
        Ok(CheckoutPage { session_id, url })
    }

    async fn checkout_state(&self, session_id: &str) -> Result<CheckoutState, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().states.get(session_id).copied().unwrap_or(CheckoutState::Open))
    }

    async fn price(&self, plan: PlanId) -> Result<Price, PaymentsError> {
        self.lock().price_looks += 1;
        self.outage.check("payments")?;
        let minor = match plan {
            PlanId::Standard => 4_900,
            PlanId::Pro => 6_500,
            PlanId::Dedicated => 9_900,
        };
        Ok(Price { minor, currency: "USD".to_owned() })
    }

    async fn find_subscription(&self, id: &str) -> Result<Option<Subscription>, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().subscriptions.get(id).cloned())
    }
}
