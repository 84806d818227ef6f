//! Find out what there is to look at, and look.

use crate::{
    act::set_renewal,
    effect::{Effect, effect},
    error::BillingError,
    settle::{alarm, settle},
    world::{Billing, World},
};
use contracts::billing::Message;
use domain::subscription::{Dispute, DisputeState, Observed, Record, Seen, Source, observe};
use jiff::{SignedDuration, Timestamp};
use ports::{
    clock::Clock,
    deliveries::Deliveries,
    payments::{Payments, Refunded},
    subscriptions::Subscriptions,
    timers::Timers,
};

/// How long a subscription may take to be known after its first payment.
const PAYMENT_WITHOUT_SUBSCRIPTION: SignedDuration = SignedDuration::from_mins(2);

/// How often a look is taken when somebody else changes the same at the same time.
const TRIES: u32 = 3;

/// Applies one message. Repeating it, late or at once, leads to the same.
pub async fn handle<W: World>(
    billing: &Billing<'_, W>,
    message: Message,
) -> Result<(), BillingError> {
    for _ in 1..TRIES {
        match once(billing, &message).await {
            // By the queue it would take minutes, and the whole subscription would wait.
            Err(BillingError::LostRace) => {}
            other => return other,
        }
    }
    once(billing, &message).await
}

async fn once<W: World>(billing: &Billing<'_, W>, message: &Message) -> Result<(), BillingError> {
    match message {
        Message::Delivery { delivery_id, .. } => apply(billing, delivery_id).await,
        Message::Look { subscription_id, .. } => {
            let outcome = look(billing, subscription_id).await?;
            tracing::info!(subscription.id = %subscription_id, outcome, "looked at a subscription");
            Ok(())
        }
        Message::Refund { payment_id, at, .. } => {
            let effect = Effect::Refund { payment: payment_id.clone() };
            let outcome = perform(billing, effect, *at).await?;
            tracing::info!(payment.id = %payment_id, outcome, "applied a refund of the books");
            Ok(())
        }
        Message::Dispute { payment_id, dispute_id, state, at, .. } => {
            let (id, payment) = (dispute_id.clone(), payment_id.clone());
            let effect = Effect::Dispute { id, payment, state: *state };
            let outcome = perform(billing, effect, *at).await?;
            tracing::info!(dispute.id = %dispute_id, outcome, "applied a dispute of the books");
            Ok(())
        }
        Message::Deletion { subscription_id, wanted, at } => {
            let outcome = if *wanted {
                revise(billing, subscription_id, |it| it.deletion_wanted(*at)).await?
            } else {
                keep(billing, subscription_id, *at).await?
            };
            tracing::info!(subscription.id = %subscription_id, wanted, outcome, "heard of a deletion");
            Ok(())
        }
    }
}

async fn apply<W: World>(billing: &Billing<'_, W>, id: &str) -> Result<(), BillingError> {
    let delivery = billing.deliveries.find(id).await?;
    let delivery = delivery.ok_or_else(|| BillingError::Missing(id.to_owned()))?;
    let effect = effect(&delivery.body, billing.products);
    let outcome = perform(billing, effect, delivery.received_at).await?;
    tracing::info!(delivery.id = %id, outcome, "applied a delivery");
    Ok(billing.deliveries.record_outcome(id, &outcome).await?)
}

/// Does what was told `at` that moment, by a delivery or by the provider's books. Returns what became of
/// it, in words.
async fn perform<W: World>(
    billing: &Billing<'_, W>,
    effect: Effect,
    at: Timestamp,
) -> Result<String, BillingError> {
    match effect {
        Effect::Subscription(seen) => told(billing, &seen, at).await,
        Effect::Payment { payment, subscription, succeeded } => {
            link(billing, &payment, &subscription, succeeded).await
        }
        Effect::Refund { payment } => refund(billing, &payment).await,
        Effect::Dispute { id, payment, state } => {
            dispute(billing, &id, &payment, Dispute { state, at }).await
        }
        Effect::Nothing(reason) => Ok(reason.to_owned()),
    }
}

/// A delivery shows the subscription.
async fn told<W: World>(
    billing: &Billing<'_, W>,
    seen: &Seen,
    at: Timestamp,
) -> Result<String, BillingError> {
    let known = billing.subscriptions.find(&seen.id).await?;
    let record = match (observe(known.as_ref(), seen, at, Source::Told), known) {
        (Observed::Applied(record), _) => *record,
        // What it would have led to may still have to be done.
        (Observed::Late, Some(known)) => known,
        (_, known) => match ask(billing, &seen.id, known).await? {
            Some(record) => record,
            None => return Ok(unknown_to_provider(&seen.id)),
        },
    };
    settle(billing, record).await
}

