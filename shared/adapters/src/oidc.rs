//! [`IdentityProvider`] on an `OpenID` Connect issuer.
//!
//! The id token comes over TLS from the issuer itself, and is checked all the same as if a stranger
//! had brought it: signature, issuer, audience, expiry, nonce.

mod keys;
mod token;

use keys::Keys;
use ports::{
    Unavailable,
    clock::Clock,
    identity_provider::{Claims, ExchangeError, IdentityProvider, Proof, Question},
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect::Policy, retry};
use serde::Deserialize;
use std::{fmt, time::Duration};
use token::Rules;

/// For each call, and there are two at most: less than the time that the API has for a request.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

const SCOPE: &str = "openid email profile";

/// Where an issuer is, and who we are there.
pub struct Settings {
    /// Its name, as it stands in its tokens.
    pub issuer: String,
    pub authorize_url: Url,
    pub token_url: Url,
    pub jwks_url: Url,
    pub client_id: String,
    pub client_secret: String,
    /// Registered with the issuer, to the letter.
    pub redirect_uri: String,
}

pub struct Oidc<C> {
    client: Client,
    clock: C,
    keys: Keys,
    rules: Rules,
    settings: Settings,
}

/// Without the secret.
impl<C> fmt::Debug for Oidc<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}

/// Without it nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot start")]
pub struct NoClient(#[source] reqwest::Error);

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

/// As RFC 6749 has it.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl<C: Clock> Oidc<C> {
    pub fn new(mut settings: Settings, clock: C) -> Result<Self, NoClient> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map_err(NoClient)?;
        // A file ends with a line break, a secret does not.
        settings.client_secret = settings.client_secret.trim().to_owned();
        let keys = Keys::at(settings.jwks_url.clone());
        let rules = Rules::of(&settings.issuer, &settings.client_id);
        Ok(Self { client, clock, keys, rules, settings })
    }

    /// The id token that the issuer gives for `code`.
    async fn id_token(&self, code: &str, verifier: &str) -> Result<String, ExchangeError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.settings.redirect_uri),
            ("client_id", &self.settings.client_id),
            ("client_secret", &self.settings.client_secret),
            ("code_verifier", verifier),
        ];
        let request = self.client.post(self.settings.token_url.clone()).form(&form);
        let response = send(request).await?;
        let status = response.status();
        let body = response.bytes().await.map_err(unavailable)?;
        if status.is_success() {
            let tokens: Tokens = serde_json::from_slice(&body).map_err(unavailable)?;
            return Ok(tokens.id_token);
        }
        let code = serde_json::from_slice::<Refusal>(&body).map(|it| it.error);
        Err(ExchangeError::Refused(code.unwrap_or_else(|_| status.to_string())))
    }
}

impl<C: Clock + Send + Sync> IdentityProvider for Oidc<C> {
    fn authorize_url(&self, question: &Question<'_>) -> String {
        let mut url = self.settings.authorize_url.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", SCOPE)
            .append_pair("state", question.state)
            .append_pair("nonce", question.nonce)
            .append_pair("code_challenge", question.challenge)
            .append_pair("code_challenge_method", "S256")
            // Of several accounts in a browser the person picks, not the issuer.
            .append_pair("prompt", "select_account");
        url.into()
    }

    async fn exchange(&self, code: &str, proof: &Proof) -> Result<Claims, ExchangeError> {
        let token = self.id_token(code, &proof.verifier).await?;
        let now = self.clock.now();
        let key = self.keys.find(&self.client, &token::key_id(&token)?, now).await?;
        self.rules.open(&token, &key, &proof.nonce, now)
    }
}

/// An answer, or a status that is worth a look. Whatever may pass by itself is unavailable.
async fn send(request: RequestBuilder) -> Result<Response, Unavailable> {
    let response = request.send().await.map_err(unavailable)?;
    let status = response.status();
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if later || status.is_server_error() || status.is_redirection() {
        return Err(unavailable(format!("it answers {status}")));
    }
    Ok(response)
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("identity provider", error)
}
