//! What a request may reach.

use crate::{plans::PriceBoard, session::Keys};
use contracts::{mail::Letter, models::Catalogue, warm::Poke};
use ports::{
    accounts::Accounts, clock::Clock, configurations::Configurations, intents::Intents,
    keys::ProviderKeys, payments::Payments, projects::Projects, provider_check::ProviderCheck,
    queue::Queue, sagas::Sagas, vault::Vault,
};

/// One choice for every port: the cloud in production, memory in tests.
pub trait World: Send + Sync + 'static {
    type Accounts: Accounts + Send + Sync;
    type Projects: Projects + Send + Sync;
    type Letters: Queue<Letter> + Send + Sync;
    type Intents: Intents + Send + Sync;
    type Pokes: Queue<Poke> + Send + Sync;
    type Sagas: Sagas + Send + Sync;
    type Vault: Vault + Send + Sync;
    type Payments: Payments + Send + Sync;
    type ProviderKeys: ProviderKeys + Send + Sync;
    type Configurations: Configurations + Send + Sync;
    type ProviderCheck: ProviderCheck + Send + Sync;
    type Clock: Clock + Send + Sync;
}

/// Everything that handlers share.
#[derive(Debug)]
pub struct Api<W: World> {
    pub accounts: W::Accounts,
    pub projects: W::Projects,
    pub letters: W::Letters,
    pub intents: W::Intents,
    /// To the warm pool.
    pub pokes: W::Pokes,
    pub sagas: W::Sagas,
    pub vault: W::Vault,
    pub payments: W::Payments,
    pub provider_keys: W::ProviderKeys,
    pub provider_check: W::ProviderCheck,
    pub configurations: W::Configurations,
    /// Executions that bring configurations to instances.
    pub configures: W::Sagas,
    pub clock: W::Clock,
    pub keys: Keys,
    pub prices: PriceBoard,
    pub settings: Settings,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the site is, without a slash at the end.
    pub app_url: String,
    /// Under which instances get their host names.
    pub domain: String,
    /// Follows the host in an instance's URL: nothing, or `:8443`.
    pub instance_url_port: String,
    pub models: Catalogue,
}
