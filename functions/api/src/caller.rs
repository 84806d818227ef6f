//! Who asks, for which tenant, and how much they may do: the API's authorisation as a whole.
//!
//! A handler says by the type of an argument whom it is for, and gets the [`TenantScope`] that its
//! queries need from there only. The membership is read anew for every request, strongly
//! consistent: who was removed is out at once, whatever they hold.

use crate::{
    access_key::AccessKey,
    random,
    refusal::Refusal,
    session::{SignedIn, bearer},
    world::{Api, World},
};
use axum::extract::FromRequestParts;
use domain::{
    id::{TenantId, UserId},
    tenant::Role,
};
use http::request::Parts;
use ports::{
    access_tokens::{AccessToken, AccessTokens, Scope},
    clock::Clock,
    tenants::{Member, Tenants},
};
use runtime::fault::chain;
use std::sync::Arc;

/// One member and the tenant for which they act. Only this file makes one.
#[derive(Clone, Debug)]
pub(crate) struct TenantScope {
    tenant: TenantId,
    member: Member,
}

impl TenantScope {
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn user(&self) -> &UserId {
        &self.member.user
    }

    pub(crate) fn member(&self) -> &Member {
        &self.member
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.member.role == Role::Owner
    }
}

/// A member, or a program of theirs: looks at things.
pub(crate) struct Reader(pub(crate) TenantScope);

/// A member, or a program of theirs that may write: changes things.
pub(crate) struct Writer(pub(crate) TenantScope);

/// A member who signed in: for what no program should do in their place.
pub(crate) struct Person(pub(crate) TenantScope);

/// An owner who signed in: for people and money.
pub(crate) struct Owner(pub(crate) TenantScope);

/// What a caller showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Session,
    Token(Scope),
}

impl<W: World> FromRequestParts<Arc<Api<W>>> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let (scope, proof) = caller(parts, api).await?;
        match proof {
            Proof::Session | Proof::Token(Scope::Read | Scope::Write) => Ok(Self(scope)),
        }
    }
}

impl<W: World> FromRequestParts<Arc<Api<W>>> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let (scope, proof) = caller(parts, api).await?;
        match proof {
            Proof::Session | Proof::Token(Scope::Write) => Ok(Self(scope)),
            Proof::Token(Scope::Read) => Err(Refusal::WriteNeeded),
        }
    }
}

impl<W: World> FromRequestParts<Arc<Api<W>>> for Person {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let (scope, proof) = caller(parts, api).await?;
        match proof {
            Proof::Session => Ok(Self(scope)),
            Proof::Token(_) => Err(Refusal::SessionNeeded),
        }
    }
}

impl<W: World> FromRequestParts<Arc<Api<W>>> for Owner {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api<W>>) -> Result<Self, Refusal> {
        let Person(scope) = Person::from_request_parts(parts, api).await?;
        if scope.is_owner() { Ok(Self(scope)) } else { Err(Refusal::OwnerNeeded) }
    }
}

async fn caller<W: World>(
    parts: &mut Parts,
    api: &Arc<Api<W>>,
) -> Result<(TenantScope, Proof), Refusal> {
    let shown = bearer(&parts.headers).unwrap_or_default().to_owned();
    let (scope, proof) = if AccessKey::is_meant_by(&shown) {
        let (scope, token) = by_token(api, &shown).await?;
        (scope, Proof::Token(token.scope))
    } else {
        (by_session(parts, api, &shown).await?, Proof::Session)
    };
    let span = tracing::Span::current();
    span.record("tenant.id", scope.tenant.as_str());
    span.record("user.id", scope.user().as_str());
    Ok((scope, proof))
}

/// Reads the membership that the token speaks of while the session is read that has the last word.
async fn by_session<W: World>(
    parts: &mut Parts,
    api: &Arc<Api<W>>,
    shown: &str,
) -> Result<TenantScope, Refusal> {
    let named = api.keys.open(shown, api.clock.now()).ok_or(Refusal::NotSignedIn)?;
    let (tenant, user) = (&named.tenant, &named.sub);
    let (signed_in, member) = tokio::join!(
        SignedIn::from_request_parts(parts, api),
        api.tenants.find_member(tenant, user)
    );
    let SignedIn(session) = signed_in?;
    if (&session.tenant, &session.user) != (tenant, user) {
        return Err(Refusal::NotSignedIn);
    }
    let member = member?.ok_or(Refusal::NotAMember)?;
    Ok(TenantScope { tenant: session.tenant, member })
}

/// A program's token lives no longer than the stay in the tenant during which it was made.
async fn by_token<W: World>(
    api: &Api<W>,
    shown: &str,
) -> Result<(TenantScope, AccessToken), Refusal> {
    let key = AccessKey::read(shown).ok_or(Refusal::NotSignedIn)?;
    let (now, hash) = (api.clock.now(), random::hash(shown));
    let token = api.access_tokens.find(&key.user, &key.id).await?;
    let token = token.filter(|it| it.hash == hash && it.expires_at > now);
    let token = token.ok_or(Refusal::NotSignedIn)?;
    let member = api.tenants.find_member(&token.tenant, &token.user).await?;
    let member = member.filter(|it| it.since <= token.created_at).ok_or(Refusal::NotSignedIn)?;
    if token.is_use_worth_recording(now)
        && let Err(error) = api.access_tokens.record_use(&key.user, &key.id, now).await
    {
        tracing::warn!(reason = %chain(&error), "the use of an access token is not recorded");
    }
    Ok((TenantScope { tenant: token.tenant.clone(), member }, token))
}
