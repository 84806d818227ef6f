//! One life: executions, schedules, queues and the clock.

use super::{
    alarms::Alarms,
    books::Books,
    chaos::{Chaos, Fault},
    executions::Executions,
    moment::Moment,
    post::Post,
    tally::Tally,
};
use crate::{
    asl::{Next, Raised},
    world::{World, settings::Settings},
};
use domain::{id::WorkerId, plan::PlanId};
use ports::clock::Clock;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};
use testkit::outage::killed_after;

/// How long a life is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Steps with noise.
    steps: u32,
    pub(super) customers: usize,
    /// Virtual time without noise, in which everything must settle.
    quiet: Duration,
}

impl Span {
    pub(super) const SHORT: Self =
        Self { steps: 250, customers: 6, quiet: Duration::from_hours(2) };
}

/// What is called by the clock, and how often.
const SCHEDULES: [(&str, Duration); 6] = [
    ("sleep-watch", Duration::from_mins(1)),
    ("worker-watch", Duration::from_secs(20)),
    ("warm-pool", Duration::from_mins(1)),
    ("reaper", Duration::from_mins(5)),
    ("billing-watch", Duration::from_mins(3)),
    ("backup", Duration::from_mins(15)),
];
/// Of the plan Pro.
pub(super) const MAXIMUM: u32 = 2;
const TRAIL: usize = 400;

/// A call that was made before and is made again.
#[derive(Debug)]
struct Late {
    due: Duration,
    function: String,
    payload: Value,
}

pub(super) struct Sim {
    pub(super) world: World,
    pub(super) chaos: Chaos,
    pub(super) executions: Executions,
    pub(super) post: Post,
    pub(super) alarms: Alarms,
    pub(super) tally: Tally,
    pub(super) now: Moment,
    late: Vec<Late>,
    /// When each schedule is next.
    next: Vec<Duration>,
    pub(super) customers: usize,
    /// Machines that are gone for good.
    pub(super) lost: BTreeSet<String>,
    /// Spot machines that are taken away, and when.
    pub(super) leaving: Vec<(Duration, WorkerId)>,
    /// Ports that refuse, by their index, and until when.
    pub(super) throttled: BTreeMap<usize, Duration>,
    /// Containers that were out of reach, by node and holder, since they are back.
    pub(super) stranded: BTreeMap<(String, String), Moment>,
    /// When somebody lets the reaper go on that has stopped itself.
    pub(super) reaper_goes_on: Option<Duration>,
    trail: VecDeque<String>,
}

impl Sim {
    pub(super) fn new(seed: u64) -> Self {
        let chaos = Chaos::seeded(seed);
        let mut settings = Settings::selling(chaos.offerings());
        settings.placement.maximum_instances.insert(PlanId::Pro, MAXIMUM);
        settings.reaper.take();
        Self {
            world: World::of_stage(seed, settings),
            chaos,
            executions: Executions::default(),
            post: Post::default(),
            alarms: Alarms::listen(),
            tally: Tally::default(),
            now: Moment::default(),
            late: Vec::new(),
            next: SCHEDULES.iter().map(|(_, every)| *every).collect(),
            customers: 0,
            lost: BTreeSet::new(),
            leaving: Vec::new(),
            throttled: BTreeMap::new(),
            stranded: BTreeMap::new(),
            reaper_goes_on: None,
            trail: VecDeque::new(),
        }
    }

    pub(super) async fn live(&mut self, span: Span) -> Result<(), String> {
        let mut books = Books::default();
        for _ in 0..span.steps {
            self.disturb(span).await;
            self.step().await;
            books.check(self)?;
        }
        self.calm();
        let end = self.now.active + span.quiet;
        while self.now.active < end {
            self.step().await;
            books.check(self)?;
        }
        books.check_settled(self)
    }

    /// What led to where it is, and what there is.
    pub(super) fn story(&self) -> String {
        let trail: Vec<_> = self.trail.iter().map(String::as_str).collect();
        format!("what led there:\n{}\nwhat there is:\n{}", trail.join("\n"), self.inventory())
    }

    pub(super) fn note(&mut self, what: impl Into<String>) {
        if self.trail.len() == TRAIL {
            self.trail.pop_front();
        }
        let now = self.world.clock.now().strftime("%H:%M:%S");
        self.trail.push_back(format!("  {now} {}", what.into()));
    }

