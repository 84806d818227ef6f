//! A payment provider that takes no money.

use crate::outage::Outage;
use domain::{
    email::EmailAddress,
    id::TenantId,
    plan::PlanId,
    price::Price,
    subscription::{Seen, Status},
};
use ports::{
    Unavailable,
    payments::{
        CheckoutPage, CheckoutState, Disputed, Obstacle, Order, Payment, Payments, PaymentsError,
        Quote, Refunded,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
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
    subscriptions: BTreeMap<String, Seen>,
    payments: Vec<Payment>,
    disputes: BTreeMap<String, Disputed>,
    prices: BTreeMap<PlanId, Price>,
    price_looks: u32,
    changes: Vec<(String, PlanId)>,
    refuses_cards: bool,
    loses_answers: bool,
    takes_its_time: bool,
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

    /// `plan` costs this from now on.
    pub fn set_price(&self, plan: PlanId, price: Price) {
        self.lock().prices.insert(plan, price);
    }

    /// What became of the checkout called `session_id`. It is open otherwise.
    pub fn set_checkout_state(&self, session_id: &str, state: CheckoutState) {
        self.lock().states.insert(session_id.to_owned(), state);
    }

    pub fn put_subscription(&self, subscription: Seen) {
        self.lock().subscriptions.insert(subscription.id.clone(), subscription);
    }

    pub fn put_payment(&self, payment: Payment) {
        self.lock().payments.push(payment);
    }

    pub fn put_dispute(&self, dispute: Disputed) {
        self.lock().disputes.insert(dispute.id.clone(), dispute);
    }

    /// Every change of a plan that was tried, oldest first: each may have taken money.
    pub fn changes(&self) -> Vec<(String, PlanId)> {
        self.lock().changes.clone()
    }

    /// Whether a charge is declined from now on.
    pub fn refuse_cards(&self, refuses: bool) {
        self.lock().refuses_cards = refuses;
    }

    /// Whether what is changed from now on is done, and nobody learns of it.
    pub fn lose_answers(&self, loses: bool) {
        self.lock().loses_answers = loses;
    }

    /// Whether a charge is under way for as long as the test wants, and its change with it.
    pub fn take_time(&self, takes: bool) {
        self.lock().takes_its_time = takes;
    }

    /// Changes the subscription called `id`, and answers if answers arrive.
    fn update(&self, id: &str, change: impl FnOnce(&mut Seen)) -> Result<(), PaymentsError> {
        let mut books = self.lock();
        books.subscriptions.get_mut(id).map(change).ok_or_else(unknown)?;
        if books.loses_answers {
            return Err(Unavailable::new("payments", "the answer is lost").into());
        }
        Ok(())
    }

    /// As it is now, if its plan can be changed.
    fn changeable(&self, id: &str) -> Result<Seen, PaymentsError> {
        let seen = self.lock().subscriptions.get(id).cloned().ok_or_else(unknown)?;
        match seen.status {
            Status::Active if seen.cancels_at_period_end => Err(Obstacle::Ending.into()),
            Status::Active => Ok(seen),
            _ => Err(Obstacle::Inactive.into()),
        }
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
        let set = self.lock().prices.get(&plan).cloned();
        Ok(set.unwrap_or_else(|| usd(price_minor(plan))))
    }

    async fn find_subscription(&self, id: &str) -> Result<Option<Seen>, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().subscriptions.get(id).cloned())
    }

    async fn subscriptions(&self) -> Result<Vec<Seen>, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().subscriptions.values().cloned().collect())
    }

    async fn find_payment(&self, id: &str) -> Result<Option<Payment>, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().payments.iter().find(|it| it.id == id).cloned())
    }

    async fn refunded_payments(&self) -> Result<BTreeSet<String>, PaymentsError> {
        self.outage.check("payments")?;
        let books = self.lock();
        let refunded = books.payments.iter().filter(|it| it.refunded != Refunded::No);
        Ok(refunded.map(|it| it.id.clone()).collect())
    }

    async fn disputes(&self) -> Result<Vec<Disputed>, PaymentsError> {
        self.outage.check("payments")?;
        Ok(self.lock().disputes.values().cloned().collect())
    }

    async fn payments(&self, customer: &str) -> Result<Vec<Payment>, PaymentsError> {
        self.outage.check("payments")?;
        let mut mine = self.lock().payments.clone();
        mine.retain(|it| it.customer == customer);
        mine.sort_by_key(|it| std::cmp::Reverse(it.created_at));
        Ok(mine)
    }

    async fn quote_change(&self, id: &str, plan: PlanId) -> Result<Quote, PaymentsError> {
        self.outage.check("payments")?;
        let known = self.changeable(id)?;
        let (to, from) = (price_minor(plan), known.plan.map_or(0, price_minor));
        let difference = i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(from).unwrap_or(0);
        Ok(Quote { due_now_minor: difference, currency: "USD".to_owned(), recurring_minor: to })
    }

    async fn change_plan(&self, id: &str, plan: PlanId) -> Result<(), PaymentsError> {
        self.outage.check("payments")?;
        self.changeable(id)?;
        {
            let mut books = self.lock();
            books.changes.push((id.to_owned(), plan));
            if books.refuses_cards {
                return Err(PaymentsError::Declined);
            }
            if books.takes_its_time {
                return Ok(());
            }
        }
        self.update(id, |it| {
            it.plan = Some(plan);
            it.price_minor = Some(price_minor(plan));
        })
    }

    async fn set_cancellation(&self, id: &str, at_period_end: bool) -> Result<(), PaymentsError> {
        self.outage.check("payments")?;
        let known = self.lock().subscriptions.get(id).map(|it| it.status);
        if matches!(known, Some(Status::Cancelled | Status::Expired | Status::Failed)) {
            return Err(Obstacle::Inactive.into());
        }
        self.update(id, |it| it.cancels_at_period_end = at_period_end)
    }

    async fn portal_link(&self, customer: &str, return_url: &str) -> Result<String, PaymentsError> {
        self.outage.check("payments")?;
        Ok(format!("https://portal.test/{customer}?return_url={return_url}"))
    }

    async fn invoice(&self, payment: &str) -> Result<Option<Vec<u8>>, PaymentsError> {
        let found = self.find_payment(payment).await?;
        Ok(found.map(|it| format!("%PDF-1.7 {}", it.id).into_bytes()))
    }
}

fn price_minor(plan: PlanId) -> u64 {
    match plan {
        PlanId::Standard => 4_900,
        PlanId::Pro => 6_500,
        PlanId::Dedicated => 9_900,
    }
}

/// A price without its tax.
pub fn usd(minor: u64) -> Price {
    Price { minor, currency: "USD".to_owned(), tax_inclusive: false }
}

fn unknown() -> PaymentsError {
    let message = "there is none of that id".to_owned();
    PaymentsError::Refused { code: "NOT_FOUND".to_owned(), message }
}
