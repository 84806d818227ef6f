//! Holding what a call may cost, and counting what it did cost.
//!
//! An account is read, decided upon and written back on the condition that nobody else has. A project makes
//! few calls at a time, so whoever loses that race has it won within a few rounds.

use crate::{
    call::{Address, Call},
    refusal::Refusal,
    stream::Took,
    world::{PATIENCE, Ports, World},
};
use domain::{
    id::ProjectId,
    model::{ModelId, ModelProvider},
    project::Project,
    usage::{Hold, Limits, MAX_IN_FLIGHT, Micros, Month, Rate, Whose, day_of, price_of},
};
use jiff::{SignedDuration, Timestamp, civil::Date};
use ports::{
    Unavailable,
    clock::Clock,
    usage::{KeepError, SettleError, Usage, Used},
};
use runtime::fault::chain;
use std::time::Duration;

/// An agent makes a call every few seconds while it works; ten tools at once make ten.
const RATE: Rate = Rate { per_minute: 60, burst: 20 };
/// A hold outlives its call by what settling may take.
const HOLD_TTL: Duration = PATIENCE.saturating_add(Duration::from_mins(1));
/// In each round somebody gets through.
const MAX_ROUNDS: usize = 2 * MAX_IN_FLIGHT;
/// Before a table is asked again that did not answer.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a table may not answer before a call is given up for lost.
const MAX_FAILURES: u32 = 5;

/// A call that was let through.
#[derive(Clone, Debug)]
pub(crate) struct Reserved {
    call: String,
    project: ProjectId,
    month: Month,
    day: Date,
    provider: ModelProvider,
    whose: Whose,
    model: ModelId,
}

pub(crate) async fn reserve<P: Ports>(
    world: &World<P>,
    id: &str,
    project: &Project,
    address: &Address,
    call: &Call,
) -> Result<Reserved, Refusal> {
    let now = world.clock.now();
    let month = Month::of(now);
    let reserved = Reserved {
        call: id.to_owned(),
        project: project.id.clone(),
        month,
        day: day_of(now),
        provider: address.provider,
        whose: address.whose(),
        model: call.model.clone(),
    };
    let limits = Limits {
        cap: world.usage.cap(&project.id).await?,
        included: project.plan.plan().included,
        rate: RATE,
    };
    let hold = Hold {
        amount: price_of(address.provider, call.model.as_str()).price.cost(call.expected),
        whose: reserved.whose,
        expires_at: expires_at(now),
    };
    for _ in 0..MAX_ROUNDS {
        let account = world.usage.account(&project.id, month).await?;
        let held = account.reserve(id, hold.clone(), &limits, now);
        let held = held.map_err(|it| Refusal::limited(it, month, now))?;
        match world.usage.keep(&project.id, month, &held).await {
            Ok(()) => return Ok(reserved),
            Err(KeepError::LostRace) => (),
            Err(KeepError::Unavailable(error)) => return Err(error.into()),
        }
    }
    Err(Refusal::Contended)
}

fn expires_at(now: Timestamp) -> Timestamp {
    SignedDuration::try_from(HOLD_TTL).map_or(now, |ttl| now.saturating_add(ttl).unwrap_or(now))
}

/// Gives back what was held for a call that cost nothing. A hold that stays expires.
pub(crate) async fn release<P: Ports>(world: &World<P>, reserved: &Reserved) {
    if let Err(error) = persist(world, reserved, None).await {
        tracing::warn!(project.id = %reserved.project, reason = %chain(&error), "a hold was not released");
    }
}

/// Counts what a call took, once, however often it is said.
pub(crate) async fn settle<P: Ports>(world: &World<P>, reserved: &Reserved, took: &Took) {
    let used = used(reserved, took);
    let ended = persist(world, reserved, Some(&used)).await;
    let (project, micros) = (&used.project, used.cost.0);
    match ended {
        Ok(()) => tracing::info!(
            project.id = %project, provider = %used.provider, model = used.model.as_str(),
            micros, estimated = used.is_estimated, "a call was counted"
        ),
        // An alarm waits for these words.
        Err(error) => tracing::error!(
            project.id = %project, micros, reason = %chain(&error), "a call was not counted"
        ),
    }
}

fn used(reserved: &Reserved, took: &Took) -> Used {
    // By the model that answered, if its price is known: a router's choice is not what was asked for.
    let asked = price_of(reserved.provider, reserved.model.as_str());
    let answered = took.model.as_deref().map(|it| price_of(reserved.provider, it));
    let priced = answered.filter(|it| it.is_known).unwrap_or(asked);
    Used {
        call: reserved.call.clone(),
        project: reserved.project.clone(),
        day: reserved.day,
        month: reserved.month,
        provider: reserved.provider,
        model: reserved.model.clone(),
        tokens: took.tokens,
        cost: priced.price.cost(took.tokens),
        is_estimated: took.is_estimated,
    }
}

/// Goes round until it is written, for nobody else will do it: the caller waits meanwhile, and not for long.
async fn persist<P: Ports>(
    world: &World<P>,
    reserved: &Reserved,
    used: Option<&Used>,
) -> Result<(), Unavailable> {
    let (mut lost, mut failures) = (0, 0);
    loop {
        match write(world, reserved, used).await {
            Ok(true) => return Ok(()),
            Ok(false) if lost < MAX_ROUNDS => lost += 1,
            Ok(false) => return Err(Unavailable::new("usage", "lost every race for the account")),
            Err(error) if failures >= MAX_FAILURES => return Err(error),
            Err(_) => {
                failures += 1;
                world.clock.sleep(PAUSE).await;
            }
        }
    }
}

/// One round: takes the hold away, and counts `used` if there is something to count. `false` if another call
/// was faster.
async fn write<P: Ports>(
    world: &World<P>,
    reserved: &Reserved,
    used: Option<&Used>,
) -> Result<bool, Unavailable> {
    let (project, month) = (&reserved.project, reserved.month);
    let account = world.usage.account(project, month).await?;
    let cost = used.map_or(Micros(0), |it| it.cost);
    let after = account.settle(&reserved.call, reserved.whose, cost);
    let Some(used) = used else {
        return match world.usage.keep(project, month, &after).await {
            Ok(()) => Ok(true),
            Err(KeepError::LostRace) => Ok(false),
            Err(KeepError::Unavailable(error)) => Err(error),
        };
    };
    match world.usage.settle(used, &after).await {
        Ok(()) | Err(SettleError::Counted) => Ok(true),
        Err(SettleError::LostRace) => Ok(false),
        Err(SettleError::Unavailable(error)) => Err(error),
    }
}
