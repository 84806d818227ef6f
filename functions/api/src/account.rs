//! Signing up and confirming.
//!
//! Nothing here tells who has an account: the answers are the same and so is the work behind them.
//! Only the mail differs, and that goes to whoever reads the address.

use crate::{
    device::OnDevice,
    input::{Body, Fields, Input},
    password::Password,
    random::{self, LONG_ID_LEN},
    refusal::Refusal,
    throttle::{Door, count_network, may_write},
    view::{Confirmed, CredentialsBody, TokenBody},
    world::{Api, World},
};
use axum::{Json, extract::State};
use contracts::mail::Letter;
use domain::{
    email::EmailAddress,
    id::{TenantId, UserId},
};
use http::StatusCode;
use ports::{
    accounts::{Accounts, ConfirmError, NewAccount, SignUp},
    clock::Clock,
    queue::Queue,
};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How long a confirmation can be used.
const TOKEN_TTL: Duration = Duration::from_hours(24);

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
    OnDevice(device): OnDevice,
    Body(NewCredentials { email, password }): Body<NewCredentials>,
) -> Result<StatusCode, Refusal> {
    count_network(&api, Door::SignUp, &device).await?;
    let may_write = may_write(&api, email.as_str()).await?;
    let token = random::token();
    let sign_up = SignUp {
        token: random::hash(&token),
        email: email.clone(),
        password: password.hash().await?,
        expires_at: api.clock.now() + TOKEN_TTL,
    };
    // For a known address as well: the same work, and a token that nobody ever sees.
    api.accounts.record_sign_up(&sign_up).await?;
    let known = api.accounts.find_credentials(&email).await?.is_some();
    let to = email.to_string();
    let letter =
        if known { Letter::AddressKnown { to } } else { Letter::ConfirmAddress { to, token } };
    if may_write {
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
