//! [`ModelUpstream`] over HTTP, to the addresses that the stage names and to no other: neither a path nor a
//! header nor a redirect of anybody else's decides where a key goes.

use contracts::models::ProviderUrls;
use domain::model::ModelProvider;
use ports::{
    Unavailable,
    model_upstream::{Answer, ModelUpstream, Question},
};
use reqwest::{Client, RequestBuilder, Response, header, redirect::Policy, retry};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two pieces of an answer. Models think for minutes before the first one.
const READ_TIMEOUT: Duration = Duration::from_mins(4);

/// Anthropic answers no request that does not name it.
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

#[derive(Clone, Debug)]
pub struct HttpModelUpstream {
    client: Client,
    /// The platform's own.
    model_url: String,
    urls: ProviderUrls,
}

impl HttpModelUpstream {
    /// `patience` is for a whole answer: whoever asks has to count it before its own time is over.
    pub fn new(
        model_url: String,
        urls: ProviderUrls,
        patience: Duration,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(patience)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(Policy::none())
            // A call costs money: nobody but the caller repeats it.
            .retry(retry::never())
            .build()?;
        Ok(Self { client, model_url, urls })
    }

    fn request(&self, question: Question) -> Option<RequestBuilder> {
        let base = match question.provider {
            ModelProvider::Platform => &self.model_url,
            outside => self.urls.of(outside)?,
        };
        let post = self.client.post(format!("{base}{}", question.path));
        let post = post.header(header::CONTENT_TYPE, "application/json").body(question.body);
        let post = match question.provider {
            ModelProvider::Anthropic => {
                let (name, version) = ANTHROPIC_VERSION;
                post.header("x-api-key", question.key).header(name, version)
            }
            ModelProvider::Google => post.header("x-goog-api-key", question.key),
            ModelProvider::Platform | ModelProvider::Openai | ModelProvider::Openrouter => {
                post.bearer_auth(question.key)
            }
        };
        Some(question.headers.into_iter().fold(post, |post, (name, it)| post.header(name, it)))
    }
}

impl ModelUpstream for HttpModelUpstream {
    type Answer = HttpAnswer;

    async fn ask(&self, question: Question) -> Result<HttpAnswer, Unavailable> {
        let request = self.request(question).ok_or_else(|| unavailable("it has no address"))?;
        let response = request.send().await.map_err(|it| unavailable(it.without_url()))?;
        Ok(HttpAnswer(response))
    }
}

pub struct HttpAnswer(Response);

impl Answer for HttpAnswer {
    fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Unavailable> {
        let chunk = self.0.chunk().await.map_err(|it| unavailable(it.without_url()))?;
        Ok(chunk.map(Vec::from))
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("model provider", error)
}
