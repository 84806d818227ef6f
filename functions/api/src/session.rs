//! Who is asking: sessions, how they begin, and how a request shows that it belongs to one.

use crate::{
    access_key::AccessKey,
    cookie::SetCookie,
    jwt::{ACCESS_TTL, Bearer},
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    view::SignedInView,
    world::{Api, World},
};
use axum::extract::FromRequestParts;
use domain::id::{SessionId, TenantId, UserId};
use http::{HeaderMap, header, request::Parts};
use jiff::Timestamp;
use ports::{
    accounts::{Accounts, Generation, Membership, Role, User},
    clock::Clock,
    sessions::{Device, Refresh, Session, Sessions},
};
use std::{sync::Arc, time::Duration};

/// A session that nobody refreshes for so long is over.
pub(crate) const IDLE_TTL: Duration = Duration::from_hours(14 * 24);
/// No session lasts longer, however often it is refreshed.
pub(crate) const LONGEST_TTL: Duration = Duration::from_hours(90 * 24);

/// Somebody who has just shown who they are.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    pub(crate) user: UserId,
    /// As it was read together with what was shown. A password that is set in between is of another
    /// generation, and the session that comes of this one is over before it is used.
    pub(crate) generation: Generation,
}

/// Opens a session for somebody who has just shown who they are: always a new one, whatever cookies
/// came with the request.
pub(crate) async fn open<W: World>(
    api: &Api<W>,
    proven: Proven,
    device: Device,
) -> Result<(SetCookie, SignedInView), Refusal> {
    let now = api.clock.now();
    let memberships = api.accounts.list_memberships(&proven.user).await?;
    let tenant = home(memberships).ok_or_else(|| Refusal::internal("a user without a tenant"))?;
    let secret = random::token();
    let session = Session {
        id: SessionId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?,
        user: proven.user,
        tenant,
        generation: proven.generation,
        refresh: Refresh { current: random::hash(&secret), previous: None, rotated_at: now },
        device,
        created_at: now,
        last_used_at: now,
        expires_at: now + IDLE_TTL,
    };
    api.sessions.record(&session).await?;
    answer(api, &session, &secret, now)
}

/// What the holder of `session` is told: an access token, and the cookie that gets the next one.
pub(crate) fn answer<W: World>(
    api: &Api<W>,
    session: &Session,
    secret: &str,
    now: Timestamp,
) -> Result<(SetCookie, SignedInView), Refusal> {
    Ok((SetCookie::refresh(session, secret, now), view(api, session, now)?))
}

/// The same without a cookie: the present one stays good.
pub(crate) fn view<W: World>(
    api: &Api<W>,
    session: &Session,
    now: Timestamp,
) -> Result<SignedInView, Refusal> {
    let bearer = Bearer {
        user: session.user.clone(),
        session: session.id.clone(),
        tenant: session.tenant.clone(),
    };
    let expires_at = session.expires_at.min(now + ACCESS_TTL);
    Ok(SignedInView {
        access_token: api.keys.issue(&bearer, now, expires_at)?,
        expires_in_s: u64::try_from(expires_at.as_second() - now.as_second()).unwrap_or(0),
        user_id: session.user.to_string(),
        tenant_id: session.tenant.to_string(),
    })
}

/// The tenant that a sign-in leads to: one's own, rather than one that merely let one in.
pub(crate) fn home(memberships: Vec<Membership>) -> Option<TenantId> {
    let by_rank = |it: &Membership| match it.role {
        Role::Owner => 0,
        Role::Member => 1,
    };
    memberships.into_iter().min_by_key(by_rank).map(|it| it.tenant)
}

/// The session `id` of `user` and the user, unless it is over.
///
/// A change of the password moves the user and the session that asked on to the next generation at
/// once, but we read the two one by one and may see only one of them moved. A session that is ahead
/// is none the worse; one that is behind is looked at again.
pub(crate) async fn find_living<W: World>(
    api: &Api<W>,
    user: &UserId,
    id: &SessionId,
    now: Timestamp,
) -> Result<Option<(User, Session)>, Refusal> {
    let (found, session) = tokio::join!(api.accounts.find_user(user), api.sessions.find(user, id));
    let (Some(found), Some(mut session)) = (found?, session?) else {
        return Ok(None);
    };
    if session.generation < found.generation {
        match api.sessions.find(user, id).await? {
            Some(again) => session = again,
            None => return Ok(None),
        }
    }
    let lives = session.generation >= found.generation && session.expires_at > now;
    Ok(lives.then_some((found, session)))
}

/// The session that a request belongs to. Every handler that takes one is behind the door.
pub(crate) struct SignedIn(pub(crate) Session);

impl<W: World> FromRequestParts<Arc<Api<W>>> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let now = api.clock.now();
        let token = bearer(&parts.headers).ok_or(Refusal::NotSignedIn)?;
        if AccessKey::is_meant_by(token) {
            return Err(Refusal::SessionNeeded);
        }
        let claims = api.keys.open(token, now).ok_or(Refusal::NotSignedIn)?;
        let living = find_living(api, &claims.sub, &claims.sid, now).await?;
        // The table has the last word; the token is only how a session is carried around.
        let (_, session) =
            living.filter(|(_, it)| it.tenant == claims.tenant).ok_or(Refusal::NotSignedIn)?;
        let span = tracing::Span::current();
        span.record("tenant.id", session.tenant.as_str());
        span.record("user.id", session.user.as_str());
        Ok(Self(session))
    }
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
