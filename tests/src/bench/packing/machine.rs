//! The machine types that are compared, and what a worker of each costs.

use domain::{
    offering::{Architecture, Offering, Provider, Purchase},
    plan::PlanId,
};

/// Prices: AWS on demand in us-east-1, July 2026; Hetzner after its repricing of June 2026.
const USD_PER_EUR: f64 = 1.155;
const HOURS_PER_MONTH: f64 = 730.0;
const ADDRESS_USD_PER_MONTH: f64 = 3.65;
const DISK_USD_PER_GB_MONTH: f64 = 0.08;
/// For the system and the images, and for each tenant's state.
const DISK_GB: (f64, f64) = (20.0, 3.0);

/// One machine type as it is sold.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) offering: Offering,
    /// Whether public address and disk are in the price of the machine.
    all_included: bool,
}

impl Machine {
    pub(super) fn name(&self) -> &str {
        &self.offering.machine_type
    }

    pub(super) fn gib(&self) -> u32 {
        self.offering.memory_mib / 1024
    }

    /// A worker for a month, whoever is on it.
    pub(super) fn usd_per_worker_month(&self) -> f64 {
        let machine = self.offering.usd_per_hour * HOURS_PER_MONTH;
        let beside = ADDRESS_USD_PER_MONTH + DISK_GB.0 * DISK_USD_PER_GB_MONTH;
        if self.all_included { machine } else { machine + beside }
    }

    /// What each tenant adds to that.
    pub(super) fn usd_per_tenant_month(&self) -> f64 {
        if self.all_included { 0.0 } else { DISK_GB.1 * DISK_USD_PER_GB_MONTH }
    }
}

/// From the smallest to the largest; of one size, they pack alike.
pub(super) fn ladder() -> Vec<Machine> {
    use {Architecture as A, Provider as P};
    let hetzner = |eur_per_month: f64| eur_per_month * USD_PER_EUR / HOURS_PER_MONTH;
    vec![
        machine(P::Ec2, "c7i-flex.large", A::X86, (4, 2), 0.08479),
        machine(P::Ec2, "m7i-flex.large", A::X86, (8, 2), 0.09576),
        machine(P::Hetzner, "CX33", A::X86, (8, 4), hetzner(8.49)),
        machine(P::Ec2, "r6a.large", A::X86, (16, 2), 0.1134),
        machine(P::Hetzner, "CX43", A::X86, (16, 8), hetzner(15.99)),
        machine(P::Ec2, "r7g.xlarge", A::Arm, (32, 4), 0.2142),
        machine(P::Ec2, "r6a.2xlarge", A::X86, (64, 8), 0.4536),
    ]
}

/// The first machine of the ladder with so much memory.
pub(super) fn of_gib(gib: u32) -> Option<Machine> {
    ladder().into_iter().find(|it| it.gib() == gib)
}

fn machine(
    provider: Provider,
    name: &str,
    architecture: Architecture,
    (gib, cpus): (u32, u32),
    usd_per_hour: f64,
) -> Machine {
    let mut offering = Offering {
        provider,
        machine_type: name.to_owned(),
        purchase: Purchase::OnDemand,
        architecture,
        memory_mib: gib * 1024,
        cpu_millis: cpus * 1000,
        reserved_mib: if gib < 64 { 512 } else { 1024 },
        cpu_overcommit: 1,
        usd_per_hour,
        alternatives: vec![],
        on_demand_base: 0,
    };
    while !memory_binds(&offering) {
        offering.cpu_overcommit += 1;
    }
    Machine { offering, all_included: provider == Provider::Hetzner }
}

/// Whether a worker runs out of memory first, however many of each plan fill it. It is not enough to
/// look at each plan alone: a Standard in what four Pro leave of 16 GiB needs its CPU too.
fn memory_binds(offering: &Offering) -> bool {
    let sold = offering.capacity();
    let [small, large] = [PlanId::Standard, PlanId::Pro].map(|it| it.plan().limits);
    (0..=sold.memory_mib / large.memory_mib).all(|large_ones| {
        let small_ones = (sold.memory_mib - large_ones * large.memory_mib) / small.memory_mib;
        let cpu_millis = large_ones * large.cpu_millis + small_ones * small.cpu_millis;
        cpu_millis <= sold.cpu_millis
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_worker_costs_what_the_price_list_says() {
        let cases = [
            ("c7i-flex.large", 2, 33.81),
            ("m7i-flex.large", 5, 15.27),
            ("r6a.large", 10, 9.04),
            ("r7g.xlarge", 21, 7.94),
            ("CX33", 5, 1.96),
        ];
        for (name, tenants, expected) in cases {
            let machine = ladder().into_iter().find(|it| it.name() == name).unwrap();
            let standard = PlanId::Standard.plan().limits.memory_mib;
            assert_eq!(machine.offering.capacity().memory_mib / standard, tenants, "{name}");
            let share = machine.usd_per_worker_month() / f64::from(tenants);
            let cost = share + machine.usd_per_tenant_month();
            assert!((cost - expected).abs() < 0.006, "{name}: {cost}");
        }
    }

    #[test]
    fn machines_of_one_size_sell_the_same_memory() {
        for machine in ladder() {
            let first = of_gib(machine.gib()).unwrap();
            let sold = |it: &Machine| it.offering.capacity().memory_mib;
            assert_eq!(sold(&machine), sold(&first), "{}", machine.name());
        }
    }
}
