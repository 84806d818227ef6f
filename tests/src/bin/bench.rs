//! `bench`: see `--help`.

use clap::Parser;
use e2e::bench::{Options, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(Options::parse()).await
}
