//! How often something may be tried, by whom and from where.

use crate::{
    device,
    refusal::Refusal,
    world::{Api, World},
};
use domain::id::{ProjectId, UserId};
use jiff::Timestamp;
use ports::{
    clock::Clock,
    sessions::Device,
    throttles::{Throttle, Throttles, Tries},
};
use std::time::Duration;

/// Guesses of one account's password within [`GUESS_WINDOW`]. Counted before the password is
/// looked at, for known and unknown addresses alike. The price: whoever knows an address can keep
/// its owner from signing in for a while, though not from using a session.
const MAX_GUESSES: u32 = 10;
const GUESS_WINDOW: Duration = Duration::from_mins(15);

/// Within which tries from one network are counted; how many there may be is a setting.
const NETWORK_WINDOW: Duration = Duration::from_mins(15);

/// Letters to one address within [`LETTER_WINDOW`]: nobody's mailbox is to be filled through us.
pub(crate) const MAX_LETTERS: u32 = 5;
pub(crate) const LETTER_WINDOW: Duration = Duration::from_hours(1);

/// Tickets of one person within [`TICKET_WINDOW`]: more than anybody clicks.
const MAX_TICKETS: u32 = 30;
const TICKET_WINDOW: Duration = Duration::from_mins(5);

/// Questions to providers, of one user within [`CHECK_WINDOW`]: we are no place to try keys at.
const MAX_CHECKS: u32 = 20;
const CHECK_WINDOW: Duration = Duration::from_mins(10);

/// What one user may ask of the payment provider within [`QUESTION_WINDOW`]. It counts our questions
/// for all customers together, so that one could use up everybody's.
const MAX_QUESTIONS: u32 = 30;
const QUESTION_WINDOW: Duration = Duration::from_mins(1);

/// Uploads for one project within [`IMPORT_WINDOW`]: each is kept for a day.
const MAX_IMPORTS: u32 = 10;
const IMPORT_WINDOW: Duration = Duration::from_hours(24);
/// Readings of one project's logs within [`READING_WINDOW`]: each is a command to its worker.
const MAX_READINGS: u32 = 30;
const READING_WINDOW: Duration = Duration::from_mins(5);

/// What is counted by network: each costs us a password's hash, a letter or an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    SignIn,
    SignUp,
    Forgot,
    Reset,
    Google,
}

impl Door {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::Forgot => "forgot",
            Self::Reset => "reset",
            Self::Google => "google",
        }
    }
}

/// Counts a try at `door` from the network of `device`. It is never forgotten, not even for a try
/// that succeeds: whoever has one account of their own could guess at others for ever.
pub(crate) async fn count_network<W: World>(
    api: &Api<W>,
    door: Door,
    device: &Device,
) -> Result<(), Refusal> {
    let key = format!("network#{}#{}", door.name(), device::network(device));
    let throttle = Throttle { key, window: NETWORK_WINDOW };
    count(api, &throttle, api.settings.tries_per_network).await
}

/// Counts a guess of the password of `whose`: an address or a user.
pub(crate) async fn count_guess<W: World>(api: &Api<W>, whose: &str) -> Result<(), Refusal> {
    count(api, &guesses(whose), MAX_GUESSES).await
}

/// The password was right: whatever was wrong before does not matter any more.
pub(crate) async fn forget_guesses<W: World>(api: &Api<W>, whose: &str) -> Result<(), Refusal> {
    Ok(api.throttles.forget_tries(&guesses(whose)).await?)
}

fn guesses(whose: &str) -> Throttle {
    Throttle { key: format!("sign_in#{whose}"), window: GUESS_WINDOW }
}

/// Counts a ticket into a chat of `user`'s.
pub(crate) async fn count_ticket<W: World>(api: &Api<W>, user: &UserId) -> Result<(), Refusal> {
    count(api, &Throttle { key: format!("chat#{user}"), window: TICKET_WINDOW }, MAX_TICKETS).await
}

/// Counts a reading of the logs of `project`.
pub(crate) async fn count_reading<W: World>(
    api: &Api<W>,
    project: &ProjectId,
) -> Result<(), Refusal> {
    let readings = Throttle { key: format!("logs#{project}"), window: READING_WINDOW };
    count(api, &readings, MAX_READINGS).await
}

/// Counts an upload for `project`.
pub(crate) async fn count_import<W: World>(
    api: &Api<W>,
    project: &ProjectId,
) -> Result<(), Refusal> {
    let imports = Throttle { key: format!("imports#{project}"), window: IMPORT_WINDOW };
    count(api, &imports, MAX_IMPORTS).await
}

/// Counts a question of `user`'s to a provider of models.
pub(crate) async fn count_key_check<W: World>(api: &Api<W>, user: &UserId) -> Result<(), Refusal> {
    count(api, &Throttle { key: format!("key_checks#{user}"), window: CHECK_WINDOW }, MAX_CHECKS)
        .await
}

/// Counts a question of `user`'s to the payment provider.
pub(crate) async fn count_question<W: World>(api: &Api<W>, user: &UserId) -> Result<(), Refusal> {
    let questions = Throttle { key: format!("billing#{user}"), window: QUESTION_WINDOW };
    count(api, &questions, MAX_QUESTIONS).await
}

/// Whether one more letter may go to `to`.
pub(crate) async fn may_write<W: World>(api: &Api<W>, to: &str) -> Result<bool, Refusal> {
    let letters = Throttle { key: format!("letters#{to}"), window: LETTER_WINDOW };
    Ok(api.throttles.count_try(&letters, api.clock.now()).await?.count <= MAX_LETTERS)
}

async fn count<W: World>(api: &Api<W>, throttle: &Throttle, most: u32) -> Result<(), Refusal> {
    let now = api.clock.now();
    let Tries { count, until } = api.throttles.count_try(throttle, now).await?;
    if count > most {
        return Err(Refusal::TooManyTries { retry_after_s: seconds_until(until, now) });
    }
    Ok(())
}

pub(crate) fn seconds_until(until: Timestamp, now: Timestamp) -> u32 {
    u32::try_from((until.as_second() - now.as_second()).max(1)).unwrap_or(u32::MAX)
}
