//! Where a user is signed in, and ending it.

use crate::{
    cookie::SetCookie,
    refusal::Refusal,
    session::SignedIn,
    view::SessionView,
    world::{Api, World},
};
use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
};
use domain::id::SessionId;
use http::{StatusCode, request::Parts};
use ports::{clock::Clock, sessions::Sessions};
use std::{cmp::Reverse, sync::Arc};

/// The session that a path names. What cannot be an id is not found.
pub(crate) struct SessionPath(SessionId);

impl<S: Send + Sync> FromRequestParts<S> for SessionPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Refusal::NotFound)?;
        SessionId::try_from(id).map(Self).map_err(|_| Refusal::NotFound)
    }
}

/// Where one is signed in, the last used first.
#[utoipa::path(
    get, path = "/api/sessions", tag = "account", security(("session" = [])),
    responses((status = 200, description = "Sessions that live", body = [SessionView]))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(current): SignedIn,
) -> Result<Json<Vec<SessionView>>, Refusal> {
    let now = api.clock.now();
    let mut sessions = api.sessions.list(&current.user).await?;
    // What a change of the password ended, and what ended by itself, is still in the table.
    sessions.retain(|it| it.generation >= current.generation && it.expires_at > now);
    sessions.sort_by_key(|it| Reverse(it.last_used_at));
    Ok(Json(sessions.into_iter().map(|it| SessionView::of(it, &current.id)).collect()))
}

/// Signs out elsewhere, or here. Ending what is over succeeds.
#[utoipa::path(
    delete, path = "/api/sessions/{id}", tag = "account", security(("session" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "The session is over"))
)]
pub(crate) async fn revoke<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(current): SignedIn,
    SessionPath(id): SessionPath,
) -> Result<StatusCode, Refusal> {
    // Among one's own: somebody else's is not where this looks.
    api.sessions.revoke(&current.user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out everywhere, here as well.
#[utoipa::path(
    delete, path = "/api/sessions", tag = "account", security(("session" = [])),
    responses((status = 204, description = "No session is left"))
)]
pub(crate) async fn revoke_all<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(current): SignedIn,
) -> Result<(SetCookie, StatusCode), Refusal> {
    let sessions = api.sessions.list(&current.user).await?;
    for session in sessions.iter().filter(|it| it.id != current.id) {
        api.sessions.revoke(&current.user, &session.id).await?;
    }
    // Last: if something fails before, this one can ask again.
    api.sessions.revoke(&current.user, &current.id).await?;
    Ok((SetCookie::forget(), StatusCode::NO_CONTENT))
}
