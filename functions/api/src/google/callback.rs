//! Somebody comes back from Google.

use super::{
    browser,
    outcome::{Failure, Place},
    plan::{AddressRow, LinkPlan, Plan, plan_link, plan_sign_in},
};
use crate::{
    account::new_account,
    cookie::SetCookie,
    device::OnDevice,
    random,
    session::{self, Proven},
    world::{Api, World},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use contracts::mail::Letter;
use domain::{email::EmailAddress, id::UserId};
use http::HeaderMap;
use ports::{
    accounts::Accounts,
    clock::Clock,
    identities::{Identities, LinkError, PendingSignIn},
    identity_provider::{Claims, Identity, IdentityProvider},
    queue::Queue,
    sessions::Device,
};
use serde::Deserialize;
use std::sync::Arc;

/// A lost race is over at the second look; a third is for bad luck.
const MAX_ROUNDS: u32 = 3;

/// What Google adds to our address.
#[derive(Default, Deserialize)]
pub(crate) struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// Where Google sends browsers back to.
#[utoipa::path(
    get, path = "/api/google/callback", tag = "google",
    params(
        ("state" = Option<String>, Query, description = "As it was sent to Google"),
        ("code" = Option<String>, Query, description = "Stands for who signed in"),
        ("error" = Option<String>, Query, description = "Why nobody did"),
    ),
    responses((
        status = 303,
        description = "Signed in, to where the browser wanted to go; or to \
                       `/sign-in?google=failed`, `link_needed` or `cancelled`; or, after linking, to \
                       `/settings?google=linked`, `taken`, `failed` or `cancelled`"
    ))
)]
pub(crate) async fn callback<W: World>(
    State(api): State<Arc<Api<W>>>,
    OnDevice(device): OnDevice,
    headers: HeaderMap,
    query: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let Query(answer) = query.unwrap_or_default();
    let app_url = &api.settings.app_url;
    let pending = match take_pending(&api, &headers, &answer).await {
        Ok(pending) => pending,
        Err(failure) => return failure.at(Place::SignIn, app_url),
    };
    let (place, ending) = match pending.link_user.clone() {
        None => (Place::SignIn, sign_in(&api, &pending, answer, device).await),
        Some(user) => (Place::Settings, link(&api, &pending, answer, &user).await),
    };
    match ending {
        Ok(ending) => ending.at(app_url),
        Err(failure) => failure.at(place, app_url),
    }
}

/// How it ends well.
pub(super) enum Ending {
    SignedIn { return_to: String, cookie: SetCookie },
    Linked,
}

/// What this very browser left behind, once.
async fn take_pending<W: World>(
    api: &Api<W>,
    headers: &HeaderMap,
    answer: &Answer,
) -> Result<PendingSignIn, Failure> {
    let state = answer.state.as_deref().ok_or(Failure::Unexpected("no state"))?;
    if !browser::left_with(headers, state) {
        return Err(Failure::Unexpected("not the browser that left"));
    }
    let pending = api.accounts.take_pending(&random::hash(state), api.clock.now()).await?;
    pending.ok_or(Failure::Unexpected("nobody left, or too long ago"))
}

async fn sign_in<W: World>(
    api: &Api<W>,
    pending: &PendingSignIn,
    answer: Answer,
    device: Device,
) -> Result<Ending, Failure> {
    let claims = exchange(api, pending, answer).await?;
    let user = ensure_user(api, &claims).await?;
    let user = api.accounts.find_user(&user).await?;
    let user = user.ok_or(Failure::Unexpected("the user is gone"))?;
    let proven = Proven { user: user.id, generation: user.generation };
    let (cookie, _) = session::open(api, proven, device).await?;
    Ok(Ending::SignedIn { return_to: pending.return_to.clone(), cookie })
}

async fn link<W: World>(
    api: &Api<W>,
    pending: &PendingSignIn,
    answer: Answer,
    user: &UserId,
) -> Result<Ending, Failure> {
    let identity = exchange(api, pending, answer).await?.identity;
    let known = api.accounts.find_identity(&identity).await?;
    let linked = api.accounts.find_linked(user).await?;
    match plan_link(known.as_ref(), linked.as_ref(), user, &identity) {
        LinkPlan::Linked => Ok(Ending::Linked),
        LinkPlan::Conflict => Err(Failure::Taken),
        LinkPlan::Link => {
            let owner = api.accounts.find_user(user).await?;
            let owner = owner.ok_or(Failure::Unexpected("the user is gone"))?;
            tell_and_link(api, user, &owner.email, &identity).await?;
            Ok(Ending::Linked)
        }
    }
}

async fn exchange<W: World>(
    api: &Api<W>,
    pending: &PendingSignIn,
    answer: Answer,
) -> Result<Claims, Failure> {
    match answer {
        Answer { error: Some(error), .. } if error == "access_denied" => Err(Failure::Cancelled),
        Answer { error: None, code: Some(code), .. } => {
            Ok(api.google.exchange(&code, &pending.proof).await?)
        }
        Answer { .. } => Err(Failure::Unexpected("neither a code nor a refusal that we know")),
    }
}

/// Whoever `claims` is about, with an account.
async fn ensure_user<W: World>(api: &Api<W>, claims: &Claims) -> Result<UserId, Failure> {
    for _ in 0..MAX_ROUNDS {
        let known = api.accounts.find_identity(&claims.identity).await?;
        let address = match &claims.email {
            Some(email) => find_address(api, email).await?,
            None => None,
        };
        let done = match plan_sign_in(known.as_ref(), address.as_ref(), claims) {
            Plan::SignIn(user) => return Ok(user),
            Plan::NeedsPassword => return Err(Failure::LinkNeeded),
            Plan::Conflict => return Err(Failure::Taken),
            Plan::Create(email) => {
                let account = new_account(api.clock.now())?;
                let opened = api.accounts.open_account(&account, &email, &claims.identity).await;
                opened.map(|()| account.user).map_err(Failure::from)
            }
            Plan::LinkAndTell(user, email) => {
                tell_and_link(api, &user, &email, &claims.identity).await.map(|()| user)
            }
        };
        match done {
            // Somebody was faster, perhaps the same person in another tab: look again.
            Err(Failure::Taken) => (),
            done => return done,
        }
    }
    Err(Failure::Taken)
}

async fn find_address<W: World>(
    api: &Api<W>,
    email: &EmailAddress,
) -> Result<Option<AddressRow>, Failure> {
    let Some(credentials) = api.accounts.find_credentials(email).await? else { return Ok(None) };
    let linked = api.accounts.find_linked(&credentials.user).await?;
    Ok(Some(AddressRow { user: credentials.user, linked }))
}

/// Tells first: an owner who hears of a link that failed is puzzled, and one who does not hear of a
/// link that was made is helpless.
async fn tell_and_link<W: World>(
    api: &Api<W>,
    user: &UserId,
    email: &EmailAddress,
    identity: &Identity,
) -> Result<(), Failure> {
    api.letters.send(&Letter::GoogleLinked { to: email.to_string() }).await?;
    match api.accounts.link(user, identity, api.clock.now()).await {
        Ok(()) => Ok(()),
        Err(LinkError::Taken) => Err(Failure::Taken),
        Err(LinkError::Unavailable(error)) => Err(error.into()),
    }
}
