//! Keys, models and bots, as clients see them.

use contracts::models::{Offer, Shelf};
use domain::{
    configuration::Configuration,
    model::{ModelProvider, ModelUse},
};
use ports::keys::ProviderKey;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProviderName {
    Platform,
    Anthropic,
    Openai,
    Google,
    Openrouter,
}

impl From<ModelProvider> for ProviderName {
    fn from(provider: ModelProvider) -> Self {
        match provider {
            ModelProvider::Platform => Self::Platform,
            ModelProvider::Anthropic => Self::Anthropic,
            ModelProvider::Openai => Self::Openai,
            ModelProvider::Google => Self::Google,
            ModelProvider::Openrouter => Self::Openrouter,
        }
    }
}

/// A provider with the models that are offered for choice.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShelfView {
    provider: ProviderName,
    models: Vec<OfferView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OfferView {
    id: String,
    name: String,
}

impl ShelfView {
    pub(crate) fn of(shelf: &Shelf) -> Self {
        let offer = |it: &Offer| OfferView { id: it.id.as_str().to_owned(), name: it.name.clone() };
        Self { provider: shelf.provider.into(), models: shelf.models.iter().map(offer).collect() }
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct ModelBody {
    provider: ProviderName,
    /// The provider's name of it.
    #[schema(max_length = 100)]
    model: String,
    /// One's own key to this provider. Not for `platform`.
    key_id: Option<String>,
    /// What to ask when the first one does not answer.
    fallback: Option<ModelUseView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ModelUseView {
    provider: ProviderName,
    model: String,
    /// `null` for `platform`.
    key_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ModelView {
    provider: ProviderName,
    model: String,
    key_id: Option<String>,
    fallback: Option<ModelUseView>,
    /// Of everything that is set for the project; grows with each change.
    version: u32,
    /// What the instance has taken over.
    applied_version: u32,
    #[schema(format = "date-time")]
    applied_at: Option<String>,
    /// Why the newest version is not in force.
    failed: Option<String>,
}

impl ModelView {
    /// `ours` is the platform's model, which is what a project has that nobody has configured.
    pub(crate) fn of(it: &Configuration, ours: &str) -> Self {
        let of_use = |it: &ModelUse| ModelUseView {
            provider: it.provider.into(),
            model: match it.provider {
                ModelProvider::Platform => ours.to_owned(),
                _ => it.model.as_str().to_owned(),
            },
            key_id: it.key_id.clone().map(String::from),
        };
        let platform = || ModelUseView {
            provider: ProviderName::Platform,
            model: ours.to_owned(),
            key_id: None,
        };
        let primary = it.model.as_ref().map_or_else(platform, |it| of_use(&it.primary));
        let ModelUseView { provider, model, key_id } = primary;
        let fallback = it.model.as_ref().and_then(|it| it.fallback.as_ref()).map(of_use);
        Self {
            provider,
            model,
            key_id,
            fallback,
            version: it.version,
            applied_version: it.applied_version,
            applied_at: it.applied_at.map(|it| it.to_string()),
            failed: it.failure().map(str::to_owned),
        }
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct BotTokenBody {
    /// From `@BotFather`: `123456789:AA…`.
    #[schema(format = "password")]
    token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TelegramView {
    /// Of the token. `null` without a bot.
    last4: Option<String>,
    /// Telegram's number of the bot.
    bot_id: Option<String>,
    /// Of everything that is set for the project; grows with each change.
    version: u32,
    /// What the instance has taken over.
    applied_version: u32,
    #[schema(format = "date-time")]
    applied_at: Option<String>,
    /// Why the newest version is not in force.
    failed: Option<String>,
}

impl TelegramView {
    pub(crate) fn of(it: &Configuration) -> Self {
        Self {
            last4: it.telegram.as_ref().map(|it| it.last4.clone()),
            bot_id: it.bot().map(|it| it.as_str().to_owned()),
            version: it.version,
            applied_version: it.applied_version,
            applied_at: it.applied_at.map(|it| it.to_string()),
            failed: it.failure().map(str::to_owned),
        }
    }
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct NewKeyBody {
    /// Not `platform`.
    provider: ProviderName,
    #[schema(min_length = 1, max_length = 60)]
    label: String,
    #[schema(format = "password")]
    key: String,
    /// Whether to ask the provider first if it knows the key.
    check: Option<bool>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct SecretBody {
    #[schema(format = "password")]
    key: String,
    /// Whether to ask the provider first if it knows the key.
    check: Option<bool>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct ApplyBody {
    projects: WhichProjects,
    #[schema(max_length = 100)]
    model: String,
}

/// All of the tenant's, or these.
#[derive(ToSchema)]
#[schema(as = WhichProjects)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) enum WhichProjects {
    All(AllProjects),
    These(Vec<String>),
}

#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) enum AllProjects {
    All,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AppliedView {
    pub(crate) project_id: String,
    pub(crate) version: u32,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KeyView {
    id: String,
    provider: ProviderName,
    label: String,
    /// Its last four characters.
    last4: String,
    #[schema(format = "date-time")]
    created_at: String,
    /// The ids of the projects that use it.
    projects: Vec<String>,
}

impl KeyView {
    pub(crate) fn of(key: ProviderKey) -> Self {
        Self {
            id: key.id.into(),
            provider: key.provider.into(),
            label: key.label,
            last4: key.last4,
            created_at: key.created_at.to_string(),
            projects: key.projects.into_iter().map(String::from).collect(),
        }
    }
}
