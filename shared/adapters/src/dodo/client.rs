//! HTTP as Dodo speaks it: the key, the addresses, the pages of a list, and what a refusal means.
//!
//! Nothing is repeated here: Dodo knows no idempotency keys, and a second `POST` may be a second
//! customer or a second page to pay on.

use super::Misconfigured;
use ports::{Unavailable, clock::Clock as _, payments::PaymentsError};
use reqwest::{
    Client as Http, Method, RequestBuilder, StatusCode, Url,
    header::{HeaderMap, RETRY_AFTER},
    redirect::Policy,
    retry,
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeSet, fmt, time::Duration};

/// Several of Dodo's slow answers, and less than a visitor's patience.
const TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest that Dodo gives out.
const PAGE_SIZE: usize = 100;
/// Longer than any list of ours: a server that ignores `page_number` must not be asked for ever.
const MAX_PAGES: usize = 10_000;

/// Dodo could not answer just now, and may have said for how long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {code}{}", words(*wait))]
pub struct Busy {
    pub status: u16,
    pub code: String,
    /// What it asked to wait.
    pub wait: Option<Duration>,
}

fn words(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |it| format!(", to be asked again in {} s", it.as_secs()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: String,
    message: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Clone)]
pub(super) struct Client {
    http: Http,
    url: Url,
    key: String,
}

/// Without the key.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) fn new(url: Url, key: &str) -> Result<Self, Misconfigured> {
        if url.cannot_be_a_base() {
            return Err(Misconfigured::Url(url));
        }
        let http = Http::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map_err(Misconfigured::Client)?;
        Ok(Self { http, url, key: key.trim().to_owned() })
    }

    /// The address of `segments`, each escaped: an id cannot lead elsewhere.
    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.http.request(method, self.at(segments)).bearer_auth(&self.key)
    }

    pub(super) fn get(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::GET, segments)
    }

    pub(super) fn post(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::POST, segments)
    }

    pub(super) fn patch(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::PATCH, segments)
    }

    /// One page of a list, the first one being 0.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        number: usize,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, PaymentsError> {
        let paging = [("page_size", PAGE_SIZE), ("page_number", number)];
        let page: Page<T> = answer(self.get(segments).query(query).query(&paging)).await?;
        Ok(page.items)
    }

    /// Everything of a list, each item once: while it is read, the list may grow and move what was
    /// read to the next page. A page that brings nothing new ends it.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        id: impl Fn(&T) -> Option<String>,
    ) -> Result<Vec<T>, PaymentsError> {
        let mut known = BTreeSet::new();
        let mut all = Vec::new();
        for number in 0..MAX_PAGES {
            let before = known.len();
            for item in self.page::<T>(segments, number, query).await? {
                if id(&item).is_some_and(|it| known.insert(it)) {
                    all.push(item);
                }
            }
            if known.len() == before {
                break;
            }
        }
        Ok(all)
    }
}

pub(super) async fn answer<T: DeserializeOwned>(
    request: RequestBuilder,
) -> Result<T, PaymentsError> {
    let body = bytes(request).await?;
    Ok(serde_json::from_slice(&body).map_err(unavailable)?)
}

/// For what answers nothing that is needed, or nothing at all.
pub(super) async fn done(request: RequestBuilder) -> Result<(), PaymentsError> {
    bytes(request).await.map(drop)
}

pub(super) async fn bytes(request: RequestBuilder) -> Result<Vec<u8>, PaymentsError> {
    let response = request.send().await.map_err(unavailable)?;
    let (status, wait) = (response.status(), wait_asked(response.headers(), now_s()));
    let body = response.bytes().await.map_err(unavailable)?;
    if status.is_success() { Ok(body.to_vec()) } else { Err(refusal(status, wait, &body)) }
}

/// What is not there is no error.
pub(super) fn found<T>(answer: Result<T, PaymentsError>) -> Result<Option<T>, PaymentsError> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(PaymentsError::Refused { code, .. }) if is_missing(&code) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn is_missing(code: &str) -> bool {
    code == "404" || code.ends_with("NOT_FOUND")
}

pub(super) fn is_expired(code: &str) -> bool {
    code == "410" || code.ends_with("EXPIRED")
}

pub(super) fn unavailable(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Unavailable {
    Unavailable::new("payment provider", error)
}

/// Whether Dodo said no, or could not say anything just now.
fn refusal(status: StatusCode, wait: Option<Duration>, body: &[u8]) -> PaymentsError {
    let said: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let code = if said.code.is_empty() { status.as_u16().to_string() } else { said.code };
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if later || status.is_server_error() {
        return unavailable(Busy { status: status.as_u16(), code, wait }).into();
    }
    PaymentsError::Refused { code, message: said.message }
}

/// `Retry-After` in seconds; else, if the minute's allowance is used up, until it is filled again.
fn wait_asked(headers: &HeaderMap, now_s: u64) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let seconds = number(RETRY_AFTER.as_str()).or_else(|| {
        let used_up = number("x-ratelimit-remaining") == Some(0);
        let reset = number("x-ratelimit-reset").filter(|_| used_up)?;
        // A moment, or a number of seconds until then: which one is not documented.
        Some(reset.checked_sub(now_s).unwrap_or(reset))
    })?;
    Some(Duration::from_secs(seconds))
}

fn now_s() -> u64 {
    u64::try_from(crate::clock::SystemClock.now().as_second()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_would_be_refused_again() {
        let cases = [
            (400, false),
            (401, false),
            (404, false),
            (408, true),
            (409, false),
            (422, false),
            (429, true),
            (500, true),
            (503, true),
        ];
        for (status, passes) in cases {
            let error = refusal(StatusCode::from_u16(status).unwrap(), None, b"<html>");
            assert_eq!(matches!(error, PaymentsError::Unavailable(_)), passes, "{status}");
        }
    }

    #[test]
    fn a_refusal_keeps_dodos_code_and_message() {
        let said = br#"{"code":"PRODUCT_NOT_FOUND","message":"no product `x`"}"#;
        let error = refusal(StatusCode::NOT_FOUND, None, said);
        let text = "payment provider refused: PRODUCT_NOT_FOUND: no product `x`";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn how_long_to_wait_is_read_wherever_it_is_said() {
        const NOW: u64 = 1_795_262_400;
        type Headers = &'static [(&'static str, &'static str)];
        let cases: [(&str, Headers, Option<u64>); 6] = [
            ("nowhere", &[], None),
            ("in seconds", &[("retry-after", "7")], Some(7)),
            ("as a date", &[("retry-after", "Sat, 21 Nov 2026 12:00:00 GMT")], None),
            (
                "as the moment of a reset",
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795262412")],
                Some(12),
            ),
            (
                "as seconds until a reset",
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "30")],
                Some(30),
            ),
            (
                "while there is some left",
                &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "30")],
                None,
            ),
        ];
        for (case, said, wait) in cases {
            let pairs = said.iter().map(|(name, value)| {
                let name: reqwest::header::HeaderName = name.parse().unwrap();
                (name, value.parse().unwrap())
            });
            let headers: HeaderMap = pairs.collect();
            assert_eq!(wait_asked(&headers, NOW), wait.map(Duration::from_secs), "{case}");
        }
    }

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        let client = Client::new(Url::parse("https://dodo.test/").unwrap(), "key").unwrap();
        for id in ["../customers", "a/b", "x?y=z", "x#y"] {
            let url = client.at(&["subscriptions", id]);
            assert_eq!(url.path_segments().unwrap().count(), 2, "{id}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{id}");
        }
    }
}
