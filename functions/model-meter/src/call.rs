//! A request of an instance, read and made ready for the provider.

use crate::{dialect::Dialect, refusal::Refusal, stream::tokens_in, world::Settings};
use domain::{
    id::ProjectId,
    model::{ModelId, ModelProvider},
    usage::{Tokens, Whose},
};
use http::{HeaderMap, Method, Request, header};
use serde_json::{Map, Value};

/// What an agent's answer is taken to be at the most, if it does not say.
const USUAL_OUTPUT: u64 = 8_192;
/// No model reads or writes more, whatever a request says or holds: pictures are long and cost little.
const MAX_INPUT: u64 = 200_000;
const MAX_OUTPUT: u64 = 128_000;

/// By these a router takes another model than the one that was asked for.
const CHOICES_OF_ROUTERS: [&str; 4] = ["models", "route", "provider", "plugins"];
/// What of an instance's headers a provider understands.
const PASSED_ON: [&str; 1] = ["anthropic-beta"];

/// Where a request wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) project: ProjectId,
    pub(crate) provider: ModelProvider,
    pub(crate) dialect: Dialect,
}

/// What is asked there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) model: ModelId,
    /// What it may take.
    pub(crate) expected: Tokens,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Address {
    /// `/{project}/{provider}/{what the provider's own path is}`.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let (project, rest) = path.strip_prefix('/')?.split_once('/')?;
        let (provider, path) = rest.split_once('/')?;
        let known = ModelProvider::OUTSIDE.into_iter().chain([ModelProvider::Platform]);
        let provider = known.into_iter().find(|it| it.as_str() == provider)?;
        let (project, dialect) = (project.parse().ok()?, Dialect::at(provider, path)?);
        Some(Self { project, provider, dialect })
    }

    pub(crate) fn whose(&self) -> Whose {
        match self.provider {
            ModelProvider::Platform => Whose::Platform,
            _ => Whose::Owner,
        }
    }
}

/// The key that the instance shows, in the way of whichever provider it takes us for.
pub(crate) fn shown_key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|it| it.strip_prefix("Bearer "));
    bearer.or_else(|| text("x-api-key")).filter(|it| !it.is_empty())
}

impl Call {
    pub(crate) fn read<B: AsRef<[u8]>>(
        address: &Address,
        request: &Request<B>,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        if request.method() != Method::POST {
            return Err(Refusal::NotFound);
        }
        let bytes = request.body().as_ref();
        let mut body: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|it| Refusal::BadRequest(it.to_string()))?;
        let model = body.get("model").and_then(Value::as_str).unwrap_or_default();
        let model = ModelId::try_from(model.to_owned());
        let model = model.map_err(|it| Refusal::BadRequest(format!("`model` {it}")))?;
        if address.provider == ModelProvider::Platform {
            if model.as_str() != settings.model_id {
                return Err(Refusal::OtherModel);
            }
            for choice in CHOICES_OF_ROUTERS {
                body.remove(choice);
            }
        }
        address.dialect.ask_for_usage(&mut body);
        let expected = expected(address.dialect, bytes.len(), &body);
        let passed_on = |name: &'static str| {
            let value = request.headers().get(name)?.to_str().ok()?;
            Some((name, value.to_owned()))
        };
        let headers = PASSED_ON.into_iter().filter_map(passed_on).collect();
        let body = serde_json::to_vec(&body).map_err(|it| Refusal::BadRequest(it.to_string()))?;
        Ok(Self { model, expected, headers, body })
    }
}

