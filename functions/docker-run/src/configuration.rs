//! From a project to the `openclaw.json` of its gateway.
//!
//! The gateway is strict: an unknown key ends it with exit code 78. Keys live in this file since
//! 2026.9: an `auth-profiles.json` beside it would break every chat.

use contracts::models::ProviderUrls;
use domain::{
    model::{ModelChoice, ModelProvider, ModelUse},
    project::Project,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The one provider that every instance talks to, blank or not: a project that takes a blank over
/// finds its model warm.
const PROVIDER: &str = "platform";

/// Where a blank finds the model that warms it: inside its own container, for that while only.
/// `infra-cdk/assets/agent/warm` is the other end.
const WARMING_URL: &str = "http://127.0.0.1:18790/v1";
/// No name ends like this. The gateway refuses to start without an HTTPS origin.
const BLANK_ORIGIN: &str = "https://blank.invalid";

/// Pairs a browser that the edge vouches for. In the image, made by `infra-cdk/assets/agent/handoff`.
const HANDOFF: &str = "/opt/openclaw-plugins/onemins-handoff";

/// What a stage offers to every instance.
#[derive(Clone, Debug)]
pub struct Platform {
    /// An `OpenAI`-compatible base URL.
    pub model_url: String,
    pub model_id: String,
    /// Whose `X-Forwarded-For` is believed.
    pub edge_cidr: String,
    /// What follows the host in an instance's address: empty, or a colon and a port.
    pub url_port: String,
    /// Where the models of others answer.
    pub providers: ProviderUrls,
    /// Where `model-meter` answers, without a slash at the end, if this stage meters calls.
    pub meter_url: Option<String>,
}

impl Platform {
    /// Whether calls to `provider` pass the meter, which then has the key: no container does.
    ///
    /// Google's API says what is asked for in its paths, which the meter does not read: there an owner's own
    /// key is asked directly.
    pub fn meters(&self, provider: ModelProvider) -> bool {
        self.meter_url.is_some() && provider != ModelProvider::Google
    }

    /// Where `project` finds `provider`, under `key`; or the meter instead, under the project's own.
    fn address(
        &self,
        project: &Project,
        provider: ModelProvider,
        key: &str,
        secrets: &Secrets,
    ) -> Option<(String, String)> {
        if let Some(meter) = self.meter_url.as_ref().filter(|_| self.meters(provider)) {
            let url = format!("{meter}/{}/{provider}", project.id);
            return Some((url, secrets.model_key.clone()));
        }
        let url = match provider {
            ModelProvider::Platform => self.model_url.as_str(),
            outside => self.providers.of(outside)?,
        };
        Some((url.to_owned(), key.to_owned()))
    }
}

/// What opens this instance, in the clear. Lives as long as one launch.
pub struct Secrets {
    pub gateway_token: String,
    pub model_key: String,
}

/// What an owner has set, in the clear where it is a secret.
#[derive(Default)]
pub struct Settings {
    /// `None`: the platform's own model.
    pub model: Option<ModelChoice>,
    /// Of every provider that `model` names. Of one whose calls are metered it is not looked at.
    pub keys: BTreeMap<ModelProvider, String>,
    pub telegram_token: Option<String>,
}

/// The whole `openclaw.json` of a project.
///
/// What an owner sets only adds to what every instance has, and is what a gateway takes over while it
/// runs: providers, the agents' model, channels.
pub fn render(
    project: &Project,
    platform: &Platform,
    secrets: &Secrets,
    settings: &Settings,
) -> Value {
    let origin = format!("https://{}{}", project.host, platform.url_port);
    let address = |provider, key| platform.address(project, provider, key, secrets);
    let ours = address(ModelProvider::Platform, &secrets.model_key).unwrap_or_default();
    let mut whole = configuration(&origin, &secrets.gateway_token, &ours, platform);
    for (provider, key) in &settings.keys {
        if let Some((api, address)) = api(*provider).zip(address(*provider, key)) {
            whole["models"]["providers"][provider.as_str()] = block(api, &address);
        }
    }
    if let Some(choice) = &settings.model {
        whole["agents"]["defaults"]["model"] = chosen(choice, platform);
    }
    if let Some(token) = &settings.telegram_token {
        whole["channels"] = json!({ "telegram": telegram(token) });
    }
    whole
}

/// Its own API is named, because behind an address of ours the gateway would guess another one.
fn api(provider: ModelProvider) -> Option<&'static str> {
    match provider {
        ModelProvider::Platform => None,
        ModelProvider::Anthropic => Some("anthropic-messages"),
        ModelProvider::Openai => Some("openai-responses"),
        ModelProvider::Google => Some("google-generative-ai"),
        ModelProvider::Openrouter => Some("openai-completions"),
    }
}

