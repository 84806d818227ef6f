//! Everything outside that a look needs.
//!
//! A trait over the ports, so that the bounds of eleven of them are written once.

use crate::trigger::Look;
use contracts::routes::WakeUp;
use ports::{
    clock::Clock,
    fleet::Fleet,
    heartbeats::Heartbeats,
    machines::Machines,
    projects::Projects,
    queue::{DelayedQueue, Queue},
    routes::RouteLog,
    sagas::Sagas,
};

pub trait Ports {
    fn fleet(&self) -> &impl Fleet;
    fn heartbeats(&self) -> &impl Heartbeats;
    fn machines(&self) -> &impl Machines;
    fn projects(&self) -> &impl Projects;
    fn routes(&self) -> &impl RouteLog;
    /// Wakes the publisher of routes.
    fn wake_ups(&self) -> &impl Queue<WakeUp>;
    /// Our own queue.
    fn looks(&self) -> &impl DelayedQueue<Look>;
    /// Executions that empty workers.
    fn drains(&self) -> &impl Sagas;
    /// Executions that bring instances to rest.
    fn halts(&self) -> &impl Sagas;
    /// Executions that bring projects to where they run.
    fn provisions(&self) -> &impl Sagas;
    fn clock(&self) -> &impl Clock;
}

/// [`Ports`], one by one.
#[derive(Debug)]
pub struct World<'a, F, H, M, P, R, W, L, S, C> {
    pub fleet: &'a F,
    pub heartbeats: &'a H,
    pub machines: &'a M,
    pub projects: &'a P,
    pub routes: &'a R,
    pub wake_ups: &'a W,
    pub looks: &'a L,
    pub drains: &'a S,
    pub halts: &'a S,
    pub provisions: &'a S,
    pub clock: &'a C,
}

impl<F, H, M, P, R, W, L, S, C> Ports for World<'_, F, H, M, P, R, W, L, S, C>
where
    F: Fleet,
    H: Heartbeats,
    M: Machines,
    P: Projects,
    R: RouteLog,
    W: Queue<WakeUp>,
    L: DelayedQueue<Look>,
    S: Sagas,
    C: Clock,
{
    fn fleet(&self) -> &impl Fleet {
        self.fleet
    }

    fn heartbeats(&self) -> &impl Heartbeats {
        self.heartbeats
    }

    fn machines(&self) -> &impl Machines {
        self.machines
    }

    fn projects(&self) -> &impl Projects {
        self.projects
    }

    fn routes(&self) -> &impl RouteLog {
        self.routes
    }

    fn wake_ups(&self) -> &impl Queue<WakeUp> {
        self.wake_ups
    }

    fn looks(&self) -> &impl DelayedQueue<Look> {
        self.looks
    }

    fn drains(&self) -> &impl Sagas {
        self.drains
    }

    fn halts(&self) -> &impl Sagas {
        self.halts
    }

    fn provisions(&self) -> &impl Sagas {
        self.provisions
    }

    fn clock(&self) -> &impl Clock {
        self.clock
    }
}
