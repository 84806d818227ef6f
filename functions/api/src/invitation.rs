//! Letters that ask somebody into a tenant.

use crate::{
    caller::Owner,
    input::{Body, Fields, IdPath, Input, role},
    random,
    refusal::Refusal,
    session::SignedIn,
    throttle::{LETTER_WINDOW, MAX_LETTERS, seconds_until},
    view::{Accepted, InvitationBody, InvitationView, TokenBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::mail::Letter;
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId},
    tenant::Role,
};
use http::StatusCode;
use ports::{
    accounts::Accounts,
    clock::Clock,
    queue::Queue,
    tenants::{AcceptError, Acceptance, Invitation, Tenants},
    throttles::{Throttle, Throttles},
};
use std::{sync::Arc, time::Duration};

/// How long an invitation can be accepted.
const INVITATION_TTL: Duration = Duration::from_hours(7 * 24);
/// Members of a tenant and invitations together.
const MAX_PEOPLE: usize = 50;
/// Letters of one tenant to strangers within [`TENANT_WINDOW`].
const MAX_OF_TENANT: u32 = 50;
const TENANT_WINDOW: Duration = Duration::from_hours(24);

pub(crate) struct Asked {
    email: EmailAddress,
    role: Role,
}

impl Input for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.text("email", EmailAddress::try_from);
        let role = fields.text("role", |it| role(&it));
        Some(Self { email: email?, role: role? })
    }
}

/// What a letter's link ends with: which invitation it is, and the proof of having read the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvitationToken {
    tenant: TenantId,
    id: InvitationId,
    spelled: String,
}

#[derive(Debug, thiserror::Error)]
#[error("is not a token from an invitation")]
pub(crate) struct MalformedToken;

impl TryFrom<String> for InvitationToken {
    type Error = MalformedToken;

    fn try_from(spelled: String) -> Result<Self, MalformedToken> {
        let mut parts = spelled.splitn(3, '.');
        let mut part = || parts.next().filter(|it| !it.is_empty()).ok_or(MalformedToken);
        let tenant = TenantId::new(part()?).map_err(|_| MalformedToken)?;
        let id = InvitationId::new(part()?).map_err(|_| MalformedToken)?;
        part()?;
        Ok(Self { tenant, id, spelled })
    }
}

fn spell(tenant: &TenantId, id: &InvitationId, secret: &str) -> String {
    format!("{}.{}.{secret}", tenant.body(), id.body())
}

impl Input for InvitationToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("token", Self::try_from)
    }
}

/// The invitations that wait for an answer.
#[utoipa::path(
    get, path = "/api/invitations", tag = "invitations", security(("session" = ["owner"])),
    responses((status = 200, description = "All invitations", body = Vec<InvitationView>))
)]
pub(crate) async fn list<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
) -> Result<Json<Vec<InvitationView>>, Refusal> {
    let mut open = api.tenants.list_invitations(scope.tenant(), api.clock.now()).await?;
    open.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    Ok(Json(open.iter().map(InvitationView::of).collect()))
}

/// Asks somebody into the tenant, by mail.
///
/// One invitation for each address: asking again sends another letter, and the earlier one is worth
/// nothing any more. So a repeat is safe, and whoever got no letter gets one.
#[utoipa::path(
    post, path = "/api/invitations", tag = "invitations", security(("session" = ["owner"])),
    request_body = InvitationBody,
    responses((status = 201, description = "A letter is on its way", body = InvitationView))
)]
pub(crate) async fn invite<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    Body(Asked { email, role }): Body<Asked>,
) -> Result<(StatusCode, Json<InvitationView>), Refusal> {
    let (now, tenant) = (api.clock.now(), scope.tenant());
    let id = random::derived_invitation_id(tenant, &email);
    ensure_room(&api, tenant, &email, &id).await?;
    ensure_few(&api, &email, tenant).await?;
    let token = spell(tenant, &id, &random::token());
    let invitation = Invitation {
        id,
        tenant: tenant.clone(),
        email: email.clone(),
        role,
        token: random::hash(&token),
        created_at: now,
        expires_at: now + INVITATION_TTL,
    };
    // Before the letter: a link that leads nowhere yet would be taken for a broken one.
    api.tenants.invite(&invitation).await?;
    let known = api.tenants.find(tenant).await?;
    let known = known.ok_or_else(|| Refusal::internal("a tenant is not there"))?;
    let letter = Letter::Invitation {
        to: email.to_string(),
        token,
        tenant_name: known.name.into(),
        invited_by: scope.member().email.to_string(),
    };
    api.letters.send(&letter).await?;
    Ok((StatusCode::CREATED, Json(InvitationView::of(&invitation))))
}

