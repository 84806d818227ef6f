//! Talking to the Hetzner Cloud API: who we are, what went wrong, and waiting for what takes longer
//! than an answer.

use super::{
    Misconfigured,
    limit::Limit,
    wire::{Action, ActionError, OneAction, Progress, Reason, Refusal},
};
use crate::errors::{self, Failure};
use ports::clock::Clock;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, redirect::Policy, retry};
use serde::de::DeserializeOwned;
use std::{fmt, time::Duration};

/// Several of Hetzner's slow answers.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// A server is made within a quarter of a minute, mostly. What takes longer is found by the repeat.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_POLL: Duration = Duration::from_millis(500);
/// Each poll is one request of the 3600 an hour.
const SLOWEST_POLL: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Api<C> {
    client: Client,
    url: Url,
    token: String,
    clock: C,
    limit: Limit,
}

/// Without the token.
impl<C> fmt::Debug for Api<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl<C: Clock> Api<C> {
    pub(super) fn new(url: Url, token: &str, clock: C) -> Result<Self, Misconfigured> {
        if url.cannot_be_a_base() {
            return Err(Misconfigured::Url(url.into()));
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .retry(retry::never())
            .build()
            .map_err(Misconfigured::Client)?;
        let (token, limit) = (token.trim().to_owned(), Limit::default());
        Ok(Self { client, url, token, clock, limit })
    }

    pub(super) fn clock(&self) -> &C {
        &self.clock
    }

    /// A request about the thing at `path`.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        self.client.request(method, url)
    }

    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<T, Failure> {
        let body = self.body(request).await?;
        serde_json::from_slice(&body).map_err(unavailable)
    }

    /// Sends `request`. Whatever it says when it is fulfilled is of no interest.
    pub(super) async fn done(&self, request: RequestBuilder) -> Result<(), Failure> {
        self.body(request).await.map(|_| ())
    }

    async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        if let Some(until) = self.limit.closed_until(self.clock.now()) {
            return Err(unavailable("no requests are left").until(Some(until)));
        }
        let response = request.bearer_auth(&self.token).send().await.map_err(unavailable)?;
        let status = response.status();
        let until = self.limit.mind(status, response.headers(), self.clock.now());
        let body = response.bytes().await.map_err(unavailable)?;
        if status.is_success() {
            return Ok(body.into());
        }
        Err(refusal(status, &body).until(until))
    }

    /// Waits until `action` is over, for as long as is sensible in one call of a function.
    pub(super) async fn settle(&self, mut action: Action) -> Result<(), Failure> {
        let deadline = self.clock.now() + PATIENCE;
        let mut pause = FIRST_POLL;
        loop {
            match action.status {
                Progress::Success => return Ok(()),
                Progress::Error => return Err(failed(action)),
                Progress::Running if self.clock.now() >= deadline => {
                    let slow = format!("`{}` ({}) is still under way", action.command, action.id);
                    return Err(unavailable(slow));
                }
                Progress::Running => self.clock.sleep(pause).await,
            }
            pause = (pause * 2).min(SLOWEST_POLL);
            let id = action.id.to_string();
            let now: OneAction = self.answer(self.request(Method::GET, &["actions", &id])).await?;
            action = now.action;
        }
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let Refusal { error } = serde_json::from_slice(body).unwrap_or_default();
    let verdict = errors::hetzner(status.as_u16(), &error.code, &error.fields());
    Failure::new(verdict, "hetzner", told(status, &error))
}

fn told(status: StatusCode, reason: &Reason) -> String {
    if reason.code.is_empty() {
        return status.to_string();
    }
    format!("{}: {}", reason.code, reason.message)
}

/// What was begun is over, and was not done.
#[derive(Debug, thiserror::Error)]
#[error("`{command}` failed: {code}: {message}")]
pub(super) struct ActionFailed {
    command: String,
    code: String,
    message: String,
}

/// An action fails with a code of the same kind as a request.
fn failed(action: Action) -> Failure {
    let error = action.error.unwrap_or_else(|| ActionError {
        code: "action_failed".to_owned(),
        message: "no reason given".to_owned(),
    });
    let verdict = errors::hetzner(200, &error.code, &[]);
    let ActionError { code, message } = error;
    Failure::new(verdict, "hetzner", ActionFailed { command: action.command, code, message })
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::unavailable("hetzner", error)
}
