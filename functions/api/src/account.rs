//! Signing up, confirming, signing in and out.
//!
//! Nothing here tells who has an account: the answers are the same and so is the work behind them.
//! Only the mail differs, and that goes to whoever reads the address.

use crate::{
    input::{Body, Fields, Input},
    password::Password,
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    session::{SESSION_TTL, SignedIn},
    view::{Confirmed, CredentialsBody, SignedInView, TokenBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::mail::Letter;
use domain::id::{SessionId, TenantId, UserId};
use http::StatusCode;
use jiff::Timestamp;
use ports::{
    accounts::{
        Accounts, ConfirmError, EmailAddress, Membership, NewAccount, Role, Session, SignUp,
        Throttle,
    },
    clock::Clock,
    queue::Queue,
};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long a confirmation can be used.
const TOKEN_TTL: Duration = Duration::from_hours(24);

/// Guesses of one account's password within [`GUESS_WINDOW`]. Counted before the password is
/// looked at, for known and unknown addresses alike. The price: whoever knows an address can keep
/// its owner from signing in for a while, though not from using a session.
const MAX_GUESSES: u32 = 10;
const GUESS_WINDOW: Duration = Duration::from_mins(15);

/// Letters to one address within [`LETTER_WINDOW`]: nobody's mailbox is to be filled through us.
pub(crate) const MAX_LETTERS: u32 = 5;
pub(crate) const LETTER_WINDOW: Duration = Duration::from_hours(1);

pub(crate) struct NewCredentials {
    email: EmailAddress,
    password: Password,
}

impl Input for NewCredentials {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.text("email", EmailAddress::try_from);
        let password = fields.text("password", Password::choose);
        Some(Self { email: email?, password: password? })
    }
}

pub(crate) struct Guess {
    email: EmailAddress,
    password: Password,
}

impl Input for Guess {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.text("email", EmailAddress::try_from);
        let password = fields.text("password", Password::guess);
        Some(Self { email: email?, password: password? })
    }
}

pub(crate) struct Token(String);

impl Input for Token {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("token", Ok::<_, Infallible>).map(Self)
    }
}

/// Asks for an account. The same answer for every address.
///
/// The sign-up is stored before the letter is queued. If queueing fails the client is told so and
/// repeats, which stores another sign-up with another token; the first one expires unread. A repeat
/// for an address that waits for its confirmation is just another sign-up as well. Each keeps its
/// own password, and the one whose letter is answered becomes the account's.
#[utoipa::path(
    post, path = "/api/sign-up", tag = "account", request_body = CredentialsBody,
    responses((status = 202, description = "A letter is on its way, whoever has the address"))
)]
pub(crate) async fn sign_up<W: World>(
    State(api): State<Arc<Api<W>>>,
    Body(NewCredentials { email, password }): Body<NewCredentials>,
) -> Result<StatusCode, Refusal> {
    let now = api.clock.now();
    let letters = Throttle { key: format!("letters#{email}"), window: LETTER_WINDOW };
    let letters = api.accounts.count_try(&letters, now).await?;
    let token = random::token();
    let sign_up = SignUp {
        token: random::hash(&token),
        email: email.clone(),
        password: password.hash().await?,
        expires_at: now + TOKEN_TTL,
    };
    // For a known address as well: the same work, and a token that nobody ever sees.
    api.accounts.record_sign_up(&sign_up).await?;
    let known = api.accounts.find_credentials(&email).await?.is_some();
    let to = email.to_string();
    let letter =
        if known { Letter::AddressKnown { to } } else { Letter::ConfirmAddress { to, token } };
    if letters.count <= MAX_LETTERS {
        api.letters.send(&letter).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// Opens the account that a letter was about.
#[utoipa::path(
    post, path = "/api/confirm", tag = "account", request_body = TokenBody,
    responses((status = 200, description = "The account is open: sign in", body = Confirmed))
)]
pub(crate) async fn confirm<W: World>(
    State(api): State<Arc<Api<W>>>,
    Body(Token(token)): Body<Token>,
) -> Result<Json<Confirmed>, Refusal> {
    let account = NewAccount {
        user: UserId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?,
        tenant: TenantId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?,
        at: api.clock.now(),
    };
    match api.accounts.confirm(&random::hash(&token), &account).await {
        Ok(()) => Ok(Json(Confirmed { confirmed: true })),
        Err(spent @ ConfirmError::Spent) => {
            Err(Refusal::of_field("token", format!("{spent}: sign in, or sign up again")))
        }
        Err(ConfirmError::Unavailable(error)) => Err(error.into()),
    }
}

/// Opens a session.
#[utoipa::path(
    post, path = "/api/sign-in", tag = "account", request_body = CredentialsBody,
    responses((status = 200, description = "A session", body = SignedInView))
)]
pub(crate) async fn sign_in<W: World>(
    State(api): State<Arc<Api<W>>>,
    Body(Guess { email, password }): Body<Guess>,
) -> Result<Json<SignedInView>, Refusal> {
    let now = api.clock.now();
    let guesses = Throttle { key: format!("sign_in#{email}"), window: GUESS_WINDOW };
    let tries = api.accounts.count_try(&guesses, now).await?;
    if tries.count > MAX_GUESSES {
        return Err(Refusal::TooManyTries { retry_after_s: seconds_until(tries.until, now) });
    }
    let known = api.accounts.find_credentials(&email).await?;
    let fits = password.is(known.as_ref().map(|it| it.password.clone())).await?;
    let user = known.filter(|_| fits).ok_or(Refusal::WrongCredentials)?.user;
    api.accounts.forget_tries(&guesses).await?;

    let memberships = api.accounts.list_memberships(&user).await?;
    let tenant = home(memberships).ok_or_else(|| Refusal::internal("a user without a tenant"))?;
    let session = Session {
        id: SessionId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?,
        user,
        tenant,
        expires_at: now + SESSION_TTL,
    };
    let access_token = api.keys.issue(&session, now)?;
    api.accounts.record_session(&session).await?;
    Ok(Json(SignedInView {
        access_token,
        expires_in_s: SESSION_TTL.as_secs(),
        tenant_id: session.tenant.into(),
    }))
}

/// Ends the session. Its token is worth nothing from now on.
#[utoipa::path(
    post, path = "/api/sign-out", tag = "account", security(("session" = [])),
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn sign_out<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, Refusal> {
    api.accounts.revoke_session(&session.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tenant that a sign-in leads to: one's own, rather than one that merely let one in.
fn home(memberships: Vec<Membership>) -> Option<TenantId> {
    let by_rank = |it: &Membership| match it.role {
        Role::Owner => 0,
        Role::Member => 1,
    };
    memberships.into_iter().min_by_key(by_rank).map(|it| it.tenant)
}

pub(crate) fn seconds_until(until: Timestamp, now: Timestamp) -> u32 {
    u32::try_from((until.as_second() - now.as_second()).max(1)).unwrap_or(u32::MAX)
}
