//! Customers, executions, schedules and the clock.

use super::{
    books::Books,
    chaos::{Chaos, Event, Fault},
};
use crate::{
    asl::{Execution, Next, Raised, machine},
    world::World,
};
use contracts::provision::Saga;
use domain::{
    plan::PlanId,
    project::{Project, State},
};
use jiff::Timestamp;
use ports::{clock::Clock, projects::Projects};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use testkit::make;

/// How long a life is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Steps with noise.
    steps: u32,
    customers: usize,
    /// Virtual time without noise, in which everything must settle.
    quiet: Duration,
}

impl Span {
    pub(super) const SHORT: Self =
        Self { steps: 250, customers: 6, quiet: Duration::from_hours(2) };
}

/// What is called by the clock, and how often.
const SCHEDULES: [(&str, Duration); 3] = [
    ("worker-watch", Duration::from_secs(20)),
    ("warm-pool", Duration::from_mins(1)),
    ("reaper", Duration::from_mins(5)),
];
const TRAIL: usize = 60;

#[derive(Debug)]
struct Running {
    execution: Execution,
    due: Timestamp,
}

/// A call that was made before and is made again.
#[derive(Debug)]
struct Late {
    due: Timestamp,
    function: String,
    payload: Value,
}

pub(super) struct Sim {
    pub(super) world: World,
    chaos: Chaos,
    running: BTreeMap<String, Running>,
    /// Where each execution ended.
    pub(super) ended: BTreeMap<String, String>,
    late: Vec<Late>,
    /// When each schedule is next.
    next: Vec<Timestamp>,
    /// Time that passed with everything at work: jumps of the clock do not count.
    pub(super) active: Duration,
    machines: BTreeMap<&'static str, Value>,
    customers: usize,
    /// Machines that are gone for good.
    lost: BTreeSet<String>,
    pub(super) was_cut_off: bool,
    trail: VecDeque<String>,
}

impl Sim {
    pub(super) fn new(seed: u64) -> Self {
        let world = World::empty(seed);
        let now = world.clock.now();
        let names = ["provision", "blank", "grow", "drain"];
        Self {
            world,
            chaos: Chaos::seeded(seed),
            running: BTreeMap::new(),
            ended: BTreeMap::new(),
            late: Vec::new(),
            next: SCHEDULES.iter().map(|(_, every)| now + *every).collect(),
            active: Duration::ZERO,
            machines: names.into_iter().map(|it| (it, machine(it))).collect(),
            customers: 0,
            lost: BTreeSet::new(),
            was_cut_off: false,
            trail: VecDeque::new(),
        }
    }

    pub(super) async fn live(&mut self, span: Span) -> Result<(), String> {
        let mut books = Books::default();
        for _ in 0..span.steps {
            self.disturb(span).await;
            self.step().await;
            books.check(self).await?;
        }
        self.calm();
        let end = self.world.clock.now() + span.quiet;
        while self.world.clock.now() < end {
            self.step().await;
            books.check(self).await?;
        }
        books.check_settled(self).await
    }

    pub(super) fn is_running(&self, execution: &str) -> bool {
        self.running.contains_key(execution)
    }

    pub(super) fn any_running(&self, prefix: &str) -> bool {
        self.running.keys().any(|it| it.starts_with(prefix))
    }

