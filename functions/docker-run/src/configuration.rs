//! From a project to the `openclaw.json` of its gateway.
//!
//! The gateway is strict: an unknown key ends it with exit code 78. Keys live in this file since
//! 2026.9: an `auth-profiles.json` beside it would break every chat.

use domain::project::Project;
use serde_json::{Value, json};

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
}

/// What opens this instance, in the clear. Lives as long as one launch.
pub struct Secrets {
    pub gateway_token: String,
    pub model_key: String,
}

/// The whole `openclaw.json` of a project.
pub fn render(project: &Project, platform: &Platform, secrets: &Secrets) -> Value {
    let origin = format!("https://{}{}", project.host, platform.url_port);
    let (token, key) = (&secrets.gateway_token, &secrets.model_key);
    configuration(&origin, token, &platform.model_url, key, platform)
}

/// The whole `openclaw.json` of an instance that nobody has asked for yet. What differs from a
/// project's is what the gateway takes over while it runs.
pub fn render_blank(platform: &Platform, token: &str) -> Value {
    configuration(BLANK_ORIGIN, token, WARMING_URL, "warming", platform)
}

fn configuration(
    origin: &str,
    gateway_token: &str,
    model_url: &str,
    model_key: &str,
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
        }
    }

    fn rendered() -> Value {
        let secrets =
            Secrets { gateway_token: "the-token".to_owned(), model_key: "the-key".to_owned() };
        render(&make::project(), &platform(), &secrets)
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
