//! What billing may reach.

use contracts::{billing::Message, mail::Letter, webhook::Products};
use domain::subscription::Terms;
use ports::{
    accounts::Accounts, clock::Clock, deliveries::Deliveries, payments::Payments,
    projects::Projects, queue::Queue, sagas::Sagas, subscriptions::Subscriptions, timers::Timers,
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
    type Letters: Queue<Letter>;
    type Clock: Clock;
}

/// Everything that a look needs.
#[derive(Debug)]
pub struct Billing<W: World> {
    pub deliveries: W::Deliveries,
    pub subscriptions: W::Subscriptions,
    pub projects: W::Projects,
    pub accounts: W::Accounts,
    pub payments: W::Payments,
    pub machines: Machines<W::Sagas>,
    pub timers: W::Timers,
    pub letters: W::Letters,
    pub clock: W::Clock,
    pub products: Products,
    pub terms: Terms,
}

/// The state machines that billing starts, each by its saga.
#[derive(Debug)]
pub struct Machines<S> {
    pub provision: S,
    pub halt: S,
    pub resize: S,
    pub erase: S,
}