/// Which models there are the gateway knows by itself, and asks for others as they are called.
fn block(api: &str, (base_url, key): &(String, String)) -> Value {
    json!({ "baseUrl": base_url, "api": api, "apiKey": key, "models": [] })
}

fn chosen(choice: &ModelChoice, platform: &Platform) -> Value {
    let mut model = Map::new();
    model.insert("primary".to_owned(), reference(&choice.primary, platform).into());
    if let Some(fallback) = &choice.fallback {
        model.insert("fallbacks".to_owned(), json!([reference(fallback, platform)]));
    }
    model.into()
}

/// Of ours there is the one that the stage offers today, whatever it was called when it was chosen.
fn reference(it: &ModelUse, platform: &Platform) -> String {
    match it.provider {
        ModelProvider::Platform => format!("{PROVIDER}/{}", platform.model_id),
        outside => format!("{outside}/{}", it.model.as_str()),
    }
}

/// Whoever writes to the bot is nobody until its owner says so: by a pairing code in private, and in
/// groups not at all.
fn telegram(token: &str) -> Value {
    json!({
        "enabled": true,
        "botToken": token,
        "dmPolicy": "pairing",
        "groupPolicy": "allowlist",
    })
}

/// The whole `openclaw.json` of an instance that nobody has asked for yet. What differs from a
/// project's is what the gateway takes over while it runs.
pub fn render_blank(platform: &Platform, token: &str) -> Value {
    let model = (WARMING_URL.to_owned(), "warming".to_owned());
    configuration(BLANK_ORIGIN, token, &model, platform)
}

