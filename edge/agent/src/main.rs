//! Wiring only.

use adapters::{
    clock::SystemClock, dynamodb::routes::DynamoRoutes, sqs::SqsQueue, ssm_routes::SsmRouteBoard,
};
use clap::Parser;
use edge_agent::{Agent, Settings, config::Config};
use std::{error::Error, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let settings = Settings {
        name: config.name,
        state_dir: config.state_dir,
        poll_interval: Duration::from_millis(config.poll_ms),
    };
    let board = &SsmRouteBoard::connect(config.routes_prefix).await;
    let reports = &DynamoRoutes::connect(config.ledger_table).await;
    let wakes = &SqsQueue::connect(config.wakes_queue_url).await;
    let agent = Agent::new(settings, board, reports, wakes, &SystemClock)?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        () = agent.run() => (),
        _ = terminate.recv() => (),
        _ = tokio::signal::ctrl_c() => (),
    }
    Ok(())
}
