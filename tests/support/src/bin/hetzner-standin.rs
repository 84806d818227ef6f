//! `hetzner-standin`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode, sync::Arc};
use support::{
    hetzner::{Hetzner, Options},
    server,
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("hetzner-standin", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let (listen, docker) = (options.listen, options.docker()?);
    if options.purge {
        let servers = docker.purge().await?;
        tracing::info!(servers, realm = docker.realm, "purged");
        return Ok(());
    }
    let hetzner = Hetzner::open(options.settings()?, Arc::new(docker)).await?;
    server::serve("hetzner-standin", listen, hetzner.router()).await?;
    Ok(())
}
