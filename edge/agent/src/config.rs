//! What the agent is told when it starts.

use clap::Parser;
use std::path::PathBuf;

/// Keeps the edge's nginx in step with the table of routes.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Config {
    /// Name of this edge in its reports
    #[arg(long, env = "EDGE_NAME", default_value = "edge-1")]
    pub name: String,

    /// Where the routes are in Parameter Store, such as /1mins/production/routes
    #[arg(long, env = "ROUTES_PREFIX")]
    pub routes_prefix: String,

    /// The table that takes this edge's reports
    #[arg(long, env = "LEDGER_TABLE")]
    pub ledger_table: String,

    /// The queue that is told who came to a host that is asleep
    #[arg(long, env = "WAKES_QUEUE_URL")]
    pub wakes_queue_url: String,

    /// nginx's state directory: its control socket, and the last known good routes
    #[arg(long, env = "EDGE_STATE_DIR")]
    pub state_dir: PathBuf,

    /// Milliseconds between two looks at the routes, give or take a quarter
    #[arg(long, env = "EDGE_POLL_MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..))]
    pub poll_ms: u64,
}
