//! What a call may reach.

use ports::{
    clock::Clock, configurations::Configurations, keys::ProviderKeys,
    model_upstream::ModelUpstream, projects::Projects, usage::Usage, vault::Vault,
};
use std::time::Duration;

/// For a whole answer. Below the function's own time by what counting it may take.
pub const PATIENCE: Duration = Duration::from_secs(570);

/// One choice for every port: the cloud in production, memory in tests.
///
/// An answer is passed on after its handler has returned, hence what is asked of them.
pub trait Ports: 'static {
    type Projects: Projects + Send + Sync;
    type Configurations: Configurations + Send + Sync;
    type Keys: ProviderKeys + Send + Sync;
    type Vault: Vault + Send + Sync;
    type Usage: Usage + Send + Sync;
    type Upstream: ModelUpstream + Send + Sync;
    type Clock: Clock + Send + Sync;
}

/// Everything outside that a call needs.
pub struct World<P: Ports> {
    pub projects: P::Projects,
    pub configurations: P::Configurations,
    pub keys: P::Keys,
    pub vault: P::Vault,
    pub usage: P::Usage,
    pub upstream: P::Upstream,
    pub clock: P::Clock,
    pub settings: Settings,
}

/// The platform's own model.
pub struct Settings {
    /// The only one that our key is used for.
    pub model_id: String,
    /// What opens it: the platform's, not a project's.
    pub model_key: String,
}
