//! How the stand-in is started.

use crate::secret_file::{self, SecretFileError};
use std::{net::SocketAddr, path::PathBuf};

/// A stand-in for signing in with Google: an `OpenID` Connect issuer, all in memory.
///
/// Its page lets one be anybody; with `login_hint` in the address it does not ask. Looking inside
/// and making things go wrong: GET /_standin/requests, PUT /_standin/accounts, PUT `/_standin/mode`
/// with `{"mode": "wrong_audience"}`, POST /_standin/keys/rotate.
#[derive(Debug, clap::Parser)]
#[command(name = "google-standin", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "GOOGLE_LISTEN", default_value = "0.0.0.0:4584")]
    pub listen: SocketAddr,
    /// Where browsers reach this stand-in; it is the issuer's name as well.
    #[arg(long, env = "GOOGLE_PUBLIC_URL", default_value = "http://localhost:4584")]
    pub public_url: String,
    /// The one client that it knows.
    #[arg(long, env = "GOOGLE_CLIENT_ID", default_value = "1mins.apps.googleusercontent.com")]
    pub client_id: String,
    /// File with that client's secret.
    #[arg(long, env = "GOOGLE_CLIENT_SECRET_FILE")]
    pub client_secret_file: PathBuf,
    /// Where it may send people back to, to the letter.
    #[arg(long, env = "GOOGLE_REDIRECT_URI")]
    pub redirect_uri: String,
    /// How long its keys may be cached.
    #[arg(long, env = "GOOGLE_KEYS_MAX_AGE_S", default_value_t = 3600)]
    pub keys_max_age_s: u32,
}

/// [`Options`] with the file read.
#[derive(Clone, Debug)]
pub struct Settings {
    pub public_url: String,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub keys_max_age_s: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    #[error("no key pair could be made")]
    Key,
    #[error("the key pair is unusable")]
    UnusableKey(#[from] jsonwebtoken::errors::Error),
}

impl Options {
    pub fn settings(self) -> Result<Settings, OptionsError> {
        Ok(Settings {
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            client_id: self.client_id,
            client_secret: secret_file::read(&self.client_secret_file)?.remove(0),
            redirect_uri: self.redirect_uri,
            keys_max_age_s: self.keys_max_age_s,
        })
    }
}

impl Settings {
    /// What a test needs: a client called `client`.
    pub fn for_tests(public_url: &str, client_secret: &str, redirect_uri: &str) -> Self {
        Self {
            public_url: public_url.to_owned(),
            client_id: "client".to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            keys_max_age_s: 3600,
        }
    }
}
