//! `google-standin`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode};
use support::{
    google::{Google, Options},
    server,
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("google-standin", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listen = options.listen;
    let google = Google::open(options.settings()?)?;
    server::serve("google-standin", listen, google.router()).await?;
    Ok(())
}
