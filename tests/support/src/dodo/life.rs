//! What time does to a subscription: renewals that work or fail, grace, and the end.

use super::{
    Delivery, Dodo,
    books::Books,
    records::{Card, Payment, PaymentStatus, Subscription},
};
use crate::{clock, random};
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

/// How often it looks whether something is due when nobody moves its clock, and saves its books.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// While past due, the card is tried again this often.
const RETRY_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Lives on in the background, as long as anybody holds `dodo`.
pub(super) fn go_on(dodo: &Arc<Dodo>) {
    let weak = Arc::downgrade(dodo);
    tokio::spawn(async move {
        while let Some(dodo) = Weak::upgrade(&weak) {
            dodo.catch_up();
            dodo.save();
            drop(dodo);
            clock::pause(LOOK_EVERY).await;
        }
    });
}

impl Dodo {
    /// Moves this clock on, through everything that happens on the way, and returns the new time.
    pub(super) fn advance(self: &Arc<Self>, by: SignedDuration) -> Timestamp {
        self.write(|books| books.ahead_s = books.ahead_s.saturating_add(by.as_secs()));
        self.catch_up();
        self.moved.send_replace(());
        self.now()
    }

    /// Everything that is due by now happens, in its order.
    pub(super) fn catch_up(self: &Arc<Self>) {
        if self.read(|books| books.next_due(books.now()).is_none()) {
            return;
        }
        let events = self.write(|books| books.live_until(books.now(), self.settings.grace()));
        self.announce(events);
    }
}

impl Subscription {
    /// When something happens to it by itself.
    fn due_at(&self) -> Option<Timestamp> {
        match self.status.as_str() {
            "active" => Some(self.next_billing_date.min(self.expires_at)),
            "past_due" => self.past_due_ends_at.into_iter().chain(self.next_retry_at).min(),
            _ => None,
        }
    }

    pub(super) fn begin_period(&mut self, from: Timestamp) {
        self.previous_billing_date = from;
        self.next_billing_date = (from.to_zoned(TimeZone::UTC) + 1.month()).timestamp();
    }

    /// The period that was not paid for began with its due date; if it would be over already, a new
    /// one begins now.
    fn resume_period(&mut self, now: Timestamp) {
        self.begin_period(self.next_billing_date.min(now));
        if self.next_billing_date <= now {
            self.begin_period(now);
        }
    }

    fn enter(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        self.past_due_ends_at = None;
        self.next_retry_at = None;
    }
}

impl Books {
    fn next_due(&self, until: Timestamp) -> Option<(Timestamp, String)> {
        let due = self.subscriptions.values().filter_map(|it| Some((it.due_at()?, it)));
        let (at, first) = due.filter(|(at, _)| *at <= until).min_by_key(|(at, _)| *at)?;
        Some((at, first.subscription_id.clone()))
    }

    fn live_until(&mut self, until: Timestamp, grace: SignedDuration) -> Vec<Delivery> {
        let mut events = Vec::new();
        while let Some((at, id)) = self.next_due(until) {
            let kinds = self.happen(&id, at, grace);
            events.extend(kinds.into_iter().map(|(kind, about)| Delivery::new(kind, &about, at)));
        }
        events
    }

    /// What is due for one subscription at `at`: the events' types, and what each is about.
    pub(super) fn happen(
        &mut self,
        id: &str,
        at: Timestamp,
        grace: SignedDuration,
    ) -> Vec<(&'static str, String)> {
        let Some(subscription) = self.subscriptions.get_mut(id) else { return Vec::new() };
        let own = |kind| (kind, id.to_owned());
        if subscription.status == "past_due" {
            if subscription.past_due_ends_at.is_some_and(|it| it <= at) {
                subscription.enter("on_hold");
                return vec![own("subscription.on_hold"), own("subscription.updated")];
            }
            return self.settle_dues(id, at);
        }
        if subscription.expires_at <= at {
            subscription.enter("expired");
            return vec![own("subscription.expired"), own("subscription.updated")];
        }
        if subscription.cancel_at_next_billing_date {
            subscription.enter("cancelled");
            subscription.cancelled_at = Some(at);
            return vec![own("subscription.cancelled"), own("subscription.updated")];
        }
        let mut events = Vec::new();
        if let Some(change) = subscription.scheduled_change.take() {
            subscription.product_id = change.product_id;
            subscription.quantity = change.quantity;
            subscription.recurring_minor = change.recurring_minor;
            events.push(own("subscription.plan_changed"));
        }
        events.extend(self.renew(id, at, grace));
        events
    }

