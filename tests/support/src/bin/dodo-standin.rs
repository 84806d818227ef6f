//! `dodo-standin`: see `--help`.

use clap::Parser;
use std::{error::Error, process::ExitCode};
use support::{
    dodo::{Dodo, Options},
    server,
};

#[tokio::main]
async fn main() -> ExitCode {
    server::start_log();
    server::ending("dodo-standin", run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let listen = options.listen;
    let dodo = Dodo::open(options.settings()?)?;
    let served = server::serve("dodo-standin", listen, dodo.router()).await;
    dodo.save();
    Ok(served?)
}
