//! How the stand-in is started.

use super::{
    catalog::Product,
    signature::{MalformedSecret, WebhookSecret},
};
use crate::{
    loopback::Loopback,
    secret_file::{self, SecretFileError},
};
use jiff::SignedDuration;
use reqwest::{Certificate, Client};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// A stand-in for Dodo Payments: API, checkout page and signed webhooks, all in memory.
///
/// Point the product here, and --webhook-url at the product. Looking inside and making things go
/// wrong: GET /_standin lists the ways.
#[derive(Debug, clap::Parser)]
#[command(name = "dodo-standin", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "DODO_LISTEN", default_value = "0.0.0.0:4580")]
    pub listen: SocketAddr,
    /// Where browsers reach this stand-in; checkout addresses begin with it.
    #[arg(long, env = "DODO_PUBLIC_URL", default_value = "http://localhost:4580")]
    pub public_url: String,
    /// Where webhooks go. Without it they wait until PUT /_standin/webhook names a place.
    #[arg(long, env = "DODO_WEBHOOK_URL")]
    pub webhook_url: Option<String>,
    /// File with one or more `whsec_…` secrets; with several, each delivery is signed by all.
    #[arg(long, env = "DODO_WEBHOOK_SECRET_FILE")]
    pub webhook_secret_file: PathBuf,
    /// File with the API key, or several.
    #[arg(long, env = "DODO_API_KEY_FILE")]
    pub api_key_file: PathBuf,
    /// Certificate authority to trust beside the system's when webhooks go to https.
    #[arg(long, env = "DODO_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Keeps customers, sessions, subscriptions and deliveries in this file across restarts.
    #[arg(long = "state", env = "DODO_STATE_FILE")]
    pub state_file: Option<PathBuf>,
    /// Multiplies the pauses between delivery attempts; 0.01 turns five minutes into three seconds.
    #[arg(long, env = "DODO_TIME_SCALE", default_value_t = 1.0)]
    pub time_scale: f64,
    /// Answers 429 beyond 40 requests a second or 240 a minute, as tier 0 does.
    #[arg(long, env = "DODO_RATE_LIMIT", default_value = "on", value_parser = on_or_off, action = clap::ArgAction::Set)]
    pub rate_limit: bool,
    /// How many days a failed renewal is `past_due` before the subscription is put on hold. 0, as Dodo
    /// has it unless asked: on hold at once.
    #[arg(long, env = "DODO_GRACE_DAYS", default_value_t = 0)]
    pub grace_days: u16,
    /// Id of the product of the Standard plan.
    #[arg(long, env = "DODO_PRODUCT_STANDARD", default_value = "pdt_standard")]
    pub product_standard: String,
    /// Its price a month, in cents.
    #[arg(long, env = "DODO_PRICE_STANDARD", default_value_t = 4900)]
    pub price_standard: i64,
    /// Id of the product of the Pro plan.
    #[arg(long, env = "DODO_PRODUCT_PRO", default_value = "pdt_pro")]
    pub product_pro: String,
    /// Its price a month, in cents.
    #[arg(long, env = "DODO_PRICE_PRO", default_value_t = 6500)]
    pub price_pro: i64,
    /// Id of the product of the Dedicated plan.
    #[arg(long, env = "DODO_PRODUCT_DEDICATED", default_value = "pdt_dedicated")]
    pub product_dedicated: String,
    /// Its price a month, in cents.
    #[arg(long, env = "DODO_PRICE_DEDICATED", default_value_t = 14_900)]
    pub price_dedicated: i64,
}

/// [`Options`] with the files read.
#[derive(Clone, Debug)]
pub struct Settings {
    pub public_url: String,
    pub webhook_url: Option<String>,
    pub webhook_secrets: Vec<WebhookSecret>,
    pub api_keys: Vec<String>,
    pub authority: Option<Certificate>,
    pub state_file: Option<PathBuf>,
    pub time_scale: f64,
    pub rate_limit: bool,
    pub grace_days: u16,
    pub products: Vec<Product>,
}

#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    #[error(transparent)]
    Secret(#[from] SecretFileError),
    #[error("the webhook secret file is unusable")]
    WebhookSecret(#[from] MalformedSecret),
    #[error("cannot read `{}`", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("the HTTP client could not be built")]
    Http(#[from] reqwest::Error),
    #[error("the state file `{}` is not one of ours; move it away", path.display())]
    State { path: PathBuf, source: serde_json::Error },
}

impl Options {
    pub fn settings(self) -> Result<Settings, OptionsError> {
        let secrets = secret_file::read(&self.webhook_secret_file)?;
        let authority = match self.ca_file {
            None => None,
            Some(path) => {
                let pem = std::fs::read(&path)
                    .map_err(|source| OptionsError::File { path: path.clone(), source })?;
                Some(Certificate::from_pem(&pem)?)
            }
        };
        Ok(Settings {
            public_url: self.public_url.trim_end_matches('/').to_owned(),
            webhook_url: self.webhook_url,
            webhook_secrets: secrets.iter().map(|it| it.parse()).collect::<Result<_, _>>()?,
            api_keys: secret_file::read(&self.api_key_file)?,
            authority,
            state_file: self.state_file,
            time_scale: self.time_scale,
            rate_limit: self.rate_limit,
            grace_days: self.grace_days,
            products: vec![
                Product::monthly(&self.product_standard, "Standard", self.price_standard),
                Product::monthly(&self.product_pro, "Pro", self.price_pro),
                Product::monthly(&self.product_dedicated, "Dedicated", self.price_dedicated),
            ],
        })
    }
}

impl Settings {
    /// What a test needs: no limits, retries in milliseconds, the usual products.
    pub fn for_tests(public_url: &str, api_key: &str, webhook_secret: WebhookSecret) -> Self {
        Self {
            public_url: public_url.to_owned(),
            webhook_url: None,
            webhook_secrets: vec![webhook_secret],
            api_keys: vec![api_key.to_owned()],
            authority: None,
            state_file: None,
            time_scale: 1e-6,
            rate_limit: false,
            grace_days: 0,
            products: vec![
                Product::monthly("pdt_standard", "Standard", 4900),
                Product::monthly("pdt_pro", "Pro", 6500),
                Product::monthly("pdt_dedicated", "Dedicated", 14_900),
            ],
        }
    }

    pub(super) fn grace(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.grace_days) * 24)
    }

    pub(super) fn http_client(&self, timeout: Duration) -> Result<Client, reqwest::Error> {
        Client::builder()
            .timeout(timeout)
            .dns_resolver(Loopback::localhost())
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("dodo-standin")
            .tls_certs_merge(self.authority.clone())
            .build()
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("`{other}` is neither `on` nor `off`")),
    }
}