    fn renew(
        &mut self,
        id: &str,
        at: Timestamp,
        grace: SignedDuration,
    ) -> Vec<(&'static str, String)> {
        let own = |kind| (kind, id.to_owned());
        let Some(payment) = self.charge_dues(id, at) else { return Vec::new() };
        let Some(subscription) = self.subscriptions.get_mut(id) else { return Vec::new() };
        if payment.status == PaymentStatus::Succeeded {
            subscription.begin_period(at);
            return vec![
                ("payment.succeeded", payment.payment_id),
                own("subscription.renewed"),
                own("subscription.updated"),
            ];
        }
        let mut events = vec![("payment.failed", payment.payment_id)];
        if grace.is_zero() {
            subscription.enter("on_hold");
            events.push(own("subscription.on_hold"));
        } else {
            subscription.enter("past_due");
            subscription.past_due_ends_at = Some(at + grace);
            subscription.next_retry_at = Some(at + RETRY_EVERY);
            events.extend([own("subscription.past_due"), own("dunning.started")]);
        }
        events.push(own("subscription.updated"));
        events
    }

    /// Charges what a subscription that is past due or on hold owes. If that works, it is active
    /// again.
    pub(super) fn settle_dues(&mut self, id: &str, at: Timestamp) -> Vec<(&'static str, String)> {
        let own = |kind| (kind, id.to_owned());
        let Some(payment) = self.charge_dues(id, at) else { return Vec::new() };
        let Some(subscription) = self.subscriptions.get_mut(id) else { return Vec::new() };
        if payment.status == PaymentStatus::Failed {
            subscription.next_retry_at = subscription.next_retry_at.map(|_| at + RETRY_EVERY);
            return vec![("payment.failed", payment.payment_id)];
        }
        let was_past_due = subscription.status == "past_due";
        subscription.enter("active");
        subscription.resume_period(at);
        let mut events = vec![
            ("payment.succeeded", payment.payment_id),
            own("subscription.active"),
            own("subscription.renewed"),
            own("subscription.updated"),
        ];
        if was_past_due {
            events.push(own("dunning.recovered"));
        }
        events
    }

    /// One period's price, less what is left of downgrades.
    fn charge_dues(&mut self, id: &str, at: Timestamp) -> Option<Payment> {
        let subscription = self.subscriptions.get(id)?;
        let credit = subscription.credit_minor.min(subscription.recurring_minor);
        let payment = self.charge(id, "renewal", subscription.recurring_minor - credit, at)?;
        if payment.status == PaymentStatus::Succeeded {
            self.subscriptions.get_mut(id)?.credit_minor -= credit;
        }
        Some(payment)
    }

    /// Charges the subscription's card. Nothing to pay always works.
    pub(super) fn charge(
        &mut self,
        id: &str,
        charge_type: &str,
        total_minor: i64,
        at: Timestamp,
    ) -> Option<Payment> {
        let subscription = self.subscriptions.get(id)?;
        let card = if total_minor == 0 { Card::Good } else { subscription.card };
        let payment = Payment {
            payment_id: random::id("pay_"),
            status: card.into(),
            subscription_id: id.to_owned(),
            customer_id: subscription.customer_id.clone(),
            total_minor,
            metadata: subscription.metadata.clone(),
            checkout_session_id: None,
            charge_type: charge_type.to_owned(),
            created_at: at,
            is_update_payment_method: false,
        };
        self.payments.insert(payment.payment_id.clone(), payment.clone());
        Some(payment)
    }
}
