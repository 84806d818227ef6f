//! A stand-in for signing in with Google: an `OpenID` Connect issuer with Google's paths.
//!
//! It keeps to the rules where they are unkind: a code is good for one exchange within a minute and
//! only with the verifier of its challenge, the redirect address must be registered to the letter,
//! and keys are rotated without a word. On demand it also breaks every rule that a client must not
//! rely on: see [`Mode`].

mod account;
mod admin;
mod authorize;
mod exchange;
mod id_token;
mod keys;
mod mode;
mod options;

pub use account::Account;
pub use mode::Mode;
pub use options::{Options, OptionsError, Settings};

use crate::clock;
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use exchange::Grant;
use keys::SigningKey;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The whole stand-in. Cheap to share, alive as long as its router is.
pub struct Google {
    settings: Settings,
    books: Mutex<Books>,
}

struct Books {
    key: SigningKey,
    mode: Mode,
    accounts: Vec<Account>,
    /// By their codes.
    grants: BTreeMap<String, Grant>,
    asked: Asked,
}

/// How often each of these was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub token: u32,
    pub keys: u32,
}

type Shared = State<Arc<Google>>;

impl Google {
    /// Makes a key pair: a new one each time, as nobody may rely on the old one.
    pub fn open(settings: Settings) -> Result<Arc<Self>, OptionsError> {
        let books = Books {
            key: SigningKey::generate()?,
            mode: Mode::Honest,
            accounts: vec![],
            grants: BTreeMap::new(),
            asked: Asked::default(),
        };
        Ok(Arc::new(Self { settings, books: Mutex::new(books) }))
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(authorize::home))
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/o/oauth2/v2/auth", get(authorize::show).post(authorize::submit))
            .route("/token", post(exchange::exchange))
            .route("/oauth2/v3/certs", get(certs))
            .layer(from_fn_with_state(self.clone(), misbehave))
            .merge(admin::router())
            .with_state(self.clone())
    }

    /// How it behaves from now on.
    pub fn set_mode(&self, mode: Mode) {
        self.books().mode = mode;
    }

    /// Signs with a new key from now on, and publishes no other.
    pub fn rotate_key(&self) -> Result<String, OptionsError> {
        let key = SigningKey::generate()?;
        let kid = key.kid.clone();
        self.books().key = key;
        Ok(kid)
    }

    /// Somebody who can sign in by a `login_hint`. Replaces whoever had the address.
    pub fn put_account(&self, account: Account) {
        let mut books = self.books();
        books.accounts.retain(|it| it.email != account.email);
        books.accounts.push(account);
    }

    pub fn asked(&self) -> Asked {
        self.books().asked
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Modes that concern every answer.
async fn misbehave(State(google): Shared, request: Request, next: Next) -> Response {
    let mode = google.books().mode.clone();
    match mode {
        Mode::Outage => (StatusCode::SERVICE_UNAVAILABLE, "out of order").into_response(),
        Mode::Slow { ms } => {
            clock::pause(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        _ => next.run(request).await,
    }
}

async fn discovery(State(google): Shared) -> Json<Value> {
    let url = &google.settings.public_url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/o/oauth2/v2/auth"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/oauth2/v3/certs"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn certs(State(google): Shared) -> Response {
    let mut books = google.books();
    books.asked.keys += 1;
    let set = json!({ "keys": [books.key.jwk.clone()] });
    let max_age = format!("public, max-age={}, must-revalidate", google.settings.keys_max_age_s);
    ([(header::CACHE_CONTROL, max_age)], Json(set)).into_response()
}
