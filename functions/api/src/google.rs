//! Signing in with Google, and linking Google to an account that has a password.
//!
//! A browser leaves for Google with a secret in a cookie and its fingerprint in our table, and is
//! believed on its return only if it brings both together, once and within minutes. Whatever goes
//! wrong ends on a page of the site: nobody reads JSON after a navigation.

mod browser;
mod callback;
mod outcome;
mod plan;
mod return_to;

pub(crate) use callback::{__path_callback, callback};

use crate::{
    device::OnDevice,
    input::{Body, Fields, Input},
    password::Password,
    random,
    refusal::Refusal,
    session::SignedIn,
    throttle::{Door, count_guess, count_network, forget_guesses},
    view::{GoogleUrlView, PasswordBody},
    world::{Api, World},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use domain::id::UserId;
use http::{HeaderValue, StatusCode, header::SET_COOKIE};
use ports::{
    accounts::{Accounts, User},
    clock::Clock,
    identities::{Identities, PendingSignIn},
    identity_provider::{IdentityProvider, Proof, Question},
};
use return_to::LocalPath;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// How long somebody may take at Google.
const PENDING_TTL: Duration = Duration::from_mins(10);

/// Where one looks after one's own account, on the site.
const SETTINGS: &str = "/settings";

#[derive(Deserialize)]
pub(crate) struct StartQuery {
    return_to: Option<String>,
}

pub(crate) struct Reauthentication {
    password: Password,
}

impl Input for Reauthentication {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("password", Password::guess).map(|password| Self { password })
    }
}

/// Sends a browser to Google to sign in.
#[utoipa::path(
    get, path = "/api/google/start", tag = "google",
    params(("return_to" = Option<String>, Query, description = "A path on the site, for afterwards")),
    responses((status = 303, description = "To Google; a cookie binds the browser for 10 minutes"))
)]
pub(crate) async fn start<W: World>(
    State(api): State<Arc<Api<W>>>,
    OnDevice(device): OnDevice,
    query: Result<Query<StartQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    count_network(&api, Door::Google, &device).await?;
    let wrong = |it: String| Refusal::of_field("return_to", it);
    let Query(StartQuery { return_to }) = query.map_err(|it| wrong(it.body_text()))?;
    let return_to = return_to.map(LocalPath::try_from).transpose();
    let return_to = return_to.map_err(|it| wrong(it.to_string()))?.unwrap_or_default();
    let (url, cookie) = depart(&api, return_to.as_str(), None).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&url)).into_response())
}

/// Begins to link a Google account to one's own. Asks for the password once more: a session that was
/// left open must not become a second way in.
#[utoipa::path(
    post, path = "/api/google/link", tag = "google", security(("session" = [])),
    request_body = PasswordBody,
    responses((status = 200, description = "Go there with this browser", body = GoogleUrlView))
)]
pub(crate) async fn link<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
    Body(Reauthentication { password }): Body<Reauthentication>,
) -> Result<Response, Refusal> {
    let user = api.accounts.find_user(&session.user).await?.ok_or(Refusal::NotSignedIn)?;
    reauthenticate(&api, &user, password).await?;
    if user.google {
        return Err(Refusal::Conflict("a Google account is linked already: unlink it first"));
    }
    let (url, cookie) = depart(&api, SETTINGS, Some(user.id)).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Json(GoogleUrlView { url })).into_response())
}

/// Unlinks Google. Repeating it succeeds.
#[utoipa::path(
    delete, path = "/api/google", tag = "google", security(("session" = [])),
    responses((status = 204, description = "Only the password is left"))
)]
pub(crate) async fn unlink<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, Refusal> {
    if api.accounts.unlink(&session.user).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::Conflict("choose a password first: without Google there is no other way in"))
    }
}

/// By user: whoever has a session and no password must not guess it here.
async fn reauthenticate<W: World>(
    api: &Api<W>,
    user: &User,
    password: Password,
) -> Result<(), Refusal> {
    let whose = user.id.as_str();
    count_guess(api, whose).await?;
    if !password.is(user.password.clone()).await? {
        return Err(Refusal::of_field("password", "is not your password"));
    }
    forget_guesses(api, whose).await
}

/// Writes down that somebody leaves for Google. Returns where they go, and the cookie that they come
/// back with.
async fn depart<W: World>(
    api: &Api<W>,
    return_to: &str,
    link_user: Option<UserId>,
) -> Result<(String, HeaderValue), Refusal> {
    let state = random::token();
    let proof = Proof { nonce: random::token(), verifier: random::token() };
    let challenge = random::challenge(&proof.verifier);
    let question = Question { state: &state, nonce: &proof.nonce, challenge: &challenge };
    let url = api.google.authorize_url(&question);
    let pending = PendingSignIn {
        state: random::hash(&state),
        proof,
        return_to: return_to.to_owned(),
        link_user,
        expires_at: api.clock.now() + PENDING_TTL,
    };
    api.accounts.record_pending(&pending).await?;
    let cookie = browser::remember(&state).map_err(Refusal::internal)?;
    Ok((url, cookie))
}
