//! How much a worker has and how much a project asks for.

use serde::{Deserialize, Serialize};

/// An amount of worker capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    pub memory_mib: u32,
    /// Thousandths of a virtual CPU.
    pub cpu_millis: u32,
}

impl Capacity {
    /// What is left after taking `demand`, or `None` if it does not fit.
    pub fn minus(self, demand: Capacity) -> Option<Capacity> {
        Some(Capacity {
            memory_mib: self.memory_mib.checked_sub(demand.memory_mib)?,
            cpu_millis: self.cpu_millis.checked_sub(demand.cpu_millis)?,
        })
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Capacity) -> Capacity {
        Capacity {
            memory_mib: self.memory_mib + other.memory_mib,
            cpu_millis: self.cpu_millis + other.cpu_millis,
        }
    }

    /// The larger of the two, in each respect.
    #[must_use]
    pub fn max(self, other: Capacity) -> Capacity {
        Capacity {
            memory_mib: self.memory_mib.max(other.memory_mib),
            cpu_millis: self.cpu_millis.max(other.cpu_millis),
        }
    }

    /// The smaller of the two, in each respect.
    #[must_use]
    pub fn min(self, other: Capacity) -> Capacity {
        Capacity {
            memory_mib: self.memory_mib.min(other.memory_mib),
            cpu_millis: self.cpu_millis.min(other.cpu_millis),
        }
    }

    pub fn fits(self, demand: Capacity) -> bool {
        self.minus(demand).is_some()
    }
}
