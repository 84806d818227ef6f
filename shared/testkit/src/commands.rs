//! Workers that obey: `/opt/worker/bin/instance` in memory.

use crate::{backups, instance_logs, outage::Outage};
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
    pub containers: RefCell<BTreeMap<Place, u32>>,
    /// The highest generation that was removed, by node and holder.
    tombstones: RefCell<BTreeMap<Place, u32>>,
    /// The version of the configuration that the container has, by node and holder.
    pub configurations: RefCell<BTreeMap<Place, u32>>,
    /// Of its memory, by node and holder.
    pub memory_mib: RefCell<BTreeMap<Place, u32>>,
    /// The SHA-256 of what its volume was made from, by node and holder.
    pub restored: RefCell<BTreeMap<Place, String>>,
    /// How often something changed in its volume, by node and holder.
    writes: RefCell<BTreeMap<Place, u32>>,
    /// Containers that are stopped, and start when they are told to.
    pub stopped: RefCell<BTreeSet<Place>>,
    /// How often it was started again on request, by node and holder.
    pub restarts: RefCell<BTreeMap<Place, u32>>,
    /// When the last such request was made.
    restarted: RefCell<BTreeMap<Place, String>>,
    /// The last halt and the last change of limits.
    acts: RefCell<BTreeMap<(Act, Place), Begun>>,
    /// The commands of operators that ran, by node and holder, with their numbers. Each once.
    pub ran: RefCell<Vec<(Place, u64)>>,
    /// Which holders have work under way.
    pub busy: RefCell<BTreeSet<String>>,
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

/// A node and a holder.
type Place = (String, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Halt,
    Resize,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    generation: u32,
    number: u64,
    undone: bool,
}

/// The flags of a command line.
struct Flags<'a>(&'a [String]);

impl Flags<'_> {
    fn text(&self, name: &str) -> String {
        self.0.iter().skip_while(|it| *it != name).nth(1).cloned().unwrap_or_default()
    }

    fn number(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or_default()
    }
}

