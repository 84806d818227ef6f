//! Workers that obey: `/opt/worker/bin/instance` in memory.

use crate::outage::Outage;
use contracts::worker::Exit;
use ports::commands::{CommandError, Commands, Finished};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What each project has on some worker, and what it must never have again.
#[derive(Debug, Default)]
pub struct FakeCommands {
    /// Generation of the container, by project.
    pub containers: RefCell<BTreeMap<String, u32>>,
    tombstones: RefCell<BTreeSet<(String, u32)>>,
    /// The next command ends like this, whatever it is.
    pub next_exit: Cell<Option<i32>>,
    /// The next command works, and its answer is lost.
    pub lose_answer: Cell<bool>,
    /// No machine takes commands.
    pub unreachable: Cell<bool>,
    /// Every command line so far.
    pub log: RefCell<Vec<String>>,
    pub outage: Outage,
}

const FENCED: i32 = 73;

impl FakeCommands {
    fn obey(&self, argv: &[String]) -> i32 {
        let flag = |name: &str| {
            let at = argv.iter().position(|it| it == name);
            at.and_then(|it| argv.get(it + 1)).cloned().unwrap_or_default()
        };
        let project = flag("--project");
        let generation: u32 = flag("--generation").parse().unwrap_or_default();
        match argv.get(1).map(String::as_str) {
            Some("launch") => self.launch(project, generation),
            Some("remove") => {
                self.tombstones.borrow_mut().insert((project.clone(), generation));
                let mut containers = self.containers.borrow_mut();
                if containers.get(&project).is_some_and(|it| *it <= generation) {
                    containers.remove(&project);
                }
                0
            }
            Some("await") => {
                let running = self.containers.borrow().get(&project) == Some(&generation);
                if running { 0 } else { FENCED }
            }
            _ => 0,
        }
    }

    fn launch(&self, project: String, generation: u32) -> i32 {
        let buried = |(it, last): &(String, u32)| *it == project && *last >= generation;
        if self.tombstones.borrow().iter().any(buried) {
            return FENCED;
        }
        let mut containers = self.containers.borrow_mut();
        if containers.get(&project).is_some_and(|it| *it > generation) {
            return FENCED;
        }
        containers.insert(project, generation);
        0
    }
}

impl Commands for FakeCommands {
    async fn run(
        &self,
        machine_id: &str,
        argv: &[String],
        _patience: Duration,
    ) -> Result<Finished, CommandError> {
        self.outage.check("run command")?;
        if self.unreachable.get() {
            return Err(CommandError::Unreachable(machine_id.to_owned()));
        }
        self.log.borrow_mut().push(argv.join(" "));
        let exit_code = self.next_exit.take().unwrap_or_else(|| self.obey(argv));
        if self.lose_answer.take() {
            return Err(CommandError::TimedOut);
        }
        let stderr = format!("{:?}", Exit::from(exit_code));
        Ok(Finished { exit_code, stdout: "{}".to_owned(), stderr })
    }
}