/// Nobody told us anything: the provider is asked.
async fn look<W: World>(billing: &Billing<'_, W>, id: &str) -> Result<String, BillingError> {
    let known = billing.subscriptions.find(id).await?;
    match ask(billing, id, known).await? {
        Some(record) => settle(billing, record).await,
        None => Ok(unknown_to_provider(id)),
    }
}

/// The record of the subscription after the provider was asked. `None`: it knows of none.
async fn ask<W: World>(
    billing: &Billing<'_, W>,
    id: &str,
    known: Option<Record>,
) -> Result<Option<Record>, BillingError> {
    // Before the question: what is told while the answer is under way is newer.
    let at = billing.clock.now();
    let Some(seen) = billing.payments.find_subscription(id).await? else {
        return Ok(None);
    };
    Ok(match observe(known.as_ref(), &seen, at, Source::Asked) {
        Observed::Applied(record) => Some(*record),
        Observed::Late | Observed::AskFirst => known,
    })
}

fn unknown_to_provider(id: &str) -> String {
    alarm(id, "refused: the payment provider does not know the subscription")
}

async fn link<W: World>(
    billing: &Billing<'_, W>,
    payment: &str,
    subscription: &str,
    succeeded: bool,
) -> Result<String, BillingError> {
    billing.subscriptions.link_payment(payment, subscription).await?;
    let now = billing.clock.now();
    let known = billing.subscriptions.find(subscription).await?;
    if !succeeded || known.is_some_and(|it| it.standing(now).entitles()) {
        return Ok("remembered which subscription it paid for".to_owned());
    }
    // Normally the subscription's own delivery is here before that.
    let at = now + PAYMENT_WITHOUT_SUBSCRIPTION;
    let look = Message::Look { subscription_id: subscription.to_owned(), at };
    billing.timers.set(&Message::timer(payment), at, &look).await?;
    Ok("the subscription is looked at in a moment".to_owned())
}

async fn refund<W: World>(billing: &Billing<'_, W>, payment: &str) -> Result<String, BillingError> {
    let Some(found) = billing.payments.find_payment(payment).await? else {
        return Ok("refused: the payment provider does not know the payment".to_owned());
    };
    match (found.refunded, found.subscription) {
        (Refunded::Partly, _) => Ok("a part of it was given back".to_owned()),
        (_, None) => Ok("the payment is for no subscription".to_owned()),
        (Refunded::No, Some(_)) => Err(BillingError::NotInBooks(payment.to_owned())),
        (Refunded::Fully, Some(subscription)) => {
            let now = billing.clock.now();
            revise(billing, &subscription, |it| it.refunded(now)).await
        }
    }
}

async fn dispute<W: World>(
    billing: &Billing<'_, W>,
    id: &str,
    payment: &str,
    dispute: Dispute,
) -> Result<String, BillingError> {
    let Some(subscription) = subscription_of(billing, payment).await? else {
        return Ok("the payment is for no subscription".to_owned());
    };
    if dispute.state == DisputeState::Open {
        // It can be answered in the provider's dashboard only, for ten days.
        tracing::warn!(dispute.id = id, subscription.id = %subscription, "a dispute is open");
    }
    revise(billing, &subscription, |it| it.disputed(id, dispute)).await
}

/// A deletion is taken back. The renewal comes first: if we end in between, the repeat finds the wish that
/// says so, and until then what is renewed again is stopped again by the next look.
async fn keep<W: World>(
    billing: &Billing<'_, W>,
    id: &str,
    at: Timestamp,
) -> Result<String, BillingError> {
    let known = billing.subscriptions.find(id).await?;
    let wish = known.and_then(|it| it.deletion).filter(|it| it.wanted && it.at < at);
    if wish.is_some_and(|it| it.renewed) {
        set_renewal(billing, id, true).await?;
    }
    revise(billing, id, |it| it.deletion_taken_back(at)).await
}

/// The subscription that `payment` was for: as we know, or as the provider does.
async fn subscription_of<W: World>(
    billing: &Billing<'_, W>,
    payment: &str,
) -> Result<Option<String>, BillingError> {
    if let Some(known) = billing.subscriptions.find_by_payment(payment).await? {
        return Ok(Some(known));
    }
    Ok(billing.payments.find_payment(payment).await?.and_then(|it| it.subscription))
}

/// Looks at the subscription in the light of something that it does not show itself.
async fn revise<W: World>(
    billing: &Billing<'_, W>,
    id: &str,
    change: impl FnOnce(Record) -> Record,
) -> Result<String, BillingError> {
    let known = billing.subscriptions.find(id).await?;
    match ask(billing, id, known).await? {
        Some(record) => settle(billing, change(record)).await,
        None => Ok(unknown_to_provider(id)),
    }
}
