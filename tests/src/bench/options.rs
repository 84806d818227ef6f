//! How the bench is started.

use crate::environment::EnvironmentOptions;
use std::path::PathBuf;

/// Measures paid → running by step, the floor under it, and the cold start of each function.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "bench", version)]
pub struct Options {
    /// Measure this part only; can be repeated.
    #[arg(long, value_enum)]
    pub only: Vec<Part>,
    /// How many projects to bring to life. Two Standard projects fit on a worker of the usual size,
    /// so every second one finds room.
    #[arg(long, default_value_t = 4)]
    pub projects: u32,
    /// How long a project may take from paid to running, in seconds.
    #[arg(long, default_value_t = 300)]
    pub limit_s: u64,
    /// How often each function is started, and the floor measured.
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
    #[command(flatten)]
    pub environment: EnvironmentOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Cold start and size of each function.
    Functions,
    /// Paid to running, on running workers and on bought ones.
    Provisioning,
    /// The agent's container by hand.
    Floor,
}
