//! `demo`: see `--help`.

use clap::Parser;
use e2e::demo::{Options, run};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    run(Options::parse()).await
}