fn configuration(
    origin: &str,
    gateway_token: &str,
    (model_url, model_key): &(String, String),
    platform: &Platform,
) -> Value {
    json!({
        "gateway": {
            "mode": "local",
            "bind": "lan",
            "port": 18789,
            "publicOrigin": origin,
            "auth": {
                "mode": "token",
                "token": gateway_token,
                "rateLimit": { "maxAttempts": 10, "windowMs": 60_000, "lockoutMs": 300_000 },
            },
            "trustedProxies": [platform.edge_cidr],
            "controlUi": { "enabled": true, "allowedOrigins": [origin] },
            "http": { "endpoints": { "chatCompletions": { "enabled": true } } },
            "terminal": { "enabled": false },
            "reload": { "mode": "hybrid" },
        },
        "plugins": {
            "load": { "paths": [HANDOFF] },
            "entries": {
                "admin-http-rpc": { "enabled": true },
                "onemins-handoff": { "enabled": true },
            },
        },
        "models": { "providers": { PROVIDER: {
            "baseUrl": model_url,
            "api": "openai-completions",
            "apiKey": model_key,
            "models": [{
                "id": platform.model_id,
                "name": "Platform model",
                "contextWindow": 200_000,
                "maxTokens": 8192,
                "input": ["text"],
                "cost": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 },
            }],
        } } },
        "agents": { "defaults": {
            "workspace": "/home/node/.openclaw/workspace",
            "model": { "primary": format!("{PROVIDER}/{}", platform.model_id) },
            // A heartbeat is a paid model call every half hour, asked for by nobody.
            "heartbeat": { "every": "0m" },
        } },
        "discovery": { "mdns": { "mode": "off" } },
        "update": { "checkOnStart": false },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::make;

    fn platform() -> Platform {
        Platform {
            model_url: "https://models.example/v1".to_owned(),
            model_id: "auto".to_owned(),
            edge_cidr: "10.0.0.0/16".to_owned(),
            url_port: String::new(),
            providers: ProviderUrls {
                anthropic: "https://anthropic.example".to_owned(),
                openai: "https://openai.example/v1".to_owned(),
                google: "https://google.example/v1beta".to_owned(),
                openrouter: "https://openrouter.example/api/v1".to_owned(),
            },
            meter_url: None,
        }
    }

    /// A stage that counts what its instances use.
    fn metered() -> Platform {
        Platform { meter_url: Some("https://meter.example".to_owned()), ..platform() }
    }

    fn rendered() -> Value {
        rendered_with(&Settings::default())
    }

    fn rendered_with(settings: &Settings) -> Value {
        let secrets =
            Secrets { gateway_token: "the-token".to_owned(), model_key: "the-key".to_owned() };
        render(&make::project(), &platform(), &secrets, settings)
    }

    fn a_model(provider: ModelProvider, model: &str) -> ModelUse {
        let outside = provider != ModelProvider::Platform;
        let key_id = outside.then(|| domain::id::KeyId::new("a").unwrap());
        ModelUse { provider, model: model.to_owned().try_into().unwrap(), key_id }
    }

    fn with_key(provider: ModelProvider, fallback: Option<ModelUse>) -> Settings {
        let model = ModelChoice::new(a_model(provider, "some-model"), fallback).unwrap();
        let keys = [(provider, "own-key".to_owned())].into();
        Settings { model: Some(model), keys, telegram_token: None }
    }

    #[test]
    fn only_the_projects_own_origin_is_allowed() {
        let gateway = &rendered()["gateway"];
        let origin = format!("https://{}", make::project().host);
        assert_eq!(gateway["controlUi"]["allowedOrigins"], json!([origin]));
        assert_eq!(gateway["publicOrigin"], json!(origin));
    }

    /// Whatever else a claim would change would be a restart.
    #[test]
    fn a_blank_differs_from_a_project_only_in_what_a_gateway_takes_over_while_it_runs() {
        let platform = platform();
        let mut blank = render_blank(&platform, "blank-token");
        let project = rendered();
        for hot in [
            "/gateway/publicOrigin",
            "/gateway/auth/token",
            "/gateway/controlUi/allowedOrigins",
            "/models/providers/platform/baseUrl",
            "/models/providers/platform/apiKey",
        ] {
            assert_ne!(blank.pointer(hot), project.pointer(hot), "{hot}");
            *blank.pointer_mut(hot).unwrap() = project.pointer(hot).unwrap().clone();
        }
        assert_eq!(blank, project);
    }

    /// Anything else would be a restart.
    #[test]
    fn what_an_owner_sets_only_adds_what_a_gateway_takes_over_while_it_runs() {
        let fallback = Some(a_model(ModelProvider::Platform, "auto"));
        let telegram_token = Some("123456:AA".to_owned());
        let settings = Settings { telegram_token, ..with_key(ModelProvider::Anthropic, fallback) };
        let mut set = rendered_with(&settings);
        let untouched = rendered();
        set["agents"]["defaults"]["model"] = untouched["agents"]["defaults"]["model"].clone();
        let providers = set["models"]["providers"].as_object_mut().unwrap();
        assert!(providers.remove("anthropic").is_some());
        assert!(set.as_object_mut().unwrap().remove("channels").is_some());
        assert_eq!(set, untouched);
    }

    #[test]
    fn each_provider_is_asked_at_its_address_in_its_own_way_under_the_customers_key() {
        let cases = [
            (ModelProvider::Anthropic, "https://anthropic.example", "anthropic-messages"),
            (ModelProvider::Openai, "https://openai.example/v1", "openai-responses"),
            (ModelProvider::Google, "https://google.example/v1beta", "google-generative-ai"),
            (ModelProvider::Openrouter, "https://openrouter.example/api/v1", "openai-completions"),
        ];
        for (provider, url, api) in cases {
            let rendered = rendered_with(&with_key(provider, None));
            let block = json!({ "baseUrl": url, "api": api, "apiKey": "own-key", "models": [] });
            assert_eq!(rendered["models"]["providers"][provider.as_str()], block, "{provider}");
            let model = json!({ "primary": format!("{provider}/some-model") });
            assert_eq!(rendered["agents"]["defaults"]["model"], model, "{provider}");
        }
    }

    #[test]
    fn where_calls_are_metered_no_container_has_a_key_but_its_own() {
        let secrets =
            Secrets { gateway_token: "the-token".to_owned(), model_key: "the-key".to_owned() };
        let project = make::project();
        for (provider, passes) in [
            (ModelProvider::Anthropic, true),
            (ModelProvider::Openai, true),
            (ModelProvider::Openrouter, true),
            (ModelProvider::Google, false),
        ] {
            let whole = render(&project, &metered(), &secrets, &with_key(provider, None));
            let providers = &whole["models"]["providers"];
            let at = |it: &str| format!("https://meter.example/{}/{it}", project.id);
            assert_eq!(providers["platform"]["baseUrl"], at("platform"));
            assert_eq!(providers["platform"]["apiKey"], "the-key");
            assert_eq!(metered().meters(provider), passes, "{provider}");
            assert_eq!(whole.to_string().contains("own-key"), !passes, "{provider}");
            if passes {
                assert_eq!(providers[provider.as_str()]["baseUrl"], at(provider.as_str()));
                assert_eq!(providers[provider.as_str()]["apiKey"], "the-key", "{provider}");
            }
        }
    }

    /// What a claim swaps stays what a gateway takes over while it runs.
    #[test]
    fn a_metered_project_differs_from_an_unmetered_one_in_its_addresses_only() {
        let secrets =
            Secrets { gateway_token: "the-token".to_owned(), model_key: "the-key".to_owned() };
        let mut whole = render(&make::project(), &metered(), &secrets, &Settings::default());
        let url = &mut whole["models"]["providers"]["platform"]["baseUrl"];
        *url = json!("https://models.example/v1");
        assert_eq!(whole, rendered());
        assert_eq!(render_blank(&metered(), "t"), render_blank(&platform(), "t"));
    }

    #[test]
    fn the_platforms_model_is_the_one_of_today_first_or_as_a_fallback() {
        let platform = || a_model(ModelProvider::Platform, "of-yesterday");
        let model = ModelChoice::new(platform(), None).unwrap();
        let settings = Settings { model: Some(model), ..Settings::default() };
        assert_eq!(rendered_with(&settings), rendered());
        let settings = with_key(ModelProvider::Openai, Some(platform()));
        let model = &rendered_with(&settings)["agents"]["defaults"]["model"];
        let expected = json!({ "primary": "openai/some-model", "fallbacks": ["platform/auto"] });
        assert_eq!(*model, expected);
    }

    #[test]
    fn a_bot_talks_to_nobody_whom_its_owner_does_not_know() {
        let telegram_token = Some("123456:AA".to_owned());
        let rendered = rendered_with(&Settings { telegram_token, ..Settings::default() });
        let telegram = &rendered["channels"]["telegram"];
        assert_eq!(telegram["botToken"], "123456:AA");
        assert_eq!(
            (&telegram["dmPolicy"], &telegram["groupPolicy"]),
            (&json!("pairing"), &json!("allowlist"))
        );
    }

    #[test]
    fn the_gateway_never_opens_without_its_token() {
        let auth = &rendered()["gateway"]["auth"];
        assert_eq!((&auth["mode"], &auth["token"]), (&json!("token"), &json!("the-token")));
    }

    #[test]
    fn the_model_that_agents_use_is_one_that_the_provider_has() {
        let rendered = rendered();
        let primary = rendered["agents"]["defaults"]["model"]["primary"].as_str().unwrap();
        let (provider, model) = primary.split_once('/').unwrap();
        assert_eq!(rendered["models"]["providers"][provider]["models"][0]["id"], json!(model));
    }
}
