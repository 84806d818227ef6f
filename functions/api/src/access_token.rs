//! Personal access tokens: made, listed, revoked. Used in [`crate::caller`].

use crate::{
    access_key::{AccessKey, last4},
    caller::Person,
    input::{Body, Fields, IdPath, Input, label},
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    view::{AccessTokenBody, AccessTokenView, NewAccessTokenView},
    world::{Api, World},
};
use axum::{Json, extract::State};
use domain::id::AccessTokenId;
use http::StatusCode;
use ports::{
    access_tokens::{AccessToken, AccessTokens, Scope},
    clock::Clock,
};
use std::{ops::RangeInclusive, sync::Arc, time::Duration};

/// Tokens of one member. Counted before one is made and not while: a few more do no harm.
const MAX_TOKENS: usize = 20;
/// How long a token may live.
const DAYS: RangeInclusive<u32> = 1..=365;

pub(crate) struct NewToken {
    name: String,
    scope: Scope,
    expires_in: Duration,
}

impl Input for NewToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text("name", |it| label(&it));
        let scope = fields.text("scope", |it| match it.as_str() {
            "read" => Ok(Scope::Read),
            "write" => Ok(Scope::Write),
            _ => Err("must be `read` or `write`"),
        });
        let days = fields.integer("expires_in_days", DAYS);
        let expires_in = Duration::from_hours(24) * days?;
        Some(Self { name: name?, scope: scope?, expires_in })
    }
}

/// The tokens of this user in this tenant, oldest first. None of them can be read again.
#[utoipa::path(
    get, path = "/api/access-tokens", tag = "access tokens", security(("session" = [])),
    responses((status = 200, description = "All tokens", body = Vec<AccessTokenView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
) -> Result<Json<Vec<AccessTokenView>>, Refusal> {
    let mut tokens = api.access_tokens.list(scope.tenant(), scope.user()).await?;
    let now = api.clock.now();
    tokens.retain(|it| it.expires_at > now);
    tokens.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    Ok(Json(tokens.iter().map(AccessTokenView::of).collect()))
}

/// Makes a token and shows it once.
///
/// Whose answer got lost makes another one. The first is in the list, unused, to be revoked.
#[utoipa::path(
    post, path = "/api/access-tokens", tag = "access tokens", security(("session" = [])),
    request_body = AccessTokenBody,
    responses((status = 201, description = "The new token", body = NewAccessTokenView))
)]
pub(crate) async fn create<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<NewAccessTokenView>), Refusal> {
    let now = api.clock.now();
    let tokens = api.access_tokens.list(scope.tenant(), scope.user()).await?;
    if tokens.iter().filter(|it| it.expires_at > now).count() >= MAX_TOKENS {
        return Err(Refusal::Conflict("a member has at most 20 access tokens: revoke one"));
    }
    let id = AccessTokenId::new(&random::id_body(LONG_ID_LEN)).map_err(Refusal::internal)?;
    let key = AccessKey { user: scope.user().clone(), id };
    let spelled = key.spell(&runtime::secret::secret());
    let token = AccessToken {
        id: key.id,
        user: key.user,
        tenant: scope.tenant().clone(),
        name: new.name,
        scope: new.scope,
        hash: random::hash(&spelled),
        last4: last4(&spelled),
        created_at: now,
        expires_at: now + new.expires_in,
        last_used_at: None,
    };
    api.access_tokens.record(&token).await?;
    Ok((StatusCode::CREATED, Json(NewAccessTokenView::of(&token, spelled))))
}

/// Ends a token. It is worth nothing from the next request on.
#[utoipa::path(
    delete, path = "/api/access-tokens/{id}", tag = "access tokens", security(("session" = [])),
    params(("id" = String, Path)),
    responses((status = 204, description = "It is over"))
)]
pub(crate) async fn revoke<W: World>(
    State(api): State<Arc<Api<W>>>,
    Person(scope): Person,
    IdPath(id): IdPath<AccessTokenId>,
) -> Result<StatusCode, Refusal> {
    let revoked = api.access_tokens.revoke(scope.tenant(), scope.user(), &id).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::NotFound) }
}
