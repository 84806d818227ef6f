//! Who looks as if they were about to buy: the warm pool gets ready for them.

use crate::{
    caller::Writer,
    input::{Body, Fields, Input},
    refusal::Refusal,
    throttle::seconds_until,
    view::IntentBody,
    world::{Api, World},
};
use axum::extract::State;
use contracts::warm::Poke;
use domain::plan::PlanId;
use http::StatusCode;
use ports::{
    clock::Clock,
    intents::Intents,
    queue::Queue,
    throttles::{Throttle, Throttles},
};
use std::{sync::Arc, time::Duration};

/// How long an intent counts. A site whose visitor is still there says so again.
const INTENT_TTL: Duration = Duration::from_mins(5);

/// Intents of one user within [`WINDOW`]. However many there are, only the last one counts; the limit
/// is for the looks that each of them causes.
const MAX_INTENTS: u32 = 10;
const WINDOW: Duration = Duration::from_mins(1);

pub(crate) struct Intent {
    plan: PlanId,
}

impl Input for Intent {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.plan("plan").map(|plan| Self { plan })
    }
}

/// Says that this user may soon buy a plan, so that an instance is warm by then.
///
/// A hint: nothing is promised and nothing is owed. Repeating it prolongs it; another plan takes its
/// place.
#[utoipa::path(
    post, path = "/api/intents", tag = "plans",
    security(("session" = []), ("access_token" = ["write"])),
    request_body = IntentBody,
    responses((status = 204, description = "It is known for the next five minutes"))
)]
pub(crate) async fn record<W: World>(
    State(api): State<Arc<Api<W>>>,
    Writer(scope): Writer,
    Body(Intent { plan }): Body<Intent>,
) -> Result<StatusCode, Refusal> {
    let now = api.clock.now();
    let throttle = Throttle { key: format!("intents#{}", scope.user()), window: WINDOW };
    let tries = api.throttles.count_try(&throttle, now).await?;
    if tries.count > MAX_INTENTS {
        return Err(Refusal::TooManyTries { retry_after_s: seconds_until(tries.until, now) });
    }
    api.intents.record(scope.user(), plan, now + INTENT_TTL).await?;
    api.pokes.send(&Poke {}).await?;
    Ok(StatusCode::NO_CONTENT)
}
