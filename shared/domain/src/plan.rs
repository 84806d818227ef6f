//! What can be bought.
//!
//! A plan is data: the limits that its instances run under. Its price and its product id belong to
//! the payment provider and are configuration.

use crate::{capacity::Capacity, usage::Micros};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanId {
    Standard,
    Pro,
    Dedicated,
}

/// Whom an instance shares its worker with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// With other tenants' instances, each behind its limits.
    Shared,
    /// With nobody.
    Alone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub id: PlanId,
    pub name: &'static str,
    /// Hard limits of the container.
    pub limits: Capacity,
    /// Old-space limit of Node.js, for its main thread and for each worker of it. What an agent keeps
    /// alive there is some 300 MiB; as much as it is allowed, it lets grow before it cleans up. The rest
    /// of the memory is for workers, native code and the programs that it starts: with 256 MiB left
    /// for those, the kernel killed agents in their third chat.
    pub heap_mib: u32,
    /// What an instance may keep on its disk. Who has more is told; nothing is taken away.
    pub storage_mib: u32,
    /// What it may spend of the platform's own model in a month. Under keys of their own, customers spend
    /// what they like.
    pub included: Micros,
    /// For how many minutes nobody uses an instance before it falls asleep. `None`: it never does.
    pub sleeps_after_min: Option<u32>,
    pub isolation: Isolation,
}

/// Every plan on sale, in the order in which they are shown.
pub const PLANS: [Plan; 3] = [
    Plan {
        id: PlanId::Standard,
        name: "Standard",
        limits: Capacity { memory_mib: 1536, cpu_millis: 750 },
        heap_mib: 768,
        storage_mib: 10 * 1024,
        included: Micros::of_dollars(10),
        sleeps_after_min: Some(15),
        isolation: Isolation::Shared,
    },
    Plan {
        id: PlanId::Pro,
        name: "Pro",
        limits: Capacity { memory_mib: 3584, cpu_millis: 2000 },
        heap_mib: 2560,
        storage_mib: 30 * 1024,
        included: Micros::of_dollars(20),
        sleeps_after_min: None,
        isolation: Isolation::Shared,
    },
    Plan {
        id: PlanId::Dedicated,
        name: "Dedicated",
        limits: Capacity { memory_mib: 3584, cpu_millis: 2000 },
        heap_mib: 2560,
        storage_mib: 60 * 1024,
        included: Micros::of_dollars(20),
        sleeps_after_min: None,
        isolation: Isolation::Alone,
    },
];

impl PlanId {
    pub fn plan(self) -> &'static Plan {
        match self {
            Self::Standard => &PLANS[0],
            Self::Pro => &PLANS[1],
            Self::Dedicated => &PLANS[2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_found_by_its_id_and_leaves_room_beside_the_heap() {
        const ROOM_MIB: u32 = 768;
        for plan in &PLANS {
            assert_eq!(plan.id.plan(), plan, "{}", plan.name);
            assert!(plan.heap_mib + ROOM_MIB <= plan.limits.memory_mib, "{}", plan.name);
        }
    }
}
