//! One pass: list, find, limit, repair.

use crate::{
    limits::{Ruling, rule},
    orphans::{Finding, Kind, existing, find},
    repair::{RepairError, repair},
    snapshot::gather,
    world::Ports,
};
use jiff::SignedDuration;
use ports::{Unavailable, clock::Clock};
use runtime::fault::{Classify, Fault, chain};
use std::collections::BTreeSet;

/// Nothing is begun after this; with the longest single repair the function's timeout is still far.
const PASS: SignedDuration = SignedDuration::from_secs(150);

#[derive(Debug, thiserror::Error)]
pub enum ReapError {
    #[error("could not list what there is")]
    Listing(#[from] Unavailable),
    #[error("{0} findings could not be repaired")]
    Unrepaired(usize),
}

impl Classify for ReapError {
    fn fault(&self) -> Fault {
        match self {
            Self::Listing(_) | Self::Unrepaired(_) => Fault::Retryable,
        }
    }
}

/// A repair that fails does not keep the others from being made; the pass fails in the end.
pub async fn handle(world: &impl Ports) -> Result<(), ReapError> {
    let snapshot = gather(world).await?;
    let findings = find(&snapshot, world.limits());
    let mut pass = Pass { ends: snapshot.now + PASS, away: BTreeSet::new(), failed: 0 };
    for kind in Kind::ALL {
        let of_kind = findings.iter().filter(|it| it.kind == kind);
        let (certain, doubtful): (Vec<_>, Vec<_>) = of_kind.partition(|it| it.repair.is_some());
        for Finding { subject, reason, .. } in doubtful {
            tracing::error!(?kind, %subject, %reason, "records contradict each other");
        }
        let (found, existing) = (certain.len(), existing(&snapshot, kind));
        match rule(found, existing, world.limits()) {
            Ruling::Remove(number) => pass.repair(world, &certain[..number]).await,
            Ruling::Stop => {
                tracing::error!(?kind, found, ?existing, "reaper stopped itself");
            }
        }
    }
    if pass.failed > 0 { Err(ReapError::Unrepaired(pass.failed)) } else { Ok(()) }
}

struct Pass {
    ends: jiff::Timestamp,
    /// Workers that did not take a command. They are not waited for twice.
    away: BTreeSet<String>,
    failed: usize,
}

impl Pass {
    async fn repair(&mut self, world: &impl Ports, findings: &[&Finding]) {
        for finding in findings {
            let Finding { kind, subject, reason, .. } = finding;
            if world.clock().now() >= self.ends {
                tracing::warn!(?kind, "out of time, the rest is for the next pass");
                return;
            }
            match self.try_repair(world, finding).await {
                Ok(true) => tracing::info!(?kind, %subject, %reason, "reaped"),
                Ok(false) => tracing::info!(?kind, %subject, %reason, "resolved meanwhile"),
                Err(error) => {
                    let error = chain(&error);
                    tracing::error!(?kind, %subject, %reason, %error, "not reaped");
                    self.failed += 1;
                }
            }
        }
    }

    async fn try_repair(
        &mut self,
        world: &impl Ports,
        finding: &Finding,
    ) -> Result<bool, RepairError> {
        let Some(it) = &finding.repair else { return Ok(false) };
        let node = it.node_id().map(str::to_owned);
        if let Some(node) = node.as_ref().filter(|it| self.away.contains(*it)) {
            return Err(RepairError::Away(node.clone()));
        }
        let repaired = repair(world, it).await;
        if let Err(RepairError::Command(_)) = &repaired {
            self.away.extend(node);
        }
        repaired
    }
}
