//! What a request may reach.

use crate::{edge::EdgeKey, front_door::FrontDoor, jwt::Keys};
use contracts::{billing::Message, mail::Letter, models::Catalogue, warm::Poke};
use domain::{email::EmailAddress, subscription::Terms};
use ports::{
    access_tokens::AccessTokens, accounts::Accounts, backups::BackupLists, cases::Cases,
    chat_tickets::ChatTickets, clock::Clock, configurations::Configurations,
    identities::Identities, identity_provider::IdentityProvider, imports::ImportLinks,
    instance_logs::InstanceLogs, intents::Intents, keys::ProviderKeys, payments::Payments,
    prices::Prices, provider_check::ProviderCheck, queue::Queue, sagas::Sagas, sessions::Sessions,
    subscriptions::Subscriptions, tenant_projects::TenantProjects, tenants::Tenants,
    throttles::Throttles, usage::Usage, vault::Vault,
};
use std::collections::BTreeSet;

/// One choice for every port: the cloud in production, memory in tests.
pub trait World: Send + Sync + 'static {
    type Accounts: Accounts + Identities + Send + Sync;
    type Sessions: Sessions + Send + Sync;
    type Throttles: Throttles + Send + Sync;
    type Tenants: Tenants + Send + Sync;
    type AccessTokens: AccessTokens + Send + Sync;
    /// As their tenants see them: a handler cannot ask for one without saying whose it is.
    type Projects: TenantProjects + Send + Sync;
    /// Of instances that are ill, or were.
    type Cases: Cases + Send + Sync;
    type ChatTickets: ChatTickets + Send + Sync;
    type Letters: Queue<Letter> + Send + Sync;
    type Intents: Intents + Send + Sync;
    type Pokes: Queue<Poke> + Send + Sync;
    type Subscriptions: Subscriptions + Send + Sync;
    type Sagas: Sagas + Send + Sync;
    /// What is kept of a project. Never what is in it.
    type Backups: BackupLists + Send + Sync;
    type Vault: Vault + Send + Sync;
    type Payments: Payments + Send + Sync;
    type Prices: Prices + Send + Sync;
    type Looks: Queue<Message> + Send + Sync;
    type Google: IdentityProvider + Send + Sync;
    type ProviderKeys: ProviderKeys + Send + Sync;
    type Configurations: Configurations + Send + Sync;
    type ProviderCheck: ProviderCheck + Send + Sync;
    type InstanceLogs: InstanceLogs + Send + Sync;
    type Usage: Usage + Send + Sync;
    /// Where customers put what they bring along. Never what is in it.
    type Imports: ImportLinks + Send + Sync;
    type Clock: Clock + Send + Sync;
}

/// Everything that handlers share.
#[derive(Debug)]
pub struct Api<W: World> {
    pub accounts: W::Accounts,
    pub sessions: W::Sessions,
    pub throttles: W::Throttles,
    pub tenants: W::Tenants,
    pub access_tokens: W::AccessTokens,
    pub projects: W::Projects,
    pub cases: W::Cases,
    pub chat_tickets: W::ChatTickets,
    pub letters: W::Letters,
    pub intents: W::Intents,
    /// To the warm pool.
    pub pokes: W::Pokes,
    pub subscriptions: W::Subscriptions,
    /// Executions that bring projects to where they run.
    pub sagas: W::Sagas,
    /// Executions that bring instances to rest.
    pub halts: W::Sagas,
    /// Executions that restart instances.
    pub restarts: W::Sagas,
    /// Executions that delete what was never paid for. What was, billing deletes.
    pub erasures: W::Sagas,
    pub backups: W::Backups,
    pub vault: W::Vault,
    pub payments: W::Payments,
    /// The last good ones.
    pub prices: W::Prices,
    /// To billing.
    pub looks: W::Looks,
    pub google: W::Google,
    pub provider_keys: W::ProviderKeys,
    pub provider_check: W::ProviderCheck,
    pub configurations: W::Configurations,
    /// Executions that bring configurations to instances.
    pub configures: W::Sagas,
    /// Executions that read what instances have printed.
    pub readings: W::Sagas,
    /// What those brought.
    pub instance_logs: W::InstanceLogs,
    pub usage: W::Usage,
    pub imports: W::Imports,
    /// Executions that take in what customers bring along.
    pub intakes: W::Sagas,
    pub clock: W::Clock,
    pub keys: Keys,
    pub edge_key: EdgeKey,
    pub front_door: FrontDoor,
    pub settings: Settings,
}

#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the site is, without a slash at the end: its origin, as browsers say it.
    pub app_url: String,
    /// Under which instances get their host names.
    pub domain: String,
    /// Follows the host in an instance's URL: nothing, or `:8443`.
    pub instance_url_port: String,
    /// Sign-ins within a quarter of an hour from one address of the internet, and as many sign-ups,
    /// forgotten passwords and new ones. Whole offices share an address.
    pub tries_per_network: u32,
    /// Who of the users runs the platform.
    pub operators: BTreeSet<EmailAddress>,
    pub models: Catalogue,
    /// How long the data of a project outlives its subscription.
    pub terms: Terms,
}
