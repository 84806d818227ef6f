//! A project that runs, its owner's key, and a provider that says what it is told to.

use domain::{
    configuration::Configuration,
    id::{KeyId, UserId},
    model::{ModelChoice, ModelProvider, ModelUse},
    project::{Project, State},
    usage::{Account, Month},
};
use http::{Request, Response};
use lambda_runtime::streaming::Body;
use model_meter::{Ports, Settings, World, handle};
use ports::{
    clock::Clock,
    keys::{ProviderKey, ProviderKeys},
    model_upstream::ModelUpstream,
    projects::SealedSecrets,
    usage::Used,
    vault::{SecretKind, Vault},
};
use serde_json::{Value, json};
use std::{marker::PhantomData, sync::Arc};
use testkit::{
    clock::FakeClock,
    configurations::FakeConfigurations,
    keys::FakeProviderKeys,
    make,
    model_upstream::{FakeAnswer, FakeModelUpstream},
    projects::FakeProjects,
    usage::FakeUsage,
    vault::FakeVault,
};

pub(crate) const MODEL_KEY: &str = "sk-1mins-of-the-project";
pub(crate) const OUR_KEY: &str = "sk-or-the-platforms";
pub(crate) const OWN_KEY: &str = "sk-ant-the-owners";

/// Memory, with a provider of the test's choice.
pub(crate) struct Memory<U>(PhantomData<U>);

impl<U: ModelUpstream + Send + Sync + 'static> Ports for Memory<U> {
    type Projects = FakeProjects;
    type Configurations = FakeConfigurations;
    type Keys = FakeProviderKeys;
    type Vault = FakeVault;
    type Usage = FakeUsage;
    type Upstream = U;
    type Clock = FakeClock;
}

pub(crate) struct Bench<U: ModelUpstream + Send + Sync + 'static = FakeModelUpstream> {
    pub(crate) world: Arc<World<Memory<U>>>,
    pub(crate) project: Project,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::asking(FakeModelUpstream::default()).await
    }

    pub(crate) fn will_answer(&self, answer: FakeAnswer) {
        self.world.upstream.will_answer(answer);
    }
}

impl<U: ModelUpstream + Send + Sync + 'static> Bench<U> {
    pub(crate) async fn asking(upstream: U) -> Self {
        Self::of(Project { state: State::Running, ..make::project() }, upstream).await
    }

    /// The owner of `project` has chosen a model of Anthropic's under a key of their own.
    pub(crate) async fn of(project: Project, upstream: U) -> Self {
        let (vault, keys) = (FakeVault::default(), FakeProviderKeys::default());
        let tenant = &project.tenant_id;
        let seal = async |kind, secret| vault.seal(tenant, kind, secret).await.expect("is up");
        let projects = FakeProjects::of([project.clone()]);
        let gateway_token = seal(SecretKind::GatewayToken, "token").await;
        let model_key = seal(SecretKind::ModelKey, MODEL_KEY).await;
        projects.put_secrets(&project.id, SealedSecrets { gateway_token, model_key });
        let key = ProviderKey {
            id: KeyId::new("own").expect("is plain"),
            tenant: tenant.clone(),
            user: UserId::new("ada").expect("is plain"),
            provider: ModelProvider::Anthropic,
            label: "mine".to_owned(),
            last4: "ners".to_owned(),
            sealed: seal(SecretKind::ProviderKey, OWN_KEY).await,
            created_at: project.created_at,
            projects: vec![project.id.clone()],
        };
        keys.create(&key).await.expect("is up");
        let configurations = FakeConfigurations::with_keys(keys.clone());
        configurations.put(Configuration {
            model: Some(choice(&key.id)),
            version: 1,
            ..Configuration::new(project.id.clone(), tenant.clone())
        });
        let settings = Settings { model_id: "auto".to_owned(), model_key: OUR_KEY.to_owned() };
        let world = World {
            projects,
            configurations,
            keys,
            vault,
            usage: FakeUsage::default(),
            upstream,
            clock: FakeClock::default(),
            settings,
        };
        Self { world: Arc::new(world), project }
    }

    pub(crate) fn request(&self, path: &str, body: &Value) -> Request<String> {
        Request::post(format!("/{}{path}", self.project.id))
            .header("authorization", format!("Bearer {MODEL_KEY}"))
            .body(body.to_string())
            .expect("a request")
    }

    /// A call of the platform's model, streamed.
    pub(crate) fn chat(&self) -> Request<String> {
        self.request("/platform/chat/completions", &question())
    }

    pub(crate) async fn send(&self, id: &str, request: &Request<String>) -> Response<Body> {
        handle(&self.world, id, request).await
    }

    /// The answer to the end.
    pub(crate) async fn ask(&self, id: &str, request: &Request<String>) -> (u16, String) {
        read(self.send(id, request).await).await
    }

    pub(crate) fn used(&self) -> Vec<Used> {
        self.world.usage.used()
    }

    pub(crate) fn account(&self) -> Account {
        let month = Month::of(self.world.clock.now());
        self.world.usage.account_of(&self.project.id, month)
    }
}

fn choice(key: &KeyId) -> ModelChoice {
    let primary = ModelUse {
        provider: ModelProvider::Anthropic,
        model: "claude-sonnet-4-6".to_owned().try_into().expect("is plain"),
        key_id: Some(key.clone()),
    };
    ModelChoice::new(primary, None).expect("makes sense")
}

pub(crate) fn question() -> Value {
    json!({ "model": "auto", "stream": true, "max_tokens": 1_000, "messages": [
        { "role": "user", "content": "What is 6 times 7?" },
    ] })
}

pub(crate) async fn read(response: Response<Body>) -> (u16, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("it ends well").to_bytes();
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).expect("is text"))
}

/// What comes, and whether it ended as an answer should.
pub(crate) async fn ends_well(response: Response<Body>) -> bool {
    response.into_body().collect().await.is_ok()
}

pub(crate) const WORDS: &str = "data: {\"model\":\"anthropic/claude-haiku-4.5\",\"choices\":[{\"delta\":{\"content\":\"four\"}}]}\n\n";
pub(crate) const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100}}\n\ndata: [DONE]\n\n";
/// What [`USAGE`] costs of the model in [`WORDS`]: a dollar and five for a million.
pub(crate) const COST: u64 = 1_500;

pub(crate) fn stream() -> FakeAnswer {
    FakeAnswer::new(200, "text/event-stream")
}

pub(crate) fn good_answer() -> FakeAnswer {
    stream().saying(WORDS).saying(USAGE)
}
