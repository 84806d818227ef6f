//! Workers that obey: `/opt/worker/bin/instance` in memory.

use crate::outage::Outage;
use contracts::worker::Exit;
use ports::commands::{CommandError, Commands, Finished};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What each holder has on each worker, and what it must never have again there.
#[derive(Debug, Default)]
pub struct FakeCommands {
    /// Generation of the container, by node and holder.
    pub containers: RefCell<BTreeMap<(String, String), u32>>,
    /// The highest generation that was removed, by node and holder.
    tombstones: RefCell<BTreeMap<(String, String), u32>>,
    /// The version of the configuration that the container has, by node and holder.
    pub configurations: RefCell<BTreeMap<(String, String), u32>>,
    /// Which holders' blanks have been warmed.
    pub warm: RefCell<BTreeSet<String>>,
    /// The next command ends like this, whatever it is.
    pub next_exit: Cell<Option<i32>>,
    /// The next command works, and its answer is lost.
    pub lose_answer: Cell<bool>,
    /// No machine takes commands.
    pub unreachable: Cell<bool>,
    /// These machines take no commands.
    pub cut_off: RefCell<BTreeSet<String>>,
    /// Every command line so far.
    pub log: RefCell<Vec<String>>,
    pub outage: Outage,
}

const DONE: i32 = 0;
const GONE: i32 = 69;
const FENCED: i32 = 73;
const NOT_YET: i32 = 75;

impl FakeCommands {
    /// The nodes on which `holder` has a container, with its generation.
    pub fn containers_of(&self, holder: &str) -> Vec<(String, u32)> {
        let containers = self.containers.borrow();
        let ours = containers.iter().filter(|((_, it), _)| it == holder);
        ours.map(|((node, _), generation)| (node.clone(), *generation)).collect()
    }

    /// What `instance list` says on `node`.
    pub fn list(&self, node: &str) -> Vec<(String, u32)> {
        let containers = self.containers.borrow();
        let here = containers.iter().filter(|((it, _), _)| it == node);
        here.map(|((_, holder), generation)| (holder.clone(), *generation)).collect()
    }

    /// The machine is gone for good, with all that was on it.
    pub fn lose_node(&self, node: &str) {
        self.cut_off.borrow_mut().insert(node.to_owned());
        self.containers.borrow_mut().retain(|(it, _), _| it != node);
    }

    fn obey(&self, node: &str, argv: &[String]) -> i32 {
        let flag = |name: &str| {
            let at = argv.iter().position(|it| it == name);
            at.and_then(|it| argv.get(it + 1)).cloned().unwrap_or_default()
        };
        let place = (node.to_owned(), flag("--project"));
        let generation: u32 = flag("--generation").parse().unwrap_or_default();
        let version: u32 = flag("--configuration").parse().unwrap_or_default();
        match argv.get(1).map(String::as_str) {
            Some("launch") => self.launch(place, generation, version),
            Some("adopt") => self.adopt(place, generation, flag("--blank"), version),
            Some("configure") => self.configure(&place, generation, version),
            Some("remove") => self.remove(&place, generation),
            Some("await") => self.find(&place, generation),
            Some("warm") => {
                let found = self.find(&place, generation);
                if found == DONE {
                    self.warm.borrow_mut().insert(place.1);
                }
                found
            }
            _ => DONE,
        }
    }

    fn is_fenced(&self, place: &(String, String), generation: u32) -> bool {
        let buried = self.tombstones.borrow().get(place).is_some_and(|it| *it >= generation);
        buried || self.containers.borrow().get(place).is_some_and(|it| *it > generation)
    }

    fn launch(&self, place: (String, String), generation: u32, version: u32) -> i32 {
        if self.is_fenced(&place, generation) {
            return FENCED;
        }
        if self.containers.borrow().get(&place) == Some(&generation) {
            return DONE;
        }
        self.configurations.borrow_mut().insert(place.clone(), version);
        self.containers.borrow_mut().insert(place, generation);
        DONE
    }

    fn adopt(&self, place: (String, String), generation: u32, blank: String, version: u32) -> i32 {
        if self.is_fenced(&place, generation) {
            return FENCED;
        }
        let mut containers = self.containers.borrow_mut();
        if containers.get(&place) == Some(&generation) {
            return DONE;
        }
        let blank = (place.0.clone(), blank);
        if containers.remove(&blank).is_none() {
            return GONE;
        }
        self.tombstones.borrow_mut().insert(blank, contracts::blank::GENERATION);
        self.configurations.borrow_mut().insert(place.clone(), version);
        containers.insert(place, generation);
        DONE
    }

    fn configure(&self, place: &(String, String), generation: u32, version: u32) -> i32 {
        if self.is_fenced(place, generation) {
            return FENCED;
        }
        if self.containers.borrow().get(place) != Some(&generation) {
            return NOT_YET;
        }
        let mut configurations = self.configurations.borrow_mut();
        let noted = configurations.entry(place.clone()).or_default();
        if version < *noted {
            return FENCED;
        }
        *noted = version;
        DONE
    }

    fn remove(&self, place: &(String, String), generation: u32) -> i32 {
        let mut tombstones = self.tombstones.borrow_mut();
        let grave = tombstones.entry(place.clone()).or_default();
        *grave = generation.max(*grave);
        let mut containers = self.containers.borrow_mut();
        match containers.get(place) {
            Some(it) if *it > generation => FENCED,
            _ => {
                containers.remove(place);
                DONE
            }
        }
    }

    /// What it prints.
    fn answer(&self, node: &str, argv: &[String]) -> String {
        let holder = argv.iter().skip_while(|it| *it != "--project").nth(1).cloned();
        let place = (node.to_owned(), holder.unwrap_or_default());
        match self.configurations.borrow().get(&place) {
            Some(version) => format!("{{\"configuration\":{version}}}"),
            None => "{}".to_owned(),
        }
    }

    fn find(&self, place: &(String, String), generation: u32) -> i32 {
        let running = self.containers.borrow().get(place) == Some(&generation);
        if running { DONE } else { FENCED }
    }
}

impl Commands for FakeCommands {
    async fn run(
        &self,
        node_id: &str,
        argv: &[String],
        _patience: Duration,
    ) -> Result<Finished, CommandError> {
        self.outage.check("run command")?;
        if self.unreachable.get() || self.cut_off.borrow().contains(node_id) {
            return Err(CommandError::Unreachable(node_id.to_owned()));
        }
        self.log.borrow_mut().push(argv.join(" "));
        let exit_code = self.next_exit.take().unwrap_or_else(|| self.obey(node_id, argv));
        if self.lose_answer.take() {
            return Err(CommandError::TimedOut);
        }
        let stderr = format!("{:?}", Exit::from(exit_code));
        Ok(Finished { exit_code, stdout: self.answer(node_id, argv), stderr })
    }
}