/// What every command of an operator prints: "done" and a line end, in base64.
const EXECUTED: &str = r#"{"executed":true,"exit_code":0,"timed_out":false,"stdout":"ZG9uZQo=","stderr":"","truncated":false}"#;

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
        let flags = Flags(argv);
        let place = (node.to_owned(), flags.text("--project"));
        let generation = flags.number("--generation");
        match argv.get(1).map(String::as_str) {
            Some("launch") => self.launch(place, generation, &flags),
            Some("adopt") => self.adopt(place, generation, &flags),
            Some("configure") => self.configure(&place, generation, &flags),
            Some("archive") => self.archive(place, generation, &flags),
            Some("backup") => self.backup(&place, generation),
            Some("resume") => self.resume(&place, generation, &flags),
            Some("resize") => self.resize(place, generation, &flags),
            Some("restart") => self.restart(place, generation, &flags),
            Some("remove") => self.remove(&place, generation),
            Some("quiesce" | "logs") => self.look(&place, generation),
            Some("exec") => self.execute(place, generation, &flags),
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

    fn is_fenced(&self, place: &Place, generation: u32) -> bool {
        let buried = self.tombstones.borrow().get(place).is_some_and(|it| *it >= generation);
        buried || self.containers.borrow().get(place).is_some_and(|it| *it > generation)
    }

    fn launch(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        if self.is_fenced(&place, generation) {
            return FENCED;
        }
        if self.containers.borrow().get(&place) == Some(&generation) {
            return if self.stopped.borrow().contains(&place) { FENCED } else { DONE };
        }
        self.configurations.borrow_mut().insert(place.clone(), flags.number("--configuration"));
        self.memory_mib.borrow_mut().insert(place.clone(), flags.number("--memory-mib"));
        self.restored.borrow_mut().insert(place.clone(), flags.text("--restore-sha256"));
        self.stopped.borrow_mut().remove(&place);
        self.containers.borrow_mut().insert(place, generation);
        DONE
    }

    fn adopt(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        if self.is_fenced(&place, generation) {
            return FENCED;
        }
        let mut containers = self.containers.borrow_mut();
        if containers.get(&place) == Some(&generation) {
            return DONE;
        }
        let blank = (place.0.clone(), flags.text("--blank"));
        if containers.remove(&blank).is_none() {
            return GONE;
        }
        self.tombstones.borrow_mut().insert(blank, contracts::blank::GENERATION);
        self.configurations.borrow_mut().insert(place.clone(), flags.number("--configuration"));
        self.memory_mib.borrow_mut().insert(place.clone(), flags.number("--memory-mib"));
        containers.insert(place, generation);
        DONE
    }

    fn configure(&self, place: &Place, generation: u32, flags: &Flags<'_>) -> i32 {
        if self.is_fenced(place, generation) {
            return FENCED;
        }
        if self.containers.borrow().get(place) != Some(&generation) {
            return NOT_YET;
        }
        let version = flags.number("--configuration");
        let mut configurations = self.configurations.borrow_mut();
        let noted = configurations.entry(place.clone()).or_default();
        if version < *noted {
            return FENCED;
        }
        *noted = version;
        DONE
    }

    /// Notes the act, unless it comes too late.
    fn begin(&self, act: Act, place: &Place, generation: u32, undo: bool, number: &str) -> bool {
        let number = number.parse().unwrap_or_default();
        let mut acts = self.acts.borrow_mut();
        let last = acts.get(&(act, place.clone())).filter(|it| it.generation == generation);
        let in_time = last.is_none_or(|last| {
            number > last.number || number == last.number && (undo || !last.undone)
        });
        if in_time {
            let begun = Begun { generation, number, undone: undo };
            acts.insert((act, place.clone()), begun);
        }
        in_time
    }

    fn archive(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        let number = flags.text("--number");
        if self.is_fenced(&place, generation)
            || !self.begin(Act::Halt, &place, generation, false, &number)
        {
            return FENCED;
        }
        if self.containers.borrow().contains_key(&place) {
            self.stopped.borrow_mut().insert(place);
        }
        DONE
    }

    fn backup(&self, place: &Place, generation: u32) -> i32 {
        if self.is_fenced(place, generation) || self.stopped.borrow().contains(place) {
            return FENCED;
        }
        if self.containers.borrow().get(place) == Some(&generation) { DONE } else { GONE }
    }

    /// Also of one that has stopped.
    fn look(&self, place: &Place, generation: u32) -> i32 {
        if self.is_fenced(place, generation) {
            return FENCED;
        }
        if self.containers.borrow().get(place) == Some(&generation) { DONE } else { GONE }
    }

    fn execute(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        let found = self.look(&place, generation);
        if found != DONE {
            return found;
        }
        let number = flags.text("--number").parse().unwrap_or_default();
        let mut ran = self.ran.borrow_mut();
        let last = ran.iter().filter(|(it, _)| *it == place).map(|(_, number)| *number).max();
        if last == Some(number) {
            return DONE;
        }
        if last.is_some_and(|it| it > number) {
            return FENCED;
        }
        if self.stopped.borrow().contains(&place) {
            return GONE;
        }
        ran.push((place, number));
        DONE
    }

    fn resume(&self, place: &Place, generation: u32, flags: &Flags<'_>) -> i32 {
        let number = flags.text("--number");
        if !self.begin(Act::Halt, place, generation, true, &number)
            || self.is_fenced(place, generation)
        {
            return FENCED;
        }
        if self.containers.borrow().get(place) != Some(&generation) {
            return GONE;
        }
        self.stopped.borrow_mut().remove(place);
        DONE
    }

    fn resize(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        let (undo, number) = (flags.text("--undo") == "yes", flags.text("--number"));
        if self.is_fenced(&place, generation)
            || !self.begin(Act::Resize, &place, generation, undo, &number)
        {
            return FENCED;
        }
        if self.containers.borrow().get(&place) != Some(&generation) {
            return GONE;
        }
        self.memory_mib.borrow_mut().insert(place, flags.number("--memory-mib"));
        DONE
    }

    fn restart(&self, place: Place, generation: u32, flags: &Flags<'_>) -> i32 {
        if self.is_fenced(&place, generation) || self.stopped.borrow().contains(&place) {
            return FENCED;
        }
        if self.containers.borrow().get(&place) != Some(&generation) {
            return GONE;
        }
        // As many digits each, so that the order of words is that of moments.
        let asked_ms = flags.text("--asked-ms");
        let mut restarted = self.restarted.borrow_mut();
        if restarted.get(&place).is_none_or(|it| *it < asked_ms) {
            restarted.insert(place.clone(), asked_ms);
            *self.restarts.borrow_mut().entry(place).or_default() += 1;
        }
        DONE
    }

    fn remove(&self, place: &Place, generation: u32) -> i32 {
        let mut tombstones = self.tombstones.borrow_mut();
        let grave = tombstones.entry(place.clone()).or_default();
        *grave = generation.max(*grave);
        let mut containers = self.containers.borrow_mut();
        match containers.get(place) {
            Some(it) if *it > generation => FENCED,
            _ => {
                containers.remove(place);
                self.stopped.borrow_mut().remove(place);
                DONE
            }
        }
    }

    /// What it prints.
    fn answer(&self, node: &str, argv: &[String]) -> String {
        let place = (node.to_owned(), Flags(argv).text("--project"));
        if argv.get(1).is_some_and(|it| it == "archive") {
            return self.archived(&place);
        }
        if argv.get(1).is_some_and(|it| it == "backup") {
            return self.backed_up(&place, &Flags(argv).text("--known-sha256"));
        }
        if argv.get(1).is_some_and(|it| it == "logs") {
            let bytes = instance_logs::TEXT.len();
            return format!("{{\"read\":true,\"bytes\":{bytes},\"truncated\":false}}");
        }
        if argv.get(1).is_some_and(|it| it == "quiesce") {
            let quiet = !self.busy.borrow().contains(&place.1);
            return format!("{{\"quiet\":{quiet}}}");
        }
        if argv.get(1).is_some_and(|it| it == "exec") {
            return EXECUTED.to_owned();
        }
        match self.configurations.borrow().get(&place) {
            Some(version) => format!("{{\"configuration\":{version}}}"),
            None => "{}".to_owned(),
        }
    }

    fn archived(&self, place: &Place) -> String {
        match self.containers.borrow().get(place) {
            Some(generation) => format!(
                "{{\"archived\":true,\"sha256\":\"{generation:064x}\",\"bytes\":{}}}",
                backups::BYTES
            ),
            None => "{\"archived\":true,\"empty\":true}".to_owned(),
        }
    }

    fn backed_up(&self, place: &Place, known: &str) -> String {
        let writes = self.writes.borrow().get(place).copied().unwrap_or_default();
        let sha256 = format!("{writes:064x}");
        if sha256 == known {
            return "{\"backed_up\":true,\"unchanged\":true}".to_owned();
        }
        format!("{{\"backed_up\":true,\"sha256\":\"{sha256}\",\"bytes\":{}}}", backups::BYTES)
    }

    /// Something changes in the volume of `holder` on `node`.
    pub fn write(&self, node: &str, holder: &str) {
        *self.writes.borrow_mut().entry((node.to_owned(), holder.to_owned())).or_default() += 1;
    }

    fn find(&self, place: &Place, generation: u32) -> i32 {
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
