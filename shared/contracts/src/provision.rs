//! The provisioning saga: its input, and what its steps leave for the later ones.

use domain::{
    backup::Backup,
    id::{BlankId, InstanceId, ProjectId, ReservationId, TenantId, WorkerId},
    plan::PlanId,
    project::Project,
    route::HostName,
    worker::Worker,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

/// The state of one execution. Steps read it and add their result under their own name; it holds
/// names and numbers, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// Which provisioning of this project this is. Fences the late.
    pub attempt: u32,
    pub plan: PlanId,
    pub host: HostName,
    pub reservation_id: ReservationId,
    pub instance_id: InstanceId,
    /// What a worker is called if one has to be bought.
    pub new_worker_id: WorkerId,
    /// What the instance starts from. `None`: from nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Box<Backup>>,
    /// Since when the owner of one that moves cannot reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_since: Option<Timestamp>,
    #[serde(rename = "Reserve", default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<Reserved>,
    #[serde(rename = "AwaitWorker", default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<ReadyWorker>,
    #[serde(rename = "Launch", default, skip_serializing_if = "Option::is_none")]
    pub launched: Option<Launched>,
    /// Why the saga unwinds, as the state machine caught it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Caught>,
}

/// Where the reservation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// `None`: no worker has room, one must be bought.
    pub worker_id: Option<WorkerId>,
    /// The blank instance there that the project takes over, if one was ready.
    #[serde(default)]
    pub blank_id: Option<BlankId>,
    /// The worker was stopped and has to be started.
    #[serde(default)]
    pub woken: bool,
}

/// A worker whose Docker answers, and this project's place on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyWorker {
    pub worker_id: WorkerId,
    /// Under what name its machine takes commands.
    pub node_id: String,
    pub address: Ipv4Addr,
    pub port: u16,
}

impl ReadyWorker {
    /// The place of `reservation` on `worker`, if it is there and the worker takes commands.
    pub fn at(worker: &Worker, reservation: &ReservationId) -> Option<Self> {
        let (_, held) = worker.find_reservation(reservation)?;
        Some(Self {
            worker_id: worker.id.clone(),
            node_id: worker.node_id.clone()?,
            address: worker.address?,
            port: held.port,
        })
    }
}

/// The worker took the launch. Whether the gateway starts is the next step's question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    pub container: String,
    /// It was running already, as a blank.
    #[serde(default)]
    pub adopted: bool,
    /// The version of the project's configuration that it was given.
    #[serde(default)]
    pub configuration: u32,
}

/// An error as Step Functions hands it to a catcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    #[serde(rename = "Error")]
    pub error: String,
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

impl Saga {
    /// The input of provisioning number `project.attempt`. Every id is minted here, once.
    pub fn of(project: &Project) -> Self {
        let (id, attempt) = (&project.id, project.attempt);
        Self {
            project_id: id.clone(),
            tenant_id: project.tenant_id.clone(),
            attempt,
            plan: project.plan,
            host: project.host.clone(),
            reservation_id: id.reservation(attempt),
            instance_id: id.instance(attempt),
            new_worker_id: id.worker(attempt),
            restore: project.backup.clone().map(Box::new),
            away_since: None,
            reserve: None,
            worker: None,
            launched: None,
            error: None,
        }
    }

    /// The blank that this project has claimed.
    pub fn blank_id(&self) -> Option<&BlankId> {
        self.reserve.as_ref()?.blank_id.as_ref()
    }

    /// The execution's name, which is its idempotency key.
    pub fn execution_name(project: &ProjectId, attempt: u32) -> String {
        format!("provision-{project}-{attempt}")
    }
}

/// What the state machine sends to a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call<S> {
    pub step: S,
    pub saga: Saga,
}
