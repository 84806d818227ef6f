//! `model-standin`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode};
use support::{
    model::{self, Options},
    server,
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("model-standin", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    server::serve("model-standin", options.listen, model::router(options)).await?;
    Ok(())
}
