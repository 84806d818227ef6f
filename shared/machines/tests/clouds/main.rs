//! The providers behind the port, each against something that speaks as it does.

mod cloud;
mod ec2;
mod hetzner;
mod live;
mod ssm;

use domain::offering::{Architecture, Offering, Provider, Purchase};

fn offering(machine_type: &str) -> Offering {
    Offering {
        provider: Provider::Ec2,
        machine_type: machine_type.to_owned(),
        purchase: Purchase::OnDemand,
        architecture: Architecture::X86,
        memory_mib: 16384,
        cpu_millis: 2000,
        reserved_mib: 512,
        cpu_overcommit: 1,
        usd_per_hour: 0.1,
        alternatives: vec![],
        on_demand_base: 0,
    }
}
