//! Paid → running, by step, on a worker that was running and on one that was bought.

use super::{
    Options,
    arrange::{ArrangeError, Pool},
    median,
    request_log::RequestLog,
    table::Table,
};
use crate::{
    environment::Environment,
    executions::{self, Landing, Way},
    failure::Failure,
    journey::Journey,
    wire::{Project, State, StepState},
};
use std::time::Duration;
use support::clock;

const QUESTION: &str = "What is 6 times 7?";

/// One project, from pressing "Pay".
pub(super) struct Measured {
    project: Project,
    landing: Option<Landing>,
    to_running: Duration,
    to_reachable: Duration,
    to_answer: Duration,
    transitions: Option<usize>,
    requests: Option<usize>,
}

impl Measured {
    pub(super) fn machine_id(&self) -> Option<&str> {
        self.landing.as_ref().map(|it| it.node_id.as_str())
    }

    /// The execution knows; without it, the step that buys gives it away.
    fn way(&self) -> Way {
        let bought = |it: &crate::wire::Step| it.name == "BuyWorker" && it.state == StepState::Done;
        let guess = || {
            if self.project.steps.iter().any(bought) { Way::Bought } else { Way::Running }
        };
        self.landing.as_ref().map_or_else(guess, |landing| landing.way)
    }

    fn step_ms(&self, name: &str) -> Option<u64> {
        self.project.steps.iter().find(|it| it.name == name)?.duration_ms
    }
}

/// In this order every way finds what it needs: a bought worker has room for one more, and so has one
/// that was stopped.
const ROUND: [Way; 4] = [Way::Bought, Way::Running, Way::Stopped, Way::Blank];

#[derive(Debug, thiserror::Error)]
pub(super) enum MeasureError {
    #[error("the main job failed")]
    Job(#[from] Failure),
    #[error("the fleet could not be arranged")]
    Fleet(#[from] ArrangeError),
}

pub(super) async fn measure(
    options: &Options,
    environment: &Environment,
) -> Result<Vec<Measured>, MeasureError> {
    let pool = Pool::of(environment, Duration::from_secs(options.limit_s)).await?;
    let measured = measure_with(options, environment, &pool).await;
    pool.put_back().await?;
    measured
}

async fn measure_with(
    options: &Options,
    environment: &Environment,
    pool: &Pool<'_>,
) -> Result<Vec<Measured>, MeasureError> {
    let mut journey = Journey::through(environment.clone())?;
    let credentials = Journey::new_credentials();
    journey.sign_up(&credentials).await?;
    journey.confirm(&credentials.email).await?;
    let mut measured = Vec::new();
    let round = if options.way.is_empty() { &ROUND[..] } else { &options.way };
    for (number, way) in (1..=options.projects).zip(round.iter().cycle()) {
        pool.arrange(*way).await?;
        // Anew each time: the token lasts a quarter of an hour, and all of them may take longer.
        journey.sign_in(&credentials).await?;
        let one = bring_to_life(&journey, options, number).await?;
        super::say(&format!(
            "{}: running after {:.1} s, answered after {:.1} s, on {}",
            one.project.name,
            one.to_running.as_secs_f64(),
            one.to_answer.as_secs_f64(),
            one.way().words(),
        ));
        measured.push(one);
    }
    Ok(measured)
}

async fn bring_to_life(
    journey: &Journey,
    options: &Options,
    number: u32,
) -> Result<Measured, Failure> {
    let environment = journey.environment();
    let project = journey.create_project(&format!("bench-{number}"), "standard").await?;
    let checkout_url = journey.checkout(&project.id).await?;
    let usual = environment.home.join("run/log/engine.log");
    let log = RequestLog::from_now(options.engine_log.as_ref().unwrap_or(&usual));
    let paid = clock::stopwatch();
    journey.pay(&checkout_url).await?;
    let limit = Duration::from_secs(options.limit_s);
    let project = journey.wait_until(&project.id, State::Running, limit, drop).await?;
    let to_running = paid.elapsed();
    let requests = log.map(|it| it.requests().values().sum()).filter(|&it: &usize| it > 0);
    journey.wait_for_instance(&project.url).await?;
    let to_reachable = paid.elapsed();
    let token = journey.gateway_token(&project.id).await?;
    journey.chat(&project.url, &token, QUESTION).await?;
    let to_answer = paid.elapsed();
    Ok(Measured {
        landing: executions::landing(environment, &project.id, 1).await,
        transitions: executions::transitions(environment, &project.id, 1).await,
        // Once more: the last step ends after the project runs.
        project: journey.project(&project.id).await?,
        to_running,
        to_reachable,
        to_answer,
        requests,
    })
}

pub(super) fn report(measured: &[Measured]) -> String {
    let by_way = Way::ALL.map(|way| measured.iter().filter(|it| it.way() == way).collect());
    let heads: Vec<String> = Way::ALL
        .iter()
        .zip(&by_way)
        .map(|(way, all): (_, &Vec<&Measured>)| format!("on {} ({})", way.words(), all.len()))
        .collect();
    let heads: Vec<&str> = std::iter::once("").chain(heads.iter().map(String::as_str)).collect();
    let mut table = Table::new("From pressing \"Pay\", medians in seconds", &heads);
    let mut row = |name: &str, cell: &dyn Fn(&[&Measured]) -> String| {
        table.row(std::iter::once(name.to_owned()).chain(by_way.iter().map(|it| cell(it))));
    };
    for step in steps_of(measured) {
        let cell = |all: &[&Measured]| {
            let times: Vec<u64> = all.iter().filter_map(|it| it.step_ms(&step)).collect();
            seconds(median(&times).map(Duration::from_millis))
        };
        row(&format!("step {step}"), &cell);
    }
    row("paid → running", &|all| seconds(median_of(all, |it| it.to_running)));
    row("paid → reachable", &|all| seconds(median_of(all, |it| it.to_reachable)));
    row("paid → first answer", &|all| seconds(median_of(all, |it| it.to_answer)));
    row("running → first answer", &|all| {
        seconds(median_of(all, |it| it.to_answer.saturating_sub(it.to_running)))
    });
    row("state transitions", &|all| count(median_of(all, |it| it.transitions).flatten()));
    row("AWS requests, all callers", &|all| count(median_of(all, |it| it.requests).flatten()));
    table.markdown()
}

fn steps_of(measured: &[Measured]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for step in measured.iter().flat_map(|it| &it.project.steps) {
        if !names.contains(&step.name) {
            names.push(step.name.clone());
        }
    }
    names
}

fn median_of<T: Copy + Ord>(all: &[&Measured], value: impl Fn(&Measured) -> T) -> Option<T> {
    let values: Vec<T> = all.iter().map(|it| value(it)).collect();
    median(&values)
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or("–".to_owned(), |it| format!("{:.2}", it.as_secs_f64()))
}

fn count(number: Option<usize>) -> String {
    number.map_or("–".to_owned(), |it| it.to_string())
}
