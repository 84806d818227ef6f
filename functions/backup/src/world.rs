//! Everything outside that a pass needs.

use ports::{
    backups::Backups, census::Census, clock::Clock, commands::Commands, fleet::Fleet,
    projects::Projects,
};

pub trait Ports {
    fn census(&self) -> &impl Census;
    fn projects(&self) -> &impl Projects;
    fn fleet(&self) -> &impl Fleet;
    fn commands(&self) -> &impl Commands;
    fn backups(&self) -> &impl Backups;
    fn clock(&self) -> &impl Clock;
}

/// [`Ports`], one by one.
#[derive(Debug)]
pub struct World<'a, N, P, F, C, B, K> {
    pub census: &'a N,
    pub projects: &'a P,
    pub fleet: &'a F,
    pub commands: &'a C,
    pub backups: &'a B,
    pub clock: &'a K,
}

impl<N, P, F, C, B, K> Ports for World<'_, N, P, F, C, B, K>
where
    N: Census,
    P: Projects,
    F: Fleet,
    C: Commands,
    B: Backups,
    K: Clock,
{
    fn census(&self) -> &impl Census {
        self.census
    }

    fn projects(&self) -> &impl Projects {
        self.projects
    }

    fn fleet(&self) -> &impl Fleet {
        self.fleet
    }

    fn commands(&self) -> &impl Commands {
        self.commands
    }

    fn backups(&self) -> &impl Backups {
        self.backups
    }

    fn clock(&self) -> &impl Clock {
        self.clock
    }
}
