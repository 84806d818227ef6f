//! What billing may reach.

use contracts::{billing::Message, mail::Letter, webhook::Products};
use domain::subscription::Terms;
use ports::{
    accounts::Accounts, clock::Clock, deliveries::Deliveries, payments::Payments,
    projects::Projects, queue::Queue, sagas::Sagas, subscriptions::Subscriptions, timers::Timers,
    vault::Vault,
};

/// One choice for every port: the cloud in production, memory in tests.
pub trait World {
    type Deliveries: Deliveries;
    type Subscriptions: Subscriptions;
    type Projects: Projects;
    type Accounts: Accounts;
    type Payments: Payments;
    type Sagas: Sagas;
    type Timers: Timers<Message>;
    type Vault: Vault + Sync;
    type Letters: Queue<Letter>;
    type Clock: Clock;
}

/// Everything that a look needs.
#[derive(Debug)]
pub struct Billing<'a, W: World> {
    pub deliveries: &'a W::Deliveries,
    pub subscriptions: &'a W::Subscriptions,
    pub projects: &'a W::Projects,
    pub accounts: &'a W::Accounts,
    pub payments: &'a W::Payments,
    pub machines: Machines<'a, W::Sagas>,
    pub timers: &'a W::Timers,
    /// Seals the secrets of what begins anew.
    pub vault: &'a W::Vault,
    pub letters: &'a W::Letters,
    pub clock: &'a W::Clock,
    pub products: &'a Products,
    pub terms: &'a Terms,
}

/// The state machines that billing starts, each by its saga.
#[derive(Debug)]
pub struct Machines<'a, S> {
    pub provision: &'a S,
    pub halt: &'a S,
    pub resize: &'a S,
    pub erase: &'a S,
}
