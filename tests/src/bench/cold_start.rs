//! How long a function takes from the start of its process to its first request for work.
//!
//! The bench plays the Lambda service: it hands the function the address of a runtime API of its
//! own and looks at the clock when the function first asks for an invocation, and again when it
//! answers one. It plays Parameter Store too, since some functions read a secret before they ask.
//! The event is empty and no other AWS service answers, so that nothing has an effect: the answer is
//! an error, and its time is the runtime's, not the function's work.

use super::{
    Options,
    deployed::variables,
    fake_lambda::{Service, router},
    median,
    table::Table,
};
use crate::environment::Environment;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use support::{clock, server};
use tokio::{io::AsyncReadExt, process::Command};

/// One folder for each function.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../functions");
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
pub enum ColdStartError {
    #[error("no functions in `{}`; build them first, or name one with --function", .0.display())]
    NoFunctions(PathBuf),
    #[error("`{}` cannot be started", path.display())]
    Start { path: PathBuf, source: std::io::Error },
    #[error("`{}` did not ask for work within {} s: {why}", path.display(), LIMIT.as_secs())]
    Silent { path: PathBuf, why: String },
    #[error("the Lambda service of the bench cannot listen")]
    Port(#[from] std::io::Error),
}

/// One function, all rounds; or why it has none.
#[derive(Debug)]
pub struct Measured {
    name: String,
    bytes: u64,
    rounds: Result<Vec<Round>, ColdStartError>,
}

#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// From the start of the process to its first request for work.
    pub init: Duration,
    /// From that request to the answer; `None` if it gave none.
    pub answer: Option<Duration>,
}

pub(super) async fn measure_all(
    options: &Options,
    environment: &Environment,
) -> Result<Vec<Measured>, ColdStartError> {
    let mut all = Vec::new();
    for (name, path) in programs(options, environment)? {
        let bytes = std::fs::metadata(&path).map(|it| it.len()).unwrap_or_default();
        all.push(Measured { name, bytes, rounds: start_often(&path, options.rounds).await });
    }
    Ok(all)
}

async fn start_often(path: &Path, rounds: u32) -> Result<Vec<Round>, ColdStartError> {
    let mut all = Vec::new();
    for _ in 0..rounds {
        all.push(start_once(path).await?);
    }
    Ok(all)
}

fn programs(
    options: &Options,
    environment: &Environment,
) -> Result<Vec<(String, PathBuf)>, ColdStartError> {
    if !options.function.is_empty() {
        return Ok(options.function.iter().map(|it| (function_of(it), it.clone())).collect());
    }
    let usual = || environment.home.join("target/lambda");
    let folder = options.functions.clone().unwrap_or_else(usual);
    // By the names of the functions, not by what lies there: every binary of the workspace does, and
    // to start this bench as a function would start the bench.
    let names = std::fs::read_dir(SOURCES).into_iter().flatten().flatten();
    let mut found: Vec<_> = names
        .map(|it| name_of(&it.path()))
        .map(|name| (name.clone(), folder.join(name).join("bootstrap")))
        .filter(|(_, path)| path.exists())
        .collect();
    found.sort();
    if found.is_empty() { Err(ColdStartError::NoFunctions(folder)) } else { Ok(found) }
}

pub(super) fn report(measured: &[Measured]) -> String {
    let headers =
        ["function", "size MB", "cold start ms, median", "worst", "first answer ms, median"];
    let mut table = Table::new("Cold start of each function", &headers);
    for it in measured {
        let rounds = it.rounds.as_deref().unwrap_or_default();
        let inits: Vec<Duration> = rounds.iter().map(|round| round.init).collect();
        let answers: Vec<Duration> = rounds.iter().filter_map(|round| round.answer).collect();
        table.row([
            it.name.clone(),
            format!("{}.{}", it.bytes / 1_000_000, it.bytes / 100_000 % 10),
            ms(median(&inits)),
            ms(inits.iter().max().copied()),
            ms(median(&answers)),
        ]);
    }
    let failures = measured.iter().filter_map(|it| it.rounds.as_ref().err());
    let notes: Vec<String> = failures.map(|error| format!("\n{error}")).collect();
    table.markdown() + &notes.concat()
}

/// As `NAME/bootstrap` says, or the name of the file.
fn function_of(program: &Path) -> String {
    let folder = program.parent().filter(|_| program.ends_with("bootstrap"));
    name_of(folder.unwrap_or(program))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn ms(time: Option<Duration>) -> String {
    time.map_or("–".to_owned(), |it| format!("{:.1}", it.as_secs_f64() * 1000.0))
}

/// Starts `program` as Lambda would, and stops it when it has answered once.
pub async fn start_once(program: &Path) -> Result<Round, ColdStartError> {
    let (listener, url) = server::bind_free_port().await?;
    let service = Arc::new(Service::default());
    let (address, endpoint) = (url.trim_start_matches("http://").to_owned(), url.clone());
    let _running = server::start(listener, url, router(service.clone()));
    let started = clock::stopwatch();
    let mut child = Command::new(program)
        .env_clear()
        .envs(variables(&function_of(program)))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
        .env("PATH", "/usr/bin:/bin")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| ColdStartError::Start { path: program.to_owned(), source })?;
    let mut log = child.stderr.take();
    tokio::select! {
        () = service.answered.notified() => (),
        _ = child.wait() => (),
        () = clock::pause(LIMIT) => (),
    }
    let seen = service.seen();
    let Some(asked) = seen.asked else {
        // What it told the service says why; failing that, what it wrote before it ended.
        let mut why = seen.complaint.unwrap_or_default();
        child.start_kill()?;
        if let Some(log) = log.as_mut().filter(|_| why.is_empty()) {
            log.read_to_string(&mut why).await?;
        }
        return Err(ColdStartError::Silent { path: program.to_owned(), why });
    };
    Ok(Round {
        init: asked.duration_since(started),
        answer: seen.answered.map(|it| it.duration_since(asked)),
    })
}
