//! The keys that the issuer signs with, kept for as long as it says.

use super::{send, unavailable};
use jiff::Timestamp;
use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, JwkSet},
};
use ports::{Unavailable, identity_provider::ExchangeError};
use reqwest::{Client, Response, Url, header};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long keys are kept when the issuer does not say.
const USUAL_AGE: Duration = Duration::from_mins(5);
/// And at most: a key that was withdrawn must not live here for weeks.
const MAX_AGE: Duration = Duration::from_hours(24);
/// Between two looks for a key that is not there, so that strange tokens do not become a stream of
/// requests.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Keys {
    url: Url,
    /// Locked while they are fetched: the second in line finds them.
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    set: JwkSet,
    fetched_at: Timestamp,
    expires_at: Timestamp,
}

impl Keys {
    pub(super) fn at(url: Url) -> Self {
        Self { url, kept: Mutex::new(None) }
    }

    /// The public key called `kid`.
    pub(super) async fn find(
        &self,
        client: &Client,
        kid: &str,
        now: Timestamp,
    ) -> Result<DecodingKey, ExchangeError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|it| it.expires_at > now) {
            if let Some(key) = kept.set.find(kid) {
                return decoding(key);
            }
            if kept.fetched_at + PATIENCE > now {
                return Err(unknown());
            }
        }
        let fetched = self.fetch(client, now).await?;
        let key = fetched.set.find(kid).map_or_else(|| Err(unknown()), decoding);
        *kept = Some(fetched);
        key
    }

    async fn fetch(&self, client: &Client, now: Timestamp) -> Result<Kept, Unavailable> {
        let response = send(client.get(self.url.clone())).await?;
        let age = response.headers().get(header::CACHE_CONTROL).and_then(|it| it.to_str().ok());
        let age = age.and_then(max_age).unwrap_or(USUAL_AGE).min(MAX_AGE);
        let answer = response.error_for_status().map_err(unavailable);
        let set = read(answer?).await?;
        Ok(Kept { set, fetched_at: now, expires_at: now + age })
    }
}

async fn read(response: Response) -> Result<JwkSet, Unavailable> {
    response.json().await.map_err(unavailable)
}

fn decoding(key: &Jwk) -> Result<DecodingKey, ExchangeError> {
    DecodingKey::from_jwk(key).map_err(|it| ExchangeError::Untrusted(it.to_string()))
}

fn unknown() -> ExchangeError {
    ExchangeError::Untrusted("signed by a key that the issuer does not have".to_owned())
}

/// `max-age` of a `Cache-Control` header.
fn max_age(header: &str) -> Option<Duration> {
    let directives = header.split(',').filter_map(|it| it.trim().split_once('='));
    let age = directives.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("max-age"))?.1;
    Some(Duration::from_secs(age.trim_matches('"').parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_read_wherever_it_stands() {
        let cases = [
            ("public, max-age=19845, must-revalidate, no-transform", Some(19_845)),
            ("Max-Age=0", Some(0)),
            ("max-age=\"60\"", Some(60)),
            ("max-age=", None),
            ("max-age=-1", None),
            ("s-maxage=60", None),
            ("no-store", None),
            ("", None),
        ];
        for (header, age_s) in cases {
            assert_eq!(max_age(header), age_s.map(Duration::from_secs), "{header}");
        }
    }
}
