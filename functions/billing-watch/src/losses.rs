//! Money that went back, or is asked back, and of which no delivery told.
//!
//! A subscription does not show it, so no look at one finds it. Billing is told what the books say, and
//! does what it would have done at the delivery.

use crate::{
    handler::WatchError,
    world::{Watch, World},
};
use contracts::billing::Message;
use domain::subscription::Record;
use ports::{
    clock::Clock,
    payments::{Payments, Refunded},
    subscriptions::Subscriptions,
};

/// A message for each payment that was given back in full without our knowing.
pub(crate) async fn lost_refunds<W: World>(
    watch: &Watch<'_, W>,
) -> Result<Vec<Message>, WatchError> {
    // Before the question, like every other one: what is told while it is answered is newer.
    let at = watch.clock.now();
    let mut lost = Vec::new();
    for payment_id in watch.payments.refunded_payments().await? {
        let linked = watch.subscriptions.find_by_payment(&payment_id).await?;
        if is_known(watch, linked.as_deref(), is_refunded).await? {
            continue;
        }
        let found = watch.payments.find_payment(&payment_id).await?;
        let whole = found.filter(|it| it.refunded == Refunded::Fully);
        let Some(subscription_id) = whole.and_then(|it| it.subscription) else { continue };
        if !is_known(watch, Some(&subscription_id), is_refunded).await? {
            lost.push(Message::Refund { subscription_id, payment_id, at });
        }
    }
    Ok(lost)
}

/// A message for each dispute that stands otherwise than we know.
pub(crate) async fn lost_disputes<W: World>(
    watch: &Watch<'_, W>,
) -> Result<Vec<Message>, WatchError> {
    let at = watch.clock.now();
    let mut lost = Vec::new();
    for dispute in watch.payments.disputes().await? {
        let (dispute_id, payment_id, state) = (dispute.id, dispute.payment, dispute.state);
        let subscription = match watch.subscriptions.find_by_payment(&payment_id).await? {
            Some(linked) => Some(linked),
            None => watch.payments.find_payment(&payment_id).await?.and_then(|it| it.subscription),
        };
        let Some(subscription_id) = subscription else { continue };
        let knows = |it: &Record| !it.is_news(&dispute_id, state);
        if !is_known(watch, Some(&subscription_id), knows).await? {
            lost.push(Message::Dispute { subscription_id, payment_id, dispute_id, state, at });
        }
    }
    Ok(lost)
}

fn is_refunded(record: &Record) -> bool {
    record.refunded_at.is_some()
}

async fn is_known<W: World>(
    watch: &Watch<'_, W>,
    subscription: Option<&str>,
    knows: impl Fn(&Record) -> bool,
) -> Result<bool, WatchError> {
    let Some(id) = subscription else { return Ok(false) };
    Ok(watch.subscriptions.find(id).await?.is_some_and(|it| knows(&it)))
}
