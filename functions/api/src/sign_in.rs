//! Signing in, staying signed in, signing out.

use crate::{
    cookie::{Cookie, Kept, SetCookie},
    device::OnDevice,
    input::{Body, Fields, Input},
    password::Password,
    random,
    refresh::{Verdict, judge},
    refusal::Refusal,
    session::{self, IDLE_TTL, LONGEST_TTL, Proven, SignedIn, find_living},
    throttle::{Door, count_guess, count_network, forget_guesses},
    view::{CredentialsBody, SignedInView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::email::EmailAddress;
use http::StatusCode;
use jiff::Timestamp;
use ports::{
    accounts::{Accounts, TokenHash},
    clock::Clock,
    sessions::{Rotation, Session, Sessions},
};
use std::sync::Arc;

/// A rotation is lost to another one at most once; the second look finds what the other one left.
const MAX_ROUNDS: u32 = 3;

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

/// Opens a session.
///
/// Takes as long whether the address has an account or not, and says the same.
#[utoipa::path(
    post, path = "/api/sign-in", tag = "account", request_body = CredentialsBody,
    responses((
        status = 200, body = SignedInView,
        description = "A session; the cookie `__Host-refresh` prolongs it"
    ))
)]
pub(crate) async fn sign_in<W: World>(
    State(api): State<Arc<Api<W>>>,
    OnDevice(device): OnDevice,
    Body(Guess { email, password }): Body<Guess>,
) -> Result<(SetCookie, Json<SignedInView>), Refusal> {
    count_network(&api, Door::SignIn, &device).await?;
    count_guess(&api, email.as_str()).await?;
    let known = api.accounts.find_credentials(&email).await?;
    let fits = password.is(known.as_ref().and_then(|it| it.password.clone())).await?;
    let known = known.filter(|_| fits).ok_or(Refusal::WrongCredentials)?;
    forget_guesses(&api, email.as_str()).await?;
    let proven = Proven { user: known.user, generation: known.generation };
    let (cookie, view) = session::open(&api, proven, device).await?;
    Ok((cookie, Json(view)))
}

/// Prolongs a session: a new access token, and a new cookie in the place of the one that was shown.
///
/// Repeating it within 20 s succeeds with the same cookie, so that neither a second tab nor a lost
/// answer ends a session. Later the cookie that was replaced counts as stolen: the session ends.
#[utoipa::path(
    post, path = "/api/session/refresh", tag = "account", security(("refresh" = [])),
    responses((status = 200, description = "The session goes on", body = SignedInView))
)]
pub(crate) async fn refresh<W: World>(
    State(api): State<Arc<Api<W>>>,
    Cookie(kept): Cookie,
) -> Result<(SetCookie, Json<SignedInView>), Refusal> {
    let kept = kept.ok_or(Refusal::SessionOver)?;
    let (cookie, view) = prolong(&api, &kept).await?;
    Ok((cookie, Json(view)))
}

async fn prolong<W: World>(
    api: &Api<W>,
    kept: &Kept,
) -> Result<(SetCookie, SignedInView), Refusal> {
    let (shown, next) =
        (random::hash(&kept.secret), api.keys.successor(&kept.session, &kept.secret));
    for _ in 0..MAX_ROUNDS {
        let now = api.clock.now();
        let living = find_living(api, &kept.user, &kept.session, now).await?;
        let (_, session) = living.ok_or(Refusal::SessionOver)?;
        match judge(&session, &shown, now) {
            Verdict::Rotate => {
                let rotated = rotated(api, session, &next, now).await?;
                if api
                    .sessions
                    .rotate(&kept.user, &kept.session, &rotation(&rotated, &shown))
                    .await?
                {
                    return session::answer(api, &rotated, &next, now);
                }
            }
            // Unless our key changed this very moment, and with it every successor.
            Verdict::Repeat if session.refresh.current == random::hash(&next) => {
                return session::answer(api, &session, &next, now);
            }
            Verdict::Repeat => return Err(Refusal::SessionOver),
            Verdict::Reuse => {
                api.sessions.revoke(&kept.user, &kept.session).await?;
                tracing::warn!(user.id = %kept.user, session.id = %kept.session,
                    "a refresh secret came twice: the session was revoked");
                return Err(Refusal::SessionOver);
            }
        }
    }
    Err(Refusal::Busy { retry_after_s: 1 })
}

/// The session as it will be with the secret `next`.
async fn rotated<W: World>(
    api: &Api<W>,
    mut session: Session,
    next: &str,
    now: Timestamp,
) -> Result<Session, Refusal> {
    let memberships = api.accounts.list_memberships(&session.user).await?;
    if !memberships.iter().any(|it| it.tenant == session.tenant) {
        // They were sent away from there, and are still somebody elsewhere.
        session.tenant = session::home(memberships).ok_or(Refusal::SessionOver)?;
    }
    session.refresh.previous = Some(session.refresh.current);
    session.refresh.current = random::hash(next);
    session.refresh.rotated_at = now;
    session.last_used_at = now;
    session.expires_at = (now + IDLE_TTL).min(session.created_at + LONGEST_TTL);
    Ok(session)
}

fn rotation(rotated: &Session, from: &TokenHash) -> Rotation {
    Rotation {
        from: from.clone(),
        to: rotated.refresh.current.clone(),
        tenant: rotated.tenant.clone(),
        at: rotated.last_used_at,
        expires_at: rotated.expires_at,
    }
}

/// Ends the session of the access token, and the one that the cookie belongs to.
#[utoipa::path(
    post, path = "/api/sign-out", tag = "account",
    security(("session" = []), ("refresh" = [])),
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn sign_out<W: World>(
    State(api): State<Arc<Api<W>>>,
    signed_in: Result<SignedIn, Refusal>,
    Cookie(kept): Cookie,
) -> Result<(SetCookie, StatusCode), Refusal> {
    match signed_in {
        Ok(SignedIn(session)) => api.sessions.revoke(&session.user, &session.id).await?,
        // A browser whose access token has run out, or that has none yet.
        Err(Refusal::NotSignedIn) if kept.is_some() => (),
        Err(refusal) => return Err(refusal),
    }
    if let Some(kept) = kept {
        // Whatever its secret: one that is none of the session's would end it when it is refreshed.
        api.sessions.revoke(&kept.user, &kept.session).await?;
    }
    Ok((SetCookie::forget(), StatusCode::NO_CONTENT))
}
