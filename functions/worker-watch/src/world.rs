//! Everything outside that a look needs.
//!
//! A trait over the ports, so that the bounds of eight of them are written once.

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
    fn clock(&self) -> &impl Clock;
}

/// [`Ports`], one by one.
#[derive(Debug)]
pub struct World<'a, F, H, M, P, R, W, L, C> {
    pub fleet: &'a F,
    pub heartbeats: &'a H,
    pub machines: &'a M,
    pub projects: &'a P,
    pub routes: &'a R,
    pub wake_ups: &'a W,
    pub looks: &'a L,
    pub clock: &'a C,
}

impl<F, H, M, P, R, W, L, C> Ports for World<'_, F, H, M, P, R, W, L, C>
where
    F: Fleet,
    H: Heartbeats,
    M: Machines,
    P: Projects,
    R: RouteLog,
    W: Queue<WakeUp>,
    L: DelayedQueue<Look>,
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

    fn clock(&self) -> &impl Clock {
        self.clock
    }
}
