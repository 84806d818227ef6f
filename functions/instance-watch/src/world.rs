//! What a look may reach.

use crate::trigger::Another;
use contracts::{mail::Letter, routes::WakeUp};
use ports::{
    accounts::Accounts,
    cases::Cases,
    clock::Clock,
    fleet::Fleet,
    heartbeats::Heartbeats,
    projects::Projects,
    queue::{DelayedQueue, Queue},
    routes::RouteLog,
    sagas::Sagas,
};

/// One choice for every port: the cloud in production, memory in tests.
pub trait Ports {
    type Fleet: Fleet;
    type Heartbeats: Heartbeats;
    type Cases: Cases;
    type Projects: Projects;
    type Accounts: Accounts;
    type Sagas: Sagas;
    type Routes: RouteLog;
    type WakeUps: Queue<WakeUp>;
    type Letters: Queue<Letter>;
    type Looks: DelayedQueue<Another>;
    type Clock: Clock;
}

/// Everything outside that a look needs.
pub struct World<'a, P: Ports> {
    pub fleet: &'a P::Fleet,
    pub heartbeats: &'a P::Heartbeats,
    pub cases: &'a P::Cases,
    pub projects: &'a P::Projects,
    pub accounts: &'a P::Accounts,
    pub restarts: &'a P::Sagas,
    pub halts: &'a P::Sagas,
    pub routes: &'a P::Routes,
    /// Wakes the publisher of routes.
    pub wake_ups: &'a P::WakeUps,
    pub letters: &'a P::Letters,
    /// Our own queue.
    pub looks: &'a P::Looks,
    pub clock: &'a P::Clock,
}
