//! From what is known of a subscription to what is done about it.
//!
//! The order of the writes is what makes a crash between any two of them harmless: first what was
//! seen, then what is done about it, each by a name of its own, then the timer. A repeat
//! finds what is done already and goes on from there.

use crate::{
    act::act,
    error::BillingError,
    payer::{Payer, payer},
    world::{Billing, World},
};
use contracts::billing::Message;
use domain::{
    project::Project,
    subscription::{Record, decide, next_look},
};
use jiff::{SignedDuration, Timestamp};
use ports::{clock::Clock, subscriptions::Subscriptions, timers::Timers};

/// A timer whose moment is over before it is set might be refused.
const SOONEST: SignedDuration = SignedDuration::from_secs(5);

/// Remembers `record` and does what it asks for. Returns what became of it, in words.
pub(crate) async fn settle<W: World>(
    billing: &Billing<'_, W>,
    record: Record,
) -> Result<String, BillingError> {
    let (project, refusal) = match payer(billing, &record).await? {
        Payer::Of(project) => (Some(*project), None),
        Payer::Refused(why) => (None, Some(why)),
    };
    let named = project.as_ref().map_or_else(
        || record.clone(),
        |it| Record {
            project: Some(it.id.clone()),
            tenant: Some(it.tenant_id.clone()),
            ..record.clone()
        },
    );
    let record = keep(billing, named).await?;
    match (project, refusal) {
        (Some(project), _) => serve(billing, &project, record).await,
        (None, why) => Ok(refused(billing, &record, why.unwrap_or_default())),
    }
}

/// Somebody has to look if it is about money.
fn refused<W: World>(billing: &Billing<'_, W>, record: &Record, why: &'static str) -> String {
    if record.standing(billing.clock.now()).entitles() {
        alarm(&record.seen.id, why)
    } else {
        why.to_owned()
    }
}

async fn serve<W: World>(
    billing: &Billing<'_, W>,
    project: &Project,
    record: Record,
) -> Result<String, BillingError> {
    let now = billing.clock.now();
    let mut record = record;
    let mut outcomes = Vec::new();
    let mut look_at = next_look(project, &record, now, billing.terms);
    for step in decide(project, &record, now, billing.terms) {
        let done = act(billing, project, &record, &step).await?;
        outcomes.push(done.outcome);
        if let Some(key) = done.told {
            // At once: the next step may be what ends the occasion.
            record = keep(billing, record.told(key, now)).await?;
            look_at = next_look(project, &record, now, billing.terms);
        }
        look_at = look_at.into_iter().chain(done.look_at).min();
    }
    let wound = wind(billing, record.clone(), look_at.map(|it| it.max(now + SOONEST))).await?;
    if wound != record {
        keep(billing, wound).await?;
    }
    Ok(outcomes.join("; "))
}

/// Sets the timer of the subscription, or clears it.
async fn wind<W: World>(
    billing: &Billing<'_, W>,
    record: Record,
    look_at: Option<Timestamp>,
) -> Result<Record, BillingError> {
    if look_at == record.look_at {
        return Ok(record);
    }
    let name = Message::timer(&record.seen.id);
    match look_at {
        Some(at) => {
            let look = Message::Look { subscription_id: record.seen.id.clone(), at };
            billing.timers.set(&name, at, &look).await?;
        }
        None => billing.timers.clear(&name).await?,
    }
    Ok(Record { look_at, ..record })
}

/// Writes `record` if it is not what is stored already.
async fn keep<W: World>(billing: &Billing<'_, W>, record: Record) -> Result<Record, BillingError> {
    let stored = billing.subscriptions.find(&record.seen.id).await?;
    if stored.as_ref() == Some(&record) {
        return Ok(record);
    }
    Ok(billing.subscriptions.record(&record).await?)
}

/// Wakes somebody: the alarm goes by this line.
pub(crate) fn alarm(subscription: &str, what: &'static str) -> String {
    tracing::error!(subscription.id = %subscription, what, "billing needs a person");
    what.to_owned()
}
