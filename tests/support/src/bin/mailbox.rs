//! `mailbox`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode};
use support::{
    mailbox::{self, Options, Outbox},
    server,
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("mailbox", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let outbox = Outbox::of(&options.engine_url)?;
    server::serve("mailbox", options.listen, mailbox::router(outbox)).await?;
    Ok(())
}
