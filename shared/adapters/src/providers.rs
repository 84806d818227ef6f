//! [`ProviderCheck`] on the providers' own APIs: the list of models, which costs nothing to read.

use contracts::models::ProviderUrls;
use domain::model::ModelProvider;
use ports::{
    Unavailable,
    provider_check::{KeyVerdict, ProviderCheck},
};
use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy, retry};
use std::time::Duration;

/// Somebody waits for the answer.
const TIMEOUT: Duration = Duration::from_secs(6);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Anthropic answers no request that does not name it.
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// Google answers 400 to a key that it does not know, and says so in the body.
const GOOGLE_REFUSAL: &str = "API_KEY_INVALID";

#[derive(Clone, Debug)]
pub struct HttpProviders {
    client: Client,
    urls: ProviderUrls,
}

impl HttpProviders {
    pub fn new(urls: ProviderUrls) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A key goes where it was meant to go, and nowhere else.
            .redirect(Policy::none())
            .retry(retry::never())
            .build()?;
        Ok(Self { client, urls })
    }

    fn question(&self, provider: ModelProvider, key: &str) -> Option<RequestBuilder> {
        let base = self.urls.of(provider)?;
        let get = |path: &str| self.client.get(format!("{base}{path}"));
        match provider {
            ModelProvider::Platform => None,
            ModelProvider::Anthropic => {
                let (name, version) = ANTHROPIC_VERSION;
                Some(get("/v1/models").header("x-api-key", key).header(name, version))
            }
            ModelProvider::Openai => Some(get("/models").bearer_auth(key)),
            ModelProvider::Google => Some(get("/models").header("x-goog-api-key", key)),
            // Its list of models is for everybody, whatever key they have.
            ModelProvider::Openrouter => Some(get("/key").bearer_auth(key)),
        }
    }
}

impl ProviderCheck for HttpProviders {
    async fn check(&self, provider: ModelProvider, key: &str) -> Result<KeyVerdict, Unavailable> {
        let question = self.question(provider, key);
        let question = question.ok_or_else(|| unavailable("it has no keys"))?;
        let response = question.send().await.map_err(|it| unavailable(it.without_url()))?;
        let status = response.status();
        let body = response.text().await.unwrap_or_default();
        verdict(provider, status, &body).ok_or_else(|| unavailable(format!("it answered {status}")))
    }
}

/// `None` if the answer is about something else than the key.
fn verdict(provider: ModelProvider, status: StatusCode, body: &str) -> Option<KeyVerdict> {
    let not_known = status == StatusCode::BAD_REQUEST && body.contains(GOOGLE_REFUSAL);
    match status {
        _ if status.is_success() => Some(KeyVerdict::Good),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(KeyVerdict::Refused),
        _ if provider == ModelProvider::Google && not_known => Some(KeyVerdict::Refused),
        _ => None,
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("model provider", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_or_refused_only_if_the_provider_says_so() {
        use KeyVerdict::{Good, Refused};
        use ModelProvider::{Google, Openai};
        let invalid = r#"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#;
        let cases = [
            (Openai, 200, "", Some(Good)),
            (Openai, 401, "", Some(Refused)),
            (Openai, 403, "", Some(Refused)),
            (Google, 400, invalid, Some(Refused)),
            (Google, 400, "{}", None),
            (Openai, 400, invalid, None),
            (Openai, 302, "", None),
            (Openai, 404, "", None),
            (Openai, 429, "", None),
            (Openai, 500, "", None),
        ];
        for (provider, status, body, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(provider, status, body), expected, "{provider}: {status}");
        }
    }
}
