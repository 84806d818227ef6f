//! An execution that has ended and left undone what it was for is followed by another one.
//!
//! Its name is its idempotency key, so the next one needs another name: the number of the try is in it.
//! The pauses grow, so that what heals by itself has the time to; after the last try a person is woken.
//! What the tries were is asked of the state machine itself and kept nowhere else.

use crate::error::BillingError;
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    sagas::{Course, Sagas},
};
use serde::Serialize;

/// Executions for one purpose.
pub(crate) const MAX_TRIES: u32 = 5;
/// After the first one. Each pause is [`GROWTH`] times the one before: all of them are about three hours.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
const GROWTH: i32 = 4;
/// How soon it is looked at what became of one that runs.
const FOLLOW_UP: SignedDuration = SignedDuration::from_mins(1);

/// What the tries have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Started {
        look_at: Timestamp,
    },
    Running {
        look_at: Timestamp,
    },
    /// The last one ended, and the next one has to wait.
    Paused {
        look_at: Timestamp,
    },
    /// A person has to take back what is left of the last one. There is an alarm for that already.
    Stuck,
    GivenUp,
}

/// Has an execution under way, whose name and input for each try `of_try` knows.
pub(crate) async fn ensure_under_way<S: Serialize + Sync>(
    machine: &impl Sagas,
    now: Timestamp,
    of_try: impl Fn(u32) -> (String, S),
) -> Result<Progress, BillingError> {
    for number in 0..MAX_TRIES {
        let (name, saga) = of_try(number);
        match machine.course(&name).await? {
            None => {
                start(machine, &name, &saga).await?;
                return Ok(Progress::Started { look_at: now + FOLLOW_UP });
            }
            Some(Course::Running) => return Ok(Progress::Running { look_at: now + FOLLOW_UP }),
            Some(Course::Stuck) => return Ok(Progress::Stuck),
            Some(Course::Ended { at }) => {
                let look_at = at + pause_after(number);
                if number + 1 < MAX_TRIES && now < look_at {
                    return Ok(Progress::Paused { look_at });
                }
            }
        }
    }
    Ok(Progress::GivenUp)
}

/// Starts the execution called `name`, once.
pub(crate) async fn start(
    machine: &impl Sagas,
    name: &str,
    saga: &(impl Serialize + Sync),
) -> Result<(), BillingError> {
    let input =
        serde_json::to_string(saga).map_err(|error| Unavailable::new("the saga's input", error))?;
    Ok(machine.ensure_started(name, &input).await?)
}

fn pause_after(number: u32) -> SignedDuration {
    FIRST_PAUSE * GROWTH.pow(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_to_some_hours() {
        let minutes = (0..MAX_TRIES - 1).map(|it| pause_after(it).as_mins());
        assert!(minutes.eq([2, 8, 32, 128]));
    }
}
