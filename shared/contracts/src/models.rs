//! What a stage says of models: where providers answer, and which models are on offer.

use domain::model::{ModelId, ModelProvider};
use serde::{Deserialize, Serialize};

/// The base addresses of the providers, each as its own libraries want it, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProviderUrls {
    /// Without the version: `https://api.anthropic.com`.
    pub anthropic: String,
    /// With it, like the others: `https://api.openai.com/v1`.
    pub openai: String,
    pub google: String,
    pub openrouter: String,
}

impl ProviderUrls {
    /// `None` for the platform, which customers do not reach by a key of their own.
    pub fn of(&self, provider: ModelProvider) -> Option<&str> {
        match provider {
            ModelProvider::Platform => None,
            ModelProvider::Anthropic => Some(&self.anthropic),
            ModelProvider::Openai => Some(&self.openai),
            ModelProvider::Google => Some(&self.google),
            ModelProvider::Openrouter => Some(&self.openrouter),
        }
    }
}

/// Every provider with the models that are offered for choice. Other models of a provider work too,
/// but for the platform's, which are these and no others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Catalogue(pub Vec<Shelf>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    pub provider: ModelProvider,
    pub models: Vec<Offer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: ModelId,
    pub name: String,
}

impl Catalogue {
    pub fn of(&self, provider: ModelProvider) -> &[Offer] {
        let shelf = self.0.iter().find(|it| it.provider == provider);
        shelf.map_or(&[], |it| &it.models)
    }
}
