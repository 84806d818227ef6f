//! New passwords: for those who forgot theirs, and for those who know it.

use crate::{
    device::OnDevice,
    input::{Body, Fields, Input},
    password::Password,
    random,
    refusal::Refusal,
    session::SignedIn,
    throttle::{Door, count_guess, count_network, forget_guesses, may_write},
    view::{ChangePasswordBody, EmailBody, ResetBody, ResetDone},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::mail::Letter;
use domain::{
    email::EmailAddress,
    id::{SessionId, UserId},
};
use http::StatusCode;
use ports::{
    accounts::{Accounts, PasswordChange, Reset, ResetError},
    clock::Clock,
    queue::Queue,
    sessions::Sessions,
};
use runtime::fault::chain;
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long a letter about a forgotten password can be used.
const RESET_TTL: Duration = Duration::from_hours(1);

pub(crate) struct Forgotten(EmailAddress);

impl Input for Forgotten {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("email", EmailAddress::try_from).map(Self)
    }
}

pub(crate) struct Chosen {
    token: String,
    password: Password,
}

impl Input for Chosen {
    fn read(fields: &mut Fields) -> Option<Self> {
        let token = fields.text("token", Ok::<_, Infallible>);
        let password = fields.text("password", Password::choose);
        Some(Self { token: token?, password: password? })
    }
}

pub(crate) struct Change {
    current: Password,
    password: Password,
}

impl Input for Change {
    fn read(fields: &mut Fields) -> Option<Self> {
        let current = fields.text("current_password", Password::guess);
        let password = fields.text("password", Password::choose);
        Some(Self { current: current?, password: password? })
    }
}

/// Sends a letter with which a new password can be chosen. The same answer for every address.
///
/// And the same work: for an unknown address a reset is recorded as well, whose token nobody gets to
/// see, and a letter goes out that says that there is no account.
#[utoipa::path(
    post, path = "/api/password/forgot", tag = "account", request_body = EmailBody,
    responses((status = 202, description = "A letter is on its way, whoever has the address"))
)]
pub(crate) async fn forgot<W: World>(
    State(api): State<Arc<Api<W>>>,
    OnDevice(device): OnDevice,
    Body(Forgotten(email)): Body<Forgotten>,
) -> Result<StatusCode, Refusal> {
    count_network(&api, Door::Forgot, &device).await?;
    let may_write = may_write(&api, email.as_str()).await?;
    let known = api.accounts.find_credentials(&email).await?;
    let token = random::token();
    let reset = Reset {
        token: random::hash(&token),
        email: email.clone(),
        generation: known.as_ref().map_or(0, |it| it.generation),
        expires_at: api.clock.now() + RESET_TTL,
    };
    api.accounts.record_reset(&reset).await?;
    let to = email.to_string();
    let letter = match known {
        Some(_) => Letter::ResetPassword { to, token },
        None => Letter::NoAccount { to },
    };
    if may_write {
        api.letters.send(&letter).await?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// Sets the password of whoever got the letter. Every session of theirs ends.
#[utoipa::path(
    post, path = "/api/password/reset", tag = "account", request_body = ResetBody,
    responses((status = 200, description = "The password is set: sign in", body = ResetDone))
)]
pub(crate) async fn reset<W: World>(
    State(api): State<Arc<Api<W>>>,
    OnDevice(device): OnDevice,
    Body(Chosen { token, password }): Body<Chosen>,
) -> Result<Json<ResetDone>, Refusal> {
    count_network(&api, Door::Reset, &device).await?;
    let (token, password) = (random::hash(&token), password.hash().await?);
    match api.accounts.reset_password(&token, &password, api.clock.now()).await {
        Ok((user, email)) => {
            settle(&api, &user, &email, None).await;
            Ok(Json(ResetDone { reset: true }))
        }
        Err(spent @ ResetError::Spent) => {
            Err(Refusal::of_field("token", format!("{spent}: sign in, or ask for another letter")))
        }
        Err(ResetError::Unavailable(error)) => Err(error.into()),
    }
}

/// Changes the password of whoever is signed in. Every other session ends.
#[utoipa::path(
    post, path = "/api/password/change", tag = "account", security(("session" = [])),
    request_body = ChangePasswordBody,
    responses((status = 204, description = "The password is set"))
)]
pub(crate) async fn change<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
    Body(Change { current, password }): Body<Change>,
) -> Result<StatusCode, Refusal> {
    // By user: whoever has a session and no password must not guess it here.
    count_guess(&api, session.user.as_str()).await?;
    let user = api.accounts.find_user(&session.user).await?.ok_or(Refusal::NotSignedIn)?;
    let wrong = || Refusal::of_field("current_password", "is not the present password");
    if !current.is(user.password.clone()).await? {
        return Err(wrong());
    }
    let change = PasswordChange {
        user: user.id.clone(),
        generation: user.generation,
        password: password.hash().await?,
        keep: session.id.clone(),
    };
    if !api.accounts.change_password(&change).await? {
        // Somebody set another one since we looked.
        return Err(wrong());
    }
    settle(&api, &user.id, &user.email, Some(&session.id)).await;
    Ok(StatusCode::NO_CONTENT)
}

/// What is left to do when a password is set: tell its owner, and tidy up.
///
/// Nothing depends on it. The old sessions were over with the generation that they belonged to, and a
/// caller who heard of a failure would try again with a password, or a token, that is worth nothing
/// any more.
async fn settle<W: World>(
    api: &Api<W>,
    user: &UserId,
    email: &EmailAddress,
    keep: Option<&SessionId>,
) {
    if let Err(error) = api.letters.send(&Letter::PasswordChanged { to: email.to_string() }).await {
        tracing::error!(reason = %chain(&error), "nobody is told that a password was set");
    }
    if let Err(error) = tidy(api, user, email, keep).await {
        tracing::warn!(reason = %chain(&error), "what is over stays until it expires");
    }
}

async fn tidy<W: World>(
    api: &Api<W>,
    user: &UserId,
    email: &EmailAddress,
    keep: Option<&SessionId>,
) -> Result<(), Refusal> {
    // They may have guessed at the old one until nothing more was allowed.
    forget_guesses(api, email.as_str()).await?;
    forget_guesses(api, user.as_str()).await?;
    let sessions = api.sessions.list(user).await?;
    for session in sessions.iter().filter(|it| Some(&it.id) != keep) {
        api.sessions.revoke(user, &session.id).await?;
    }
    Ok(())
}
