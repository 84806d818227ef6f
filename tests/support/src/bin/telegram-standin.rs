//! `telegram-standin`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode};
use support::{
    server,
    telegram::{Options, Telegram},
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("telegram-standin", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    server::serve("telegram-standin", options.listen, Telegram::open().router()).await?;
    Ok(())
}