    pub(super) fn trail(&self) -> String {
        self.trail.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    fn note(&mut self, what: impl Into<String>) {
        if self.trail.len() == TRAIL {
            self.trail.pop_front();
        }
        let now = self.world.clock.now().strftime("%H:%M:%S");
        self.trail.push_back(format!("  {now} {}", what.into()));
    }

    /// Whatever is due next: a schedule, a late call, or one of the executions.
    async fn step(&mut self) {
        let pause = self.chaos.seconds_below(4);
        self.pass(pause);
        let now = self.world.clock.now();
        self.run_schedules(now).await;
        self.run_late(now).await;
        let due: Vec<String> =
            self.running.iter().filter(|(_, it)| it.due <= now).map(|(it, _)| it.clone()).collect();
        if due.is_empty() {
            self.skip_to_next();
        } else {
            let name = due[self.chaos.below(due.len())].clone();
            self.advance(&name).await;
        }
        self.take_up_started();
    }

    fn pass(&mut self, duration: Duration) {
        self.active += duration;
        self.world.clock.advance(duration);
    }

    /// Nothing can happen before the next schedule or execution: goes there.
    fn skip_to_next(&mut self) {
        let now = self.world.clock.now();
        let executions = self.running.values().map(|it| it.due);
        let soonest = executions.chain(self.next.iter().copied()).min().unwrap_or(now);
        if let Ok(gap) = Duration::try_from(now.until(soonest).unwrap_or_default()) {
            self.pass(gap);
        }
    }

    async fn run_schedules(&mut self, now: Timestamp) {
        self.world.beat_all();
        for (index, (function, every)) in SCHEDULES.into_iter().enumerate() {
            if self.next[index] <= now {
                self.next[index] = now + every;
                // The next one comes anyway.
                if let Err(raised) = self.call(function, &json!({})).await {
                    self.note(format!("{function}: {}", raised.cause));
                }
            }
        }
    }

    async fn run_late(&mut self, now: Timestamp) {
        let (due, rest) = std::mem::take(&mut self.late).into_iter().partition(|it| it.due <= now);
        self.late = rest;
        let due: Vec<Late> = due;
        for call in due {
            self.note(format!("late: {} {}", call.function, call.payload["step"]));
            let _ = self.world.invoke(&call.function, call.payload).await;
        }
    }

    async fn advance(&mut self, name: &str) {
        let now = self.world.clock.now();
        let Some(mut running) = self.running.remove(name) else { return };
        match running.execution.next() {
            Next::Nothing { state } => {
                self.note(format!("{name}: {state}"));
                if name.starts_with("blank-") && state != "Done" {
                    self.world.sagas.blank.fail(now);
                }
                self.ended.insert(name.to_owned(), state);
                return;
            }
            Next::Time { duration } => {
                running.execution.waited();
                running.due = now + duration;
            }
            Next::Call { state, function, payload } => {
                let answer = self.call(&function, &payload).await;
                let said = answer.as_ref().err().map(|it| it.cause.clone());
                self.note(format!("{name}: {state} {}", said.unwrap_or_default()));
                let pause = running.execution.answered(answer);
                running.due = self.world.clock.now() + pause;
            }
        }
        self.running.insert(name.to_owned(), running);
    }

    async fn call(&mut self, function: &str, payload: &Value) -> Result<Value, Raised> {
        let raise =
            |error: &str| Err(Raised { error: error.to_owned(), cause: "injected".to_owned() });
        let fault = self.chaos.fault();
        if fault != Fault::None {
            self.note(format!("{function} meets {fault:?}"));
        }
        match fault {
            Fault::None => self.world.invoke(function, payload.clone()).await,
            Fault::Killed { port, after } => {
                self.world.cut_port(port, after);
                let answer = self.world.invoke(function, payload.clone()).await;
                self.world.mend_ports();
                answer
            }
            Fault::AnswerLost => {
                let _ = self.world.invoke(function, payload.clone()).await;
                raise("States.Timeout")
            }
            Fault::Twice { later } => {
                let due = self.world.clock.now() + later;
                let function = function.to_owned();
                self.late.push(Late { due, function: function.clone(), payload: payload.clone() });
                self.world.invoke(&function, payload.clone()).await
            }
            Fault::Broken { afterwards } => {
                if afterwards {
                    let _ = self.world.invoke(function, payload.clone()).await;
                }
                raise("Terminal")
            }
        }
    }

    /// Executions that a function has asked for since the last step.
    fn take_up_started(&mut self) {
        let now = self.world.clock.now();
        for (machine, name, input) in self.world.started() {
            if self.ended.contains_key(&name) || self.running.contains_key(&name) {
                continue;
            }
            self.note(format!("{name} starts"));
            let input = serde_json::from_str(&input).expect("the input is JSON");
            let execution = Execution::start(self.machines[machine].clone(), input);
            self.running.insert(name, Running { execution, due: now });
        }
    }

    async fn disturb(&mut self, span: Span) {
        let event = self.chaos.event();
        match event {
            Event::CustomerPays if self.customers < span.customers => self.customer_pays().await,
            Event::OwnerRetries => self.owner_retries().await,
            Event::ClockJumps => {
                let jump = self.chaos.seconds_below(3 * 60 * 60);
                self.world.clock.advance(jump);
                // Heartbeats go on while functions are late.
                self.world.beat_all();
            }
            Event::CustomerPays | Event::Nothing => return,
            other => self.suffer(other),
        }
        self.note(format!("{event:?}"));
    }

    /// No noise from here on, and everything that was away is back.
    fn calm(&mut self) {
        self.chaos.quiet = true;
        self.suffer(Event::WorkersComeBack);
        self.suffer(Event::InStock);
        self.note("all is calm");
    }

    fn suffer(&mut self, event: Event) {
        let machines = self.world.machines.alive.borrow().clone();
        let running: Vec<_> = machines.iter().filter(|(_, it)| it.is_running()).collect();
        let chosen = running.get(self.chaos.below(running.len()));
        let node = chosen.and_then(|(_, it)| it.node_id.clone());
        match event {
            Event::WorkerIsLost => {
                if let (Some((worker, _)), Some(node)) = (chosen, node) {
                    self.world.machines.vanish(worker);
                    self.world.commands.lose_node(&node);
                    self.lost.insert(node);
                }
            }
            Event::WorkerIsCutOff => {
                if let Some(node) = node {
                    self.world.commands.cut_off.borrow_mut().insert(node);
                    self.was_cut_off = true;
                }
            }
            // Not those that are gone for good.
            Event::WorkersComeBack => {
                let lost = &self.lost;
                self.world.commands.cut_off.borrow_mut().retain(|it| lost.contains(it));
            }
            Event::SoldOut => {
                self.world.machines.sold_out.borrow_mut().push("small".to_owned());
            }
            Event::InStock => self.world.machines.sold_out.borrow_mut().clear(),
            Event::AnswerOfProviderLost => self.world.machines.lose_answer.set(true),
            Event::AnswerOfWorkerLost => self.world.commands.lose_answer.set(true),
            Event::CustomerPays | Event::OwnerRetries | Event::ClockJumps | Event::Nothing => (),
        }
    }

    async fn customer_pays(&mut self) {
        self.customers += 1;
        let plan = match self.chaos.below(10) {
            0 => PlanId::Dedicated,
            1..=2 => PlanId::Pro,
            _ => PlanId::Standard,
        };
        let body = format!("customer{}", self.customers);
        let project = Project { plan, ..make::project_called(&body) };
        self.world.admit(&project).await;
        self.provision(&project);
    }

    async fn owner_retries(&mut self) {
        let failed: Vec<Project> = self
            .world
            .all_projects()
            .await
            .into_iter()
            .filter(|it| it.state == State::Error)
            .collect();
        if failed.is_empty() {
            return;
        }
        let chosen = &failed[self.chaos.below(failed.len())];
        if let Ok(project) = self.world.projects.request_retry(&chosen.id).await {
            self.provision(&project);
        }
    }

    fn provision(&mut self, project: &Project) {
        let name = Saga::execution_name(&project.id, project.attempt);
        let input = serde_json::to_value(Saga::of(project)).expect("the saga is JSON");
        let execution = Execution::start(self.machines["provision"].clone(), input);
        let due = self.world.clock.now();
        if !self.ended.contains_key(&name) {
            self.running.entry(name).or_insert(Running { execution, due });
        }
    }
}
