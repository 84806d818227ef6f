//! Whether a fleet gave out what it has, and nothing twice.
//!
//! Neither store is asked to keep this by a constraint of its own: what is checked is what the
//! condition of a write, or the lock of a row, kept.

use domain::{capacity::Capacity, worker::Worker};
use std::collections::{BTreeMap, BTreeSet};

/// A worker as either store has it at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub worker: String,
    pub total: Capacity,
    pub free: Capacity,
    pub claims: Vec<Claim>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub project: String,
    pub demand: Capacity,
    pub port: u16,
}

impl From<Worker> for Held {
    fn from(worker: Worker) -> Self {
        let claims = worker.reservations.into_iter().map(|(holder, it)| Claim {
            project: holder.to_string(),
            demand: it.demand,
            port: it.port,
        });
        Self {
            worker: worker.id.to_string(),
            total: worker.total,
            free: worker.free,
            claims: claims.collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Imbalance {
    #[error("`{worker}` gave out more than it has")]
    OverCommitted { worker: String },
    #[error("`{worker}` has not as much free as its claims leave")]
    Drifted { worker: String },
    #[error("`{worker}` gave port {port} to more than one")]
    PortTwice { worker: String, port: u16 },
    #[error("`{project}` holds {claims} claims")]
    NotOneClaim { project: String, claims: usize },
}

/// Everything that is wrong with `fleet`, in which each of `projects` should hold one claim and
/// nobody else any.
pub fn find_imbalances(fleet: &[Held], projects: &BTreeSet<String>) -> Vec<Imbalance> {
    let mut found: Vec<Imbalance> = fleet.iter().flat_map(within).collect();
    let mut claims: BTreeMap<&str, usize> = projects.iter().map(|it| (it.as_str(), 0)).collect();
    for claim in fleet.iter().flat_map(|it| &it.claims) {
        *claims.entry(&claim.project).or_default() += 1;
    }
    found.extend(claims.into_iter().filter_map(|(project, claims)| {
        let right = usize::from(projects.contains(project));
        (claims != right).then(|| Imbalance::NotOneClaim { project: project.to_owned(), claims })
    }));
    found
}

fn within(held: &Held) -> Vec<Imbalance> {
    let taken = held.claims.iter().fold(Capacity::default(), |sum, it| sum.plus(it.demand));
    let worker = || held.worker.clone();
    let mut found = Vec::new();
    match held.total.minus(taken) {
        None => found.push(Imbalance::OverCommitted { worker: worker() }),
        Some(left) if left != held.free => found.push(Imbalance::Drifted { worker: worker() }),
        Some(_) => (),
    }
    let mut ports = BTreeSet::new();
    let again = held.claims.iter().filter(|it| !ports.insert(it.port));
    found.extend(again.map(|it| Imbalance::PortTwice { worker: worker(), port: it.port }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMAND: Capacity = Capacity { memory_mib: 100, cpu_millis: 10 };

    /// A worker with room for two, and `claims` of a project and a port each.
    fn held(claims: &[(&str, u16)]) -> Held {
        let total = Capacity { memory_mib: 200, cpu_millis: 25 };
        let claims: Vec<Claim> = claims
            .iter()
            .map(|(project, port)| Claim {
                project: (*project).to_owned(),
                demand: DEMAND,
                port: *port,
            })
            .collect();
        let taken = claims.iter().fold(Capacity::default(), |sum, it| sum.plus(it.demand));
        let free = total.minus(taken).unwrap_or_default();
        Held { worker: "w".to_owned(), total, free, claims }
    }

    #[test]
    fn each_imbalance_has_its_name() {
        let worker = || "w".to_owned();
        let one =
            |project: &str, claims| Imbalance::NotOneClaim { project: project.to_owned(), claims };
        let drifted =
            Held { free: Capacity { memory_mib: 101, cpu_millis: 15 }, ..held(&[("a", 1)]) };
        let short_of_cpu = Held {
            total: Capacity { memory_mib: 200, cpu_millis: 19 },
            ..held(&[("a", 1), ("b", 2)])
        };
        let cases = [
            ("right", vec![held(&[("a", 1), ("b", 2)])], "ab", vec![]),
            ("on two workers", vec![held(&[("a", 1)]), held(&[("b", 1)])], "ab", vec![]),
            (
                "too much memory",
                vec![held(&[("a", 1), ("b", 2), ("c", 3)])],
                "abc",
                vec![Imbalance::OverCommitted { worker: worker() }],
            ),
            (
                "too much CPU",
                vec![short_of_cpu],
                "ab",
                vec![Imbalance::OverCommitted { worker: worker() }],
            ),
            ("lost an update", vec![drifted], "a", vec![Imbalance::Drifted { worker: worker() }]),
            (
                "one port",
                vec![held(&[("a", 7), ("b", 7)])],
                "ab",
                vec![Imbalance::PortTwice { worker: worker(), port: 7 }],
            ),
            ("placed twice", vec![held(&[("a", 1), ("a", 2)])], "a", vec![one("a", 2)]),
            ("forgotten", vec![held(&[("a", 1)])], "ab", vec![one("b", 0)]),
            ("a stranger", vec![held(&[("a", 1), ("z", 2)])], "a", vec![one("z", 1)]),
        ];
        for (case, fleet, projects, expected) in cases {
            let projects = projects.chars().map(String::from).collect();
            assert_eq!(find_imbalances(&fleet, &projects), expected, "{case}");
        }
    }
}
