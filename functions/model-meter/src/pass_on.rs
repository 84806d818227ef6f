//! An answer on its way from the provider to the instance.
//!
//! It is counted before its end is passed on: after that the function is frozen, and what it had still in
//! mind may never be done. An instance that goes away is noticed when the next piece cannot be passed on;
//! then the provider is left, too, and what came until then is counted.

use crate::{
    spend::{Reserved, settle},
    stream::Reader,
    world::{Ports, World},
};
use domain::usage::Tokens;
use lambda_runtime::streaming::{Body, Sender, channel};
use ports::model_upstream::Answer;
use runtime::fault::chain;
use std::sync::Arc;

/// What is counted along the way.
pub(crate) struct Meter {
    pub(crate) reserved: Reserved,
    pub(crate) reader: Reader,
    /// For what the provider does not say.
    pub(crate) expected: Tokens,
}

/// The body of `answer`, as it comes.
pub(crate) fn pass_on<P: Ports>(
    world: &Arc<World<P>>,
    answer: impl Answer + 'static,
    meter: Meter,
) -> Body {
    let (to, body) = channel();
    tokio::spawn(carry(Arc::clone(world), answer, meter, to));
    body
}

async fn carry<P: Ports>(
    world: Arc<World<P>>,
    mut answer: impl Answer,
    mut meter: Meter,
    mut to: Sender,
) {
    let ended_well = loop {
        match answer.chunk().await {
            Ok(None) => break true,
            Ok(Some(chunk)) => {
                meter.reader.read(&chunk);
                if to.send_data(chunk.into()).await.is_err() {
                    tracing::info!("an instance went away in the middle of an answer");
                    break false;
                }
            }
            Err(error) => {
                tracing::warn!(reason = %chain(&error), "a provider broke off");
                break false;
            }
        }
    };
    // The provider writes no more for nobody.
    drop(answer);
    settle(&world, &meter.reserved, &meter.reader.end(meter.expected)).await;
    if !ended_well {
        // A cut that looks like an end would be taken for the whole answer.
        to.abort();
    }
}
