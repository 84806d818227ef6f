//! One look at a time: what is new, then nginx, then the report, then who came to a host that is asleep.

use crate::{
    file::LastKnownGood,
    nginx::{Nginx, NginxError, Serving},
    readable,
    source::{Source, SourceError},
};
use contracts::{
    routes::{Changes, Routes, Stamp},
    wake::Wake,
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    Unavailable,
    clock::Clock,
    queue::Queue,
    routes::{EdgeReport, EdgeReports, RouteBoard},
};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

/// How often an edge says that it lives, when nothing changes.
const REPORT_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this edge in its reports.
    pub name: String,
    /// nginx's state directory.
    pub state_dir: PathBuf,
    /// Between two looks, give or take a quarter.
    pub poll_interval: Duration,
}

#[derive(Debug)]
pub struct Agent<'a, Board, Reports, Wakes, Time> {
    settings: Settings,
    source: Source<'a, Board>,
    reports: &'a Reports,
    wakes: &'a Wakes,
    clock: &'a Time,
    nginx: Nginx,
    file: LastKnownGood,
    table: Option<Table>,
    /// What nginx was last given, and how it called that.
    given: Option<(Serving, Table)>,
    reported: Option<(Stamp, Timestamp)>,
    troubles: Troubles,
}

#[derive(Clone, Debug)]
struct Table {
    stamp: Stamp,
    routes: Routes,
}

/// With what there is trouble now, so that each is logged when it begins and when it ends.
type Troubles = BTreeSet<&'static str>;

#[derive(Debug, thiserror::Error)]
enum WakeError {
    #[error("nginx does not say who came")]
    Nginx(#[from] NginxError),
    #[error("nobody can be told who came")]
    Queue(#[from] Unavailable),
}

impl<'a, B: RouteBoard, R: EdgeReports, W: Queue<Wake>, C: Clock> Agent<'a, B, R, W, C> {
    /// Begins with the last known good table: it serves though nothing else can be reached.
    pub fn new(
        settings: Settings,
        board: &'a B,
        reports: &'a R,
        wakes: &'a W,
        clock: &'a C,
    ) -> Result<Self, reqwest::Error> {
        let file = LastKnownGood::in_dir(&settings.state_dir);
        let table = file.load().map(|(stamp, routes)| Table { stamp, routes });
        Ok(Self {
            nginx: Nginx::behind(&settings.state_dir)?,
            source: Source::new(board),
            settings,
            reports,
            wakes,
            clock,
            file,
            table,
            given: None,
            reported: None,
            troubles: Troubles::default(),
        })
    }

    /// Looks for ever. Whoever starts it ends it by dropping it.
    pub async fn run(mut self) {
        loop {
            self.look().await;
            self.clock.sleep(with_jitter(self.settings.poll_interval)).await;
        }
    }

    /// One look. Trouble with one part keeps none of the others from their work.
    pub async fn look(&mut self) {
        let refreshed = self.refresh().await;
        note("the source of routes", &mut self.troubles, refreshed);
        let pushed = self.push().await;
        note("nginx", &mut self.troubles, pushed);
        let reported = self.report().await;
        note("the report", &mut self.troubles, reported);
        let woken = self.wake().await;
        note("who came", &mut self.troubles, woken);
    }

    async fn refresh(&mut self) -> Result<(), SourceError> {
        let applied = self.table.as_ref().map(|it| it.stamp);
        let Some((stamp, routes)) = self.source.newer_than(applied).await? else { return Ok(()) };
        if let Err(error) = self.file.save(stamp, &routes) {
            // Serving it matters more than surviving a restart with it.
            tracing::error!(%error, "last known good routes are not saved");
        }
        tracing::info!(?stamp, routes = routes.len(), "new routes");
        self.table = Some(Table { stamp, routes });
        Ok(())
    }

    /// Gives nginx what it lacks: the changes, or everything if it is not where we left it.
    async fn push(&mut self) -> Result<(), NginxError> {
        let Some(table) = &self.table else { return Ok(()) };
        let serving = self.nginx.serving().await?;
        let given = self.given.take().filter(|(left, _)| *left == serving);
        let serving = match given {
            Some(given) if given.1.stamp == table.stamp => {
                self.given = Some(given);
                return Ok(());
            }
            Some((base, before)) => {
                let changes = difference(&before.routes, &table.routes);
                tracing::info!(changes = changes.len(), "nginx gets what changed");
                self.nginx.change(&base, readable::changes(table.stamp, &changes)).await?
            }
            None => {
                tracing::info!(routes = table.routes.len(), "nginx gets the whole table");
                self.nginx.replace(readable::table(table.stamp, &table.routes)).await?
            }
        };
        self.given = Some((serving, table.clone()));
        Ok(())
    }

    /// Tells who came to a host that is asleep. What cannot be told is forgotten: nginx notes it again.
    async fn wake(&self) -> Result<(), WakeError> {
        for host in self.nginx.take_wakes().await? {
            tracing::info!(%host, "somebody came to a host that is asleep");
            self.wakes.send(&Wake { host }).await?;
        }
        Ok(())
    }

    /// Says what nginx serves, not what was read.
    async fn report(&mut self) -> Result<(), Unavailable> {
        let Some(applied) = self.given.as_ref().map(|(_, it)| it.stamp) else { return Ok(()) };
        let at = self.clock.now();
        let due = |(stamp, last): (Stamp, Timestamp)| {
            stamp != applied || at.duration_since(last) >= REPORT_INTERVAL
        };
        if self.reported.is_none_or(due) {
            let edge = self.settings.name.clone();
            self.reports.report(&EdgeReport { edge, applied, at }).await?;
            self.reported = Some((applied, at));
        }
        Ok(())
    }
}

fn difference(before: &Routes, after: &Routes) -> Changes {
    let gone = before.keys().filter(|host| !after.contains_key(*host));
    let changed = after.iter().filter(|(host, target)| before.get(*host) != Some(*target));
    gone.map(|host| (host.clone(), None))
        .chain(changed.map(|(host, target)| (host.clone(), Some(*target))))
        .collect()
}

/// Logs `outcome` when it differs from the one before: a second of trouble has a line each way, and
/// an hour of it too.
fn note<E: std::error::Error>(what: &'static str, troubles: &mut Troubles, outcome: Result<(), E>) {
    match outcome {
        Ok(()) if troubles.remove(what) => tracing::info!("{what} is well again"),
        Ok(()) => (),
        Err(error) if troubles.insert(what) => {
            let mut reason = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                reason.push_str(": ");
                reason.push_str(&cause.to_string());
                source = cause.source();
            }
            tracing::warn!(%reason, "trouble with {what}");
        }
        Err(error) => tracing::debug!(%error, "still trouble with {what}"),
    }
}

/// Three to five quarters of `interval`, so that edges do not ask in step.
fn with_jitter(interval: Duration) -> Duration {
    let mut noise = [0; 1];
    // Without randomness it is three quarters.
    let _ = getrandom::fill(&mut noise);
    interval * (384 + u32::from(noise[0])) / 512
}