    /// Whatever is due next: a schedule, a late call, a message, or one of the executions.
    async fn step(&mut self) {
        let pause = self.chaos.seconds_below(4);
        self.pass(pause);
        self.mend();
        self.run_schedules().await;
        self.run_late().await;
        self.run_post().await;
        let due = self.executions.due(self.now.active);
        match self.chaos.choose(&due).cloned() {
            Some(name) => self.advance(&name).await,
            None => self.skip_to_next(),
        }
        let taken_up = self.executions.take_up(self.world.sagas.by_machine(), self.now.active);
        for name in taken_up {
            if name.starts_with("halt-") {
                self.tally.count("instance sent to another worker");
            }
            self.note(format!("{name} starts"));
        }
    }

    fn pass(&mut self, duration: Duration) {
        self.now.active += duration;
        if self.reaper_goes_on.is_some() {
            self.now.reaper_stopped += duration;
        }
        self.world.clock.advance(duration);
    }

    /// Nothing can happen before the next schedule or execution: goes there.
    fn skip_to_next(&mut self) {
        let schedules = self.next.iter().copied();
        let others = self.executions.next_due().into_iter().chain(self.post.next_due());
        let soonest = schedules.chain(others).min().unwrap_or_default();
        self.pass(soonest.saturating_sub(self.now.active));
    }

    async fn run_schedules(&mut self) {
        self.world.beat_all();
        for (index, (function, every)) in SCHEDULES.into_iter().enumerate() {
            if self.next[index] <= self.now.active {
                self.next[index] = self.now.active + every;
                // The next one comes anyway.
                if let Err(raised) = self.call(function, &json!({})).await {
                    self.note(format!("{function}: {}", raised.cause));
                }
            }
        }
    }

    async fn run_late(&mut self) {
        let now = self.now.active;
        for call in self.late.extract_if(.., |it| it.due <= now).collect::<Vec<_>>() {
            self.note(format!("late: {} {}", call.function, call.payload["step"]));
            let _ = self.invoke(&call.function, &call.payload).await;
        }
    }

    async fn advance(&mut self, name: &str) {
        let Some(mut running) = self.executions.take(name) else { return };
        match running.execution.next() {
            Next::Nothing { state, failed } => {
                self.note(format!("{name}: {state}"));
                if name.starts_with("blank-") && failed {
                    self.world.sagas.blank.fail(self.world.clock.now());
                }
                self.world.sagas.end(name, self.world.clock.now());
                self.executions.end(name, failed);
                return;
            }
            Next::Time { duration } => {
                running.execution.waited();
                running.due = self.now.active + duration;
            }
            Next::Call { state, function, payload } => {
                let answer = self.call(&function, &payload).await;
                let said = answer.as_ref().err().map(|it| it.cause.clone());
                self.note(format!("{name}: {state} {}", said.unwrap_or_default()));
                running.due = self.now.active + running.execution.answered(answer);
            }
        }
        self.executions.put_back(name, running);
    }

    /// Calls `function` as everybody does, with a fault if chance wants one.
    pub(super) async fn call(&mut self, function: &str, payload: &Value) -> Result<Value, Raised> {
        let raise =
            |error: &str| Err(Raised { error: error.to_owned(), cause: "injected".to_owned() });
        let fault = self.chaos.fault();
        if fault != Fault::None {
            self.note(format!("{function} meets {fault:?}"));
        }
        match fault {
            Fault::None => self.invoke(function, payload).await,
            Fault::Killed { after } => {
                let kind =
                    match killed_after(after, self.world.invoke(function, payload.clone())).await {
                        None => "function killed between two calls of its ports",
                        Some(_) => "function killed after its last call",
                    };
                self.tally.count(kind);
                self.hear(function);
                raise("Lambda.Unknown")
            }
            Fault::AnswerLost => {
                self.tally.count("answer of a function lost");
                let _ = self.invoke(function, payload).await;
                raise("States.Timeout")
            }
            Fault::Twice { later } => {
                self.tally.count("call made again later");
                let (due, function) = (self.now.active + later, function.to_owned());
                self.late.push(Late { due, function: function.clone(), payload: payload.clone() });
                self.invoke(&function, payload).await
            }
            Fault::Broken { afterwards } => {
                self.tally.count("function failed for good");
                if afterwards {
                    let _ = self.invoke(function, payload).await;
                }
                raise("Terminal")
            }
        }
    }

    async fn invoke(&mut self, function: &str, payload: &Value) -> Result<Value, Raised> {
        let answer = self.world.invoke(function, payload.clone()).await;
        self.hear(function);
        answer
    }

    fn hear(&mut self, function: &str) {
        for line in self.alarms.hear(function) {
            if line.contains("reaper stopped itself") && self.reaper_goes_on.is_none() {
                self.tally.count("reaper stopped itself");
                self.reaper_goes_on = Some(self.now.active + self.chaos.seconds_below(20 * 60));
            }
            self.note(line);
        }
    }
}
