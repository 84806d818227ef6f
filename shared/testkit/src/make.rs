//! Things to test with.

use contracts::provision::Saga;
use domain::{
    capacity::Capacity,
    id::{ProjectId, TenantId, WorkerId},
    offering::{Architecture, Offering, Provider, Purchase},
    plan::PlanId,
    project::{Project, ProjectName, State},
    route::HostName,
    subscription::{Seen, Status},
    worker::{self, Origin, Worker},
};
use jiff::{SignedDuration, Timestamp};
use ports::machines::{Machine, Power};

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
        backup: None,
        halts: 0,
        plan_cause: None,
        keep_awake: false,
        created_at: Timestamp::constant(1_795_262_400, 0),
    }
}

/// The subscription that pays for [`project`].
pub fn subscription() -> Seen {
    let project = project();
    Seen {
        id: "sub_1".to_owned(),
        status: Status::Active,
        plan: Some(project.plan),
        customer: "cus_1".to_owned(),
        project: Some(project.id),
        tenant: Some(project.tenant_id),
        price_minor: Some(4_900),
        currency: Some("USD".to_owned()),
        next_billing_at: Some(project.created_at + SignedDuration::from_hours(720)),
        cancels_at_period_end: false,
        past_due_ends_at: None,
        cancelled_at: None,
        scheduled_plan: None,
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
        cordon: None,
        total: free,
        free,
        origin: origin(),
        machine_id: Some(format!("i-{name}")),
        node_id: Some(format!("i-{name}")),
        address: Some([10, 0, 0, 1].into()),
        reservations: [].into(),
        changed_at: Timestamp::constant(1_795_262_400, 0),
    }
}

/// What [`worker`] was bought as.
pub fn origin() -> Origin {
    let Offering { provider, machine_type, purchase, architecture, .. } = offering("small", 4_096);
    Origin { provider, machine_type, purchase, architecture, region: "us-east-1".to_owned() }
}

/// A machine that runs, of the kind and in the place that [`origin`] names.
pub fn machine(id: &str, worker: &WorkerId) -> Machine {
    let Origin { provider, machine_type, region, .. } = origin();
    Machine {
        id: id.to_owned(),
        worker: Some(worker.clone()),
        provider,
        machine_type,
        region,
        state: Power::Running,
        node_id: Some(id.to_owned()),
        address: Some([10, 0, 0, 1].into()),
        bought_at: Timestamp::constant(1_795_262_400, 0),
    }
}

/// A machine type with two CPUs, each sold four times, and half a GiB kept for the system.
pub fn offering(machine_type: &str, memory_mib: u32) -> Offering {
    Offering {
        provider: Provider::Ec2,
        machine_type: machine_type.to_owned(),
        purchase: Purchase::OnDemand,
        architecture: Architecture::X86,
        memory_mib,
        cpu_millis: 2_000,
        reserved_mib: 512,
        cpu_overcommit: 4,
        usd_per_hour: 0.08,
        alternatives: vec![],
        on_demand_base: 0,
    }
}
