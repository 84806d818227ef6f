//! Everything outside that a pass needs.
//!
//! A trait over the ports, so that the bounds of nine of them are written once.

use crate::limits::Limits;
use contracts::routes::WakeUp;
use ports::{
    bundles::Bundles, clock::Clock, commands::Commands, fleet::Fleet, heartbeats::Heartbeats,
    machines::Machines, projects::Projects, queue::Queue, routes::RouteLog,
};

pub trait Ports {
    fn machines(&self) -> &impl Machines;
    fn heartbeats(&self) -> &impl Heartbeats;
    fn bundles(&self) -> &impl Bundles;
    fn routes(&self) -> &impl RouteLog;
    fn fleet(&self) -> &impl Fleet;
    fn projects(&self) -> &impl Projects;
    fn commands(&self) -> &impl Commands;
    /// Wakes the publisher of routes.
    fn wake_ups(&self) -> &impl Queue<WakeUp>;
    fn clock(&self) -> &impl Clock;
    fn limits(&self) -> &Limits;
}

/// [`Ports`], one by one.
#[derive(Debug)]
pub struct World<'a, M, H, B, R, F, P, C, W, K> {
    pub machines: &'a M,
    pub heartbeats: &'a H,
    pub bundles: &'a B,
    pub routes: &'a R,
    pub fleet: &'a F,
    pub projects: &'a P,
    pub commands: &'a C,
    pub wake_ups: &'a W,
    pub clock: &'a K,
    pub limits: &'a Limits,
}

impl<M, H, B, R, F, P, C, W, K> Ports for World<'_, M, H, B, R, F, P, C, W, K>
where
    M: Machines,
    H: Heartbeats,
    B: Bundles,
    R: RouteLog,
    F: Fleet,
    P: Projects,
    C: Commands,
    W: Queue<WakeUp>,
    K: Clock,
{
    fn machines(&self) -> &impl Machines {
        self.machines
    }

    fn heartbeats(&self) -> &impl Heartbeats {
        self.heartbeats
    }

    fn bundles(&self) -> &impl Bundles {
        self.bundles
    }

    fn routes(&self) -> &impl RouteLog {
        self.routes
    }

    fn fleet(&self) -> &impl Fleet {
        self.fleet
    }

    fn projects(&self) -> &impl Projects {
        self.projects
    }

    fn commands(&self) -> &impl Commands {
        self.commands
    }

    fn wake_ups(&self) -> &impl Queue<WakeUp> {
        self.wake_ups
    }

    fn clock(&self) -> &impl Clock {
        self.clock
    }

    fn limits(&self) -> &Limits {
        self.limits
    }
}
