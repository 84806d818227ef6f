//! A burst of webhooks while the processes that take them are killed.
//!
//! The stand-in holds everything back while projects are paid for and more is said about them, then
//! lets go of it at once. Time is what the sender saw: from its request to the answer that the intake
//! gives once the delivery is stored. Whether all of it was applied stands in the ledger, and whether
//! it had its effect once, in the executions of the state machine.

use super::{Options, table::Table, yardstick::summary::percentile};
use crate::{
    dodo::StandIn,
    environment::Environment,
    executions::{aws, standings},
    failure::Failure,
    journey::Journey,
    wire::State,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, process::Command, time::Duration};
use support::clock;

const PROJECTS: usize = 2;
/// After each of these, counted from the one before, every function process dies.
const BLOWS: [Duration; 3] =
    [Duration::from_millis(300), Duration::from_millis(1500), Duration::from_secs(4)];
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longer than the first repeats of a delivery are apart, by the sender's clock.
const NEXT_REPEAT_S: u32 = 301;
const EVENTS: [&str; 3] = ["subscription.active", "subscription.renewed", "subscription.updated"];
const LEDGER: &str = "1mins-local-ledger";

#[derive(Debug, thiserror::Error)]
pub(super) enum WebhooksError {
    #[error("the main job failed")]
    Job(#[from] Failure),
    #[error("`aws {0}` failed: is the stack the local one, and up?")]
    Aws(&'static str),
    #[error("the engine's process is not known: no `{0}`")]
    Engine(String),
}

/// One paid project and what was said about it.
struct Paid {
    project: String,
    subscription: String,
}

#[derive(Debug, Default)]
pub(super) struct Measured {
    sent: usize,
    acknowledged: Vec<Duration>,
    attempts: usize,
    all_acknowledged: Duration,
    applied: usize,
    all_applied: Duration,
    /// Executions of each project; one is right.
    executions: Vec<usize>,
}

pub(super) async fn measure(
    options: &Options,
    environment: &Environment,
) -> Result<Measured, WebhooksError> {
    let mut journey = Journey::through(environment.clone())?;
    let credentials = Journey::new_credentials();
    journey.sign_up(&credentials).await?;
    journey.confirm(&credentials.email).await?;
    journey.sign_in(&credentials).await?;
    let dodo = StandIn::of(environment)?;
    let before: BTreeSet<String> = dodo.deliveries().await?.iter().map(id).collect();

    let endpoint = dodo.hold_webhooks().await?;
    let prepared = prepare(&journey, &dodo, options.webhooks).await;
    let started = clock::stopwatch();
    // Also when something failed: the stack must not be left deaf.
    dodo.send_webhooks_to(&endpoint).await?;
    let paid = prepared?;
    for blow in BLOWS {
        clock::pause(blow).await;
        kill_functions(&options.run_folder(environment))?;
    }

    let limit = Duration::from_secs(options.limit_s);
    let mut measured = Measured::default();
    let mut attempts = 0;
    let ours = loop {
        let mut ours = dodo.deliveries().await?;
        ours.retain(|it| !before.contains(&id(it)));
        if ours.iter().all(|it| it["outcome"] != "pending") || started.elapsed() > limit {
            break ours;
        }
        let so_far = ours.iter().map(|it| attempts_of(it).len()).sum();
        // Only once all that is due was tried: what is refused is not to come back in one wave.
        if so_far == std::mem::replace(&mut attempts, so_far) {
            dodo.advance(NEXT_REPEAT_S).await?;
        }
        clock::pause(LOOK_EVERY).await;
    };
    measured.all_acknowledged = started.elapsed();
    measured.count(&ours);
    let ids: BTreeSet<String> = ours.iter().map(id).collect();
    while measured.applied < ids.len() && started.elapsed() < limit {
        clock::pause(LOOK_EVERY).await;
        measured.applied = applied(environment).await?.intersection(&ids).count();
    }
    measured.all_applied = started.elapsed();
    for it in &paid {
        journey.wait_until(&it.project, State::Running, limit, drop).await?;
        let started = standings(environment, "provision", &it.project).await;
        let started = started.ok_or(WebhooksError::Aws("stepfunctions list-executions"))?;
        measured.executions.push(started.len());
    }
    Ok(measured)
}

/// Pays for projects and says more about them, until `webhooks` wait.
async fn prepare(journey: &Journey, dodo: &StandIn, webhooks: usize) -> Result<Vec<Paid>, Failure> {
    // What a first payment says by itself.
    const OF_A_PAYMENT: usize = 4;
    let mut paid = Vec::new();
    for number in 0..PROJECTS {
        let project = journey.create_project(&format!("burst-{number}"), "standard").await?.id;
        let page = journey.checkout(&project).await?;
        let subscription = journey.pay(&page).await?.subscription_id;
        paid.push(Paid { project, subscription });
    }
    for number in 0..webhooks.saturating_sub(PROJECTS * OF_A_PAYMENT) {
        let about = &paid[number % PROJECTS].subscription;
        dodo.emit(EVENTS[number % EVENTS.len()], about, &json!({})).await?;
    }
    Ok(paid)
}

fn id(delivery: &Value) -> String {
    delivery["id"].as_str().unwrap_or_default().to_owned()
}

fn attempts_of(delivery: &Value) -> &[Value] {
    delivery["attempts"].as_array().map_or(&[], Vec::as_slice)
}

/// Every function process of this stack's engine, whatever it is at.
fn kill_functions(run: &Path) -> Result<(), WebhooksError> {
    let file = run.join("engine.pid");
    let missing = || WebhooksError::Engine(file.display().to_string());
    let text = std::fs::read_to_string(&file).map_err(|_| missing())?;
    let engine = text.split_whitespace().next().ok_or_else(missing)?;
    // That none runs just now is fine.
    let kill = ["-KILL", "-x", "bootstrap", "--parent", engine];
    Command::new("pkill").args(kill).status().map_err(|_| missing())?;
    Ok(())
}

/// The deliveries of which the ledger says what became of them.
async fn applied(environment: &Environment) -> Result<BTreeSet<String>, WebhooksError> {
    const WHAT: &str = "dynamodb scan";
    let scan = [
        "dynamodb",
        "scan",
        "--table-name",
        LEDGER,
        "--projection-expression",
        "id",
        "--filter-expression",
        "attribute_exists(outcome)",
    ];
    let answer = aws(environment, &scan).await.ok_or(WebhooksError::Aws(WHAT))?;
    let found: Value = serde_json::from_slice(&answer).map_err(|_| WebhooksError::Aws(WHAT))?;
    let items = found["Items"].as_array().cloned().unwrap_or_default();
    Ok(items.iter().filter_map(|it| Some(it["id"]["S"].as_str()?.to_owned())).collect())
}

impl Measured {
    fn count(&mut self, deliveries: &[Value]) {
        self.sent = deliveries.len();
        for delivery in deliveries {
            let attempts = attempts_of(delivery);
            self.attempts += attempts.len();
            let accepted = |it: &&Value| it["status"] == 200;
            if let Some(attempt) = attempts.iter().find(accepted) {
                let took = attempt["duration_ms"].as_u64().unwrap_or_default();
                self.acknowledged.push(Duration::from_millis(took));
            }
        }
    }
}

pub(super) fn report(it: &Measured) -> String {
    let title = "A burst of webhooks, function processes killed three times";
    let mut table = Table::new(title, &["", "figure"]);
    let mut row = |name: &str, figure: String| table.row([name.to_owned(), figure]);
    row("sent", it.sent.to_string());
    row("attempts", it.attempts.to_string());
    row("acknowledged", it.acknowledged.len().to_string());
    row("acknowledged p50, ms", percentile(&it.acknowledged, 50).as_millis().to_string());
    row("acknowledged p99, ms", percentile(&it.acknowledged, 99).as_millis().to_string());
    row("until all were acknowledged, s", seconds(it.all_acknowledged));
    row("applied", it.applied.to_string());
    row("until all were applied, s", seconds(it.all_applied));
    row("lost", it.sent.saturating_sub(it.applied).to_string());
    let once = it.executions.iter().filter(|count| **count == 1).count();
    row("paid projects provisioned once", format!("{once} of {}", it.executions.len()));
    table.markdown()
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_before_it_was_taken_counts_as_attempts_only() {
        let mut measured = Measured { applied: 1, executions: vec![1, 2], ..Measured::default() };
        measured.count(&[
            json!({ "attempts": [
                { "status": 503, "duration_ms": 900 }, { "status": 200, "duration_ms": 40 },
            ] }),
            json!({ "attempts": [{ "status": null, "duration_ms": 15_000 }] }),
        ]);
        assert_eq!((measured.sent, measured.attempts), (2, 3));
        assert_eq!(measured.acknowledged, [Duration::from_millis(40)]);
        let report = report(&measured);
        assert!(report.contains("| lost                           |      1 |"), "{report}");
        assert!(report.contains("1 of 2"), "{report}");
    }
}
