//! What a look may reach.

use contracts::wake::Wake;
use ports::{
    bots::Bots, clock::Clock, commands::Commands, configurations::Configurations, fleet::Fleet,
    heartbeats::Heartbeats, projects::Projects, queue::DelayedQueue, rests::Rests, sagas::Sagas,
    subscriptions::Subscriptions, vault::Vault,
};

/// One choice for every port: the cloud in production, memory in tests.
pub trait Ports {
    type Fleet: Fleet;
    type Heartbeats: Heartbeats;
    type Rests: Rests;
    type Projects: Projects;
    type Subscriptions: Subscriptions;
    type Configurations: Configurations;
    type Vault: Vault;
    type Bots: Bots;
    type Commands: Commands;
    type Sagas: Sagas;
    type Wakes: DelayedQueue<Wake>;
    type Clock: Clock;
}

/// Everything outside that a look needs.
pub struct World<'a, P: Ports> {
    pub fleet: &'a P::Fleet,
    pub heartbeats: &'a P::Heartbeats,
    pub rests: &'a P::Rests,
    pub projects: &'a P::Projects,
    pub subscriptions: &'a P::Subscriptions,
    pub configurations: &'a P::Configurations,
    pub vault: &'a P::Vault,
    pub bots: &'a P::Bots,
    pub commands: &'a P::Commands,
    pub halts: &'a P::Sagas,
    pub provisions: &'a P::Sagas,
    /// Our own queue.
    pub wakes: &'a P::Wakes,
    pub clock: &'a P::Clock,
}