fn expected(dialect: Dialect, bytes: usize, body: &Map<String, Value>) -> Tokens {
    let answers = body.get("n").and_then(Value::as_u64).unwrap_or(1).max(1);
    let each = dialect.max_output(body).unwrap_or(USUAL_OUTPUT).clamp(1, MAX_OUTPUT);
    Tokens {
        input: tokens_in(bytes).min(MAX_INPUT),
        output: each.saturating_mul(answers),
        ..Tokens::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_leads_to_a_provider_in_a_way_that_it_speaks_and_nowhere_else() {
        use Dialect::{Completions, Messages, Responses};
        use ModelProvider::{Anthropic, Openai, Openrouter, Platform};
        let cases = [
            ("/prj_a/platform/chat/completions", Some((Platform, Completions))),
            ("/prj_a/openrouter/chat/completions", Some((Openrouter, Completions))),
            ("/prj_a/openai/chat/completions", Some((Openai, Completions))),
            ("/prj_a/openai/responses", Some((Openai, Responses))),
            ("/prj_a/anthropic/v1/messages", Some((Anthropic, Messages))),
            ("/prj_a/platform/responses", None),
            ("/prj_a/google/chat/completions", None),
            ("/prj_a/anthropic/v1/messages/", None),
            ("/prj_a/anthropic/v1/../messages", None),
            ("/prj_a/openai/models", None),
            ("/prj_a/evil.example/chat/completions", None),
            ("/prj_A/platform/chat/completions", None),
            ("/ten_a/platform/chat/completions", None),
            ("//platform/chat/completions", None),
            ("/prj_a/platform", None),
            ("/prj_a", None),
            ("/", None),
            ("", None),
        ];
        for (path, expected) in cases {
            let found = Address::read(path);
            assert_eq!(found.as_ref().map(|it| (it.provider, it.dialect)), expected, "{path}");
            assert!(found.is_none_or(|it| it.project.as_str() == "prj_a"), "{path}");
        }
    }

    #[test]
    fn a_key_is_shown_as_the_provider_wants_it() {
        let cases = [
            ("authorization", "Bearer k", Some("k")),
            ("x-api-key", "k", Some("k")),
            ("authorization", "Basic k", None),
            ("authorization", "Bearer ", None),
            ("x-api-key", "", None),
            ("cookie", "k", None),
        ];
        for (name, value, expected) in cases {
            let headers = [(name.parse().unwrap(), value.parse().unwrap())].into_iter().collect();
            assert_eq!(shown_key(&headers), expected, "{name}: {value}");
        }
    }

    fn read(path: &str, body: &str) -> Result<Call, Refusal> {
        let address = Address::read(path).expect("an address");
        let request = Request::post(path)
            .header("anthropic-beta", "context-1m")
            .header("x-forwarded-host", "evil.example")
            .body(body.as_bytes())
            .expect("a request");
        let settings = Settings { model_id: "auto".to_owned(), model_key: String::new() };
        Call::read(&address, &request, &settings)
    }

    const PLATFORM: &str = "/prj_a/platform/chat/completions";

    #[test]
    fn the_platforms_key_is_used_for_the_platforms_model_only() {
        assert_eq!(read(PLATFORM, r#"{"model":"claude-opus-4-6"}"#), Err(Refusal::OtherModel));
        let sly = r#"{"model":"auto","models":["dear"],"route":"fallback","provider":{},"plugins":[],"top_p":1}"#;
        let call = read(PLATFORM, sly).unwrap();
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(body, json!({ "model": "auto", "top_p": 1 }));
        // Under a key of their own, owners choose as they like.
        let own = read("/prj_a/openrouter/chat/completions", sly).unwrap();
        let body: Value = serde_json::from_slice(&own.body).unwrap();
        assert_eq!(body["models"], json!(["dear"]));
    }

    #[test]
    fn what_cannot_be_read_is_refused_before_anything_is_spent() {
        for body in
            ["", "[]", "{", "{}", r#"{"model":7}"#, r#"{"model":"a b"}"#, r#"{"model":"../x"}"#]
        {
            let refused = read(PLATFORM, body);
            assert!(matches!(refused, Err(Refusal::BadRequest(_))), "{body}: {refused:?}");
        }
        let address = Address::read(PLATFORM).unwrap();
        let get = Request::get(PLATFORM).body(r#"{"model":"auto"}"#).unwrap();
        let settings = Settings { model_id: "auto".to_owned(), model_key: String::new() };
        assert_eq!(Call::read(&address, &get, &settings), Err(Refusal::NotFound));
    }

    #[test]
    fn a_call_is_taken_to_be_as_long_as_it_may_be() {
        let cases = [
            (r#"{"model":"auto"}"#, USUAL_OUTPUT),
            (r#"{"model":"auto","max_tokens":100}"#, 100),
            (r#"{"model":"auto","max_completion_tokens":100,"max_tokens":7}"#, 100),
            (r#"{"model":"auto","max_tokens":100,"n":3}"#, 300),
            (r#"{"model":"auto","max_tokens":0}"#, 1),
            (r#"{"model":"auto","max_tokens":99999999}"#, MAX_OUTPUT),
        ];
        for (body, output) in cases {
            let call = read(PLATFORM, body).unwrap();
            assert_eq!(call.expected.output, output, "{body}");
            assert_eq!(call.expected.input, tokens_in(body.len()), "{body}");
        }
        let long = format!(r#"{{"model":"auto","messages":"{}"}}"#, "a".repeat(2_000_000));
        assert_eq!(read(PLATFORM, &long).unwrap().expected.input, MAX_INPUT);
    }

    #[test]
    fn of_headers_only_what_the_provider_understands_goes_on() {
        let call = read("/prj_a/anthropic/v1/messages", r#"{"model":"m"}"#).unwrap();
        assert_eq!(call.headers, [("anthropic-beta", "context-1m".to_owned())]);
    }
}
