//! How the bench is started.

use super::{recovery::Fault, yardstick::YardstickOptions};
use crate::{
    environment::{Environment, EnvironmentOptions},
    executions::Way,
};
use std::path::PathBuf;

/// Measures paid → running by step, the floor under it, and the cold start of each function; and
/// simulates how well fleets are packed and how far they grow.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "bench", version)]
pub struct Options {
    /// Measure this part only; can be repeated.
    #[arg(long, value_enum)]
    pub only: Vec<Part>,
    /// How many projects to bring to life: in turns on a bought worker, on a running one, on one that
    /// was stopped, and in place of a warm blank.
    #[arg(long, default_value_t = 4)]
    pub projects: u32,
    /// Bring them to life in this way only; can be repeated.
    #[arg(long, value_enum)]
    pub way: Vec<Way>,
    /// How often each route is asked.
    #[arg(long, default_value_t = 100)]
    pub asks: u32,
    /// How long a project may take from paid to running, in seconds.
    #[arg(long, default_value_t = 300)]
    pub limit_s: u64,
    /// Let this go wrong only; can be repeated.
    #[arg(long, value_enum)]
    pub fault: Vec<Fault>,
    /// How often each function is started, the floor measured, and each thing goes wrong.
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
    /// Directory with a NAME/bootstrap for each function [default: target/lambda of the home]
    #[arg(long)]
    pub functions: Option<PathBuf>,
    /// Measure the cold start of this program instead; can be repeated.
    #[arg(long)]
    pub function: Vec<PathBuf>,
    /// Container of a worker to measure the floor in [default: a worker of this run, or the host]
    #[arg(long)]
    pub worker: Option<String>,
    /// Image of the agent.
    #[arg(long, env = "AGENT_IMAGE", default_value = "openclaw-agent:2026.9.6")]
    pub agent_image: String,
    /// Log of the AWS engine, at level DEBUG, to count requests in [default: run/log/engine.log]
    #[arg(long)]
    pub engine_log: Option<PathBuf>,
    /// How many webhooks come at once.
    #[arg(long, default_value_t = 1000)]
    pub webhooks: usize,
    /// Where the start script keeps process ids [default: run of the home]
    #[arg(long, env = "ONEMINS_RUN", hide_env_values = true)]
    pub run: Option<PathBuf>,
    /// Where to write the chart of the packing, an SVG [default: no chart]
    #[arg(long)]
    pub chart: Option<PathBuf>,
    #[command(flatten)]
    pub yardstick: YardstickOptions,
    #[command(flatten)]
    pub environment: EnvironmentOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Cold start and size of each function.
    Functions,
    /// Each reading route of the API, and signing in.
    Api,
    /// Paid to running: from a warm blank, on running, stopped and bought workers.
    Provisioning,
    /// The agent's container by hand.
    Floor,
    /// An instance after its gateway, its Docker or its worker died: found, well again, and down. Takes
    /// about two minutes for each fault and round; only if it is named.
    Recovery,
    /// A burst of webhooks while function processes are killed.
    Webhooks,
    /// Placement beside that of PostgreSQL's `SKIP LOCKED`.
    Yardstick,
    /// Server-hours of simulated fleets over the exact optimum, and what a tenant costs.
    Packing,
    /// Placement on simulated fleets of up to 10,000 workers, and the route table.
    Scale,
}

impl Options {
    pub(super) fn run_folder(&self, environment: &Environment) -> PathBuf {
        self.run.clone().unwrap_or_else(|| environment.home.join("run"))
    }

    /// Everything, unless something is named.
    pub(super) fn asks_for(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether any part is asked for that measures a running system.
    pub(super) fn asks_for_what_runs(&self) -> bool {
        let runs = |part: &Part| match part {
            Part::Functions
            | Part::Api
            | Part::Provisioning
            | Part::Floor
            | Part::Recovery
            | Part::Webhooks
            | Part::Yardstick => true,
            Part::Packing | Part::Scale => false,
        };
        self.only.is_empty() || self.only.iter().any(runs)
    }
}
