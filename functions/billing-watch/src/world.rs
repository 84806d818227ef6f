//! What the watch may reach.

use contracts::billing::{Message, Settings};
use ports::{
    census::Census, clock::Clock, credits::Credits, payments::Payments, prices::Prices,
    queue::Queue, sagas::Sagas, subscriptions::Subscriptions,
};

/// One choice for every port: the cloud in production, memory in tests.
pub trait World {
    type Census: Census;
    type Subscriptions: Subscriptions;
    type Payments: Payments + Sync;
    type Prices: Prices + Sync;
    type Sagas: Sagas;
    type Looks: Queue<Message>;
    type Credits: Credits;
    type Clock: Clock;
}

/// Everything that a run needs.
#[derive(Debug)]
pub struct Watch<'a, W: World> {
    pub census: &'a W::Census,
    pub subscriptions: &'a W::Subscriptions,
    pub payments: &'a W::Payments,
    pub prices: &'a W::Prices,
    /// Provisionings.
    pub provisions: &'a W::Sagas,
    /// To billing.
    pub looks: &'a W::Looks,
    pub credits: &'a W::Credits,
    pub clock: &'a W::Clock,
    pub settings: &'a Settings,
    /// Where somebody reads how a provisioning went; the execution's name follows.
    pub console: &'a str,
}

impl<W: World> Watch<'_, W> {
    /// Makes billing look at `subscription`.
    pub(crate) async fn nudge(&self, subscription: &str) -> Result<(), ports::Unavailable> {
        let subscription_id = subscription.to_owned();
        self.looks.send(&Message::Look { subscription_id, at: self.clock.now() }).await
    }
}