/// Counted before the invitation is made and not while: a few more do no harm.
async fn ensure_room<W: World>(
    api: &Api<W>,
    tenant: &TenantId,
    email: &EmailAddress,
    id: &InvitationId,
) -> Result<(), Refusal> {
    let members = api.tenants.list_members(tenant).await?;
    if members.iter().any(|it| it.email == *email) {
        return Err(Refusal::Conflict("this address belongs to a member already"));
    }
    let open = api.tenants.list_invitations(tenant, api.clock.now()).await?;
    let others = open.iter().filter(|it| it.id != *id).count();
    if members.len() + others >= MAX_PEOPLE {
        return Err(Refusal::Conflict("a tenant has at most 50 members and invitations"));
    }
    Ok(())
}

/// Nobody's mailbox is to be filled through us, and nobody is to fill many.
async fn ensure_few<W: World>(
    api: &Api<W>,
    email: &EmailAddress,
    tenant: &TenantId,
) -> Result<(), Refusal> {
    let now = api.clock.now();
    let limits = [
        (Throttle { key: format!("invitations#{tenant}"), window: TENANT_WINDOW }, MAX_OF_TENANT),
        (Throttle { key: format!("letters#{email}"), window: LETTER_WINDOW }, MAX_LETTERS),
    ];
    for (throttle, limit) in limits {
        let tries = api.throttles.count_try(&throttle, now).await?;
        if tries.count > limit {
            return Err(Refusal::TooManyTries { retry_after_s: seconds_until(tries.until, now) });
        }
    }
    Ok(())
}

/// Takes an invitation back. Its letter is worth nothing any more.
#[utoipa::path(
    delete, path = "/api/invitations/{id}", tag = "invitations",
    security(("session" = ["owner"])), params(("id" = String, Path)),
    responses((status = 204, description = "It is withdrawn"))
)]
pub(crate) async fn withdraw<W: World>(
    State(api): State<Arc<Api<W>>>,
    Owner(scope): Owner,
    IdPath(id): IdPath<InvitationId>,
) -> Result<StatusCode, Refusal> {
    let withdrawn = api.tenants.withdraw_invitation(scope.tenant(), &id).await?;
    if withdrawn { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::NotFound) }
}

/// Joins the tenant that a letter asks into. The session stays where it is: switch to go there.
///
/// Works once, for whoever has the address that was asked. A repeat by the same user finds them
/// inside and succeeds.
#[utoipa::path(
    post, path = "/api/invitations/accept", tag = "invitations", security(("session" = [])),
    request_body = TokenBody,
    responses((status = 200, description = "You are a member", body = Accepted))
)]
pub(crate) async fn accept<W: World>(
    State(api): State<Arc<Api<W>>>,
    SignedIn(session): SignedIn,
    Body(token): Body<InvitationToken>,
) -> Result<Json<Accepted>, Refusal> {
    let user = api.accounts.find_user(&session.user).await?.ok_or(Refusal::NotSignedIn)?;
    let acceptance = Acceptance {
        token: random::hash(&token.spelled),
        tenant: token.tenant.clone(),
        invitation: token.id,
        email: user.email,
        user: user.id,
        at: api.clock.now(),
    };
    match api.tenants.accept(&acceptance).await {
        Ok(()) => Ok(Json(Accepted { tenant_id: token.tenant.into() })),
        Err(spent @ AcceptError::Spent) => {
            Err(Refusal::of_field("token", format!("{spent}: ask for another one")))
        }
        Err(other @ AcceptError::OtherAddress) => Err(Refusal::of_field(
            "token",
            format!("{other}: sign in with the address that the letter was sent to"),
        )),
        Err(AcceptError::LostRace) => Err(Refusal::Busy { retry_after_s: 1 }),
        Err(AcceptError::Unavailable(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_spelled() {
        let (tenant, id) = ("ten_a".parse().unwrap(), "inv_1".parse().unwrap());
        let spelled = spell(&tenant, &id, "s3cret");
        assert_eq!(spelled, "a.1.s3cret");
        let token = InvitationToken::try_from(spelled.clone()).unwrap();
        assert_eq!(token, InvitationToken { tenant, id, spelled });
        for broken in ["", "a", "a.1", "a.1.", ".1.s", "A.1.s", "a..s"] {
            assert!(InvitationToken::try_from(broken.to_owned()).is_err(), "{broken}");
        }
    }
}
