//! Things to test with.

use contracts::provision::Saga;
use domain::{
    capacity::Capacity,
    id::{ProjectId, TenantId, WorkerId},
    plan::PlanId,
    project::{Project, ProjectName, State},
    route::HostName,
    worker::{self, Worker},
};
use jiff::Timestamp;

pub const DOMAIN: &str = "1mins.test";

pub fn tenant_id(body: &str) -> TenantId {
    TenantId::new(body).expect("the body is plain")
}

pub fn project_id(body: &str) -> ProjectId {
    ProjectId::new(body).expect("the body is plain")
}

/// A paid Standard project called `mybot`, about to be provisioned for the first time.
pub fn project() -> Project {
    project_called("a1b2c3d4e5")
}

/// The same, under another id.
pub fn project_called(body: &str) -> Project {
    let name = ProjectName::try_from("mybot".to_owned()).expect("the name is plain");
    let id = project_id(body);
    Project {
        host: HostName::of_project(&name, &id, DOMAIN).expect("the host is plain"),
        id,
        tenant_id: tenant_id("one"),
        name,
        plan: PlanId::Standard,
        state: State::Pending,
        attempt: 1,
        reason: None,
        subscription_id: Some("sub_1".to_owned()),
        created_at: Timestamp::constant(1_795_262_400, 0),
    }
}

/// The input of the first provisioning of [`project`].
pub fn saga() -> Saga {
    Saga::of(&project())
}

/// A ready worker with plenty of CPU and `memory_mib` free.
pub fn worker(name: &str, memory_mib: u32) -> Worker {
    let free = Capacity { memory_mib, cpu_millis: 8_000 };
    Worker {
        id: WorkerId::new(name).expect("the name is plain"),
        state: worker::State::Ready,
        cordoned: false,
        total: free,
        free,
        machine_id: Some(format!("i-{name}")),
        address: Some([10, 0, 0, 1].into()),
        reservations: [].into(),
    }
}
