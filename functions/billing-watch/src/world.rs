//! What the watch may reach.

use contracts::billing::{Message, Settings};
use ports::{
    census::Census, clock::Clock, credits::Credits, payments::Payments, queue::Queue, sagas::Sagas,
    subscriptions::Subscriptions,
};

#[derive(Debug)]
pub struct World<'a, N, U, Y, S, Q, R, C> {
    pub census: &'a N,
    pub subscriptions: &'a U,
    pub payments: &'a Y,
    /// Provisionings.
    pub provisions: &'a S,
    /// To billing.
    pub looks: &'a Q,
    pub credits: &'a R,
    pub clock: &'a C,
    pub settings: &'a Settings,
    /// Where somebody reads how a provisioning went; the execution's name follows.
    pub console: &'a str,
}

impl<N, U, Y, S, Q, R, C> World<'_, N, U, Y, S, Q, R, C>
where
    N: Census,
    U: Subscriptions,
    Y: Payments,
    S: Sagas,
    Q: Queue<Message>,
    R: Credits,
    C: Clock,
{
    /// Makes billing look at `subscription`.
    pub(crate) async fn nudge(&self, subscription: &str) -> Result<(), ports::Unavailable> {
        let subscription_id = subscription.to_owned();
        self.looks.send(&Message::Look { subscription_id, at: self.clock.now() }).await
    }
}
