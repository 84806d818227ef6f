//! How the demo is started.

use crate::environment::EnvironmentOptions;
use std::time::Duration;

/// Walks through 1mins.in as a customer: signs up, confirms the address, creates a project, pays,
/// watches it come to life, and asks the agent a question.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "demo", version)]
pub struct Options {
    /// How many projects to create, one after the other. Of three Standard projects the second
    /// lands beside the first, and the third needs another worker.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub projects: u32,
    /// Name of the project; with several, a number follows.
    #[arg(long, default_value = "my-agent")]
    pub name: String,
    /// Plan to buy.
    #[arg(long, default_value = "standard")]
    pub plan: String,
    /// What to ask the agent.
    #[arg(long, default_value = "What is 6 times 7?")]
    pub question: String,
    /// How long a project may take from paid to running, in seconds.
    #[arg(long, default_value_t = 300)]
    pub limit_s: u64,
    /// One plain line a step, without colours and spinner. So it is anyway when not on a terminal.
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub environment: EnvironmentOptions,
}

impl Options {
    pub(super) fn limit(&self) -> Duration {
        Duration::from_secs(self.limit_s)
    }

    /// The name of project `number`, which begins at 1.
    pub(super) fn project_name(&self, number: u32) -> String {
        if self.projects == 1 { self.name.clone() } else { format!("{}-{number}", self.name) }
    }
}
