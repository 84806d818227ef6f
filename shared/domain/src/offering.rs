//! What can be bought: machine types at a price, and which of them to try next.

mod list;
mod plan;

use crate::capacity::Capacity;
pub use list::{BadOfferings, Offerings};
pub use plan::{count_on_demand, plan_purchase};
use serde::{Deserialize, Serialize};

/// A machine type at a price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    pub provider: Provider,
    pub machine_type: String,
    #[serde(default)]
    pub purchase: Purchase,
    pub architecture: Architecture,
    pub memory_mib: u32,
    /// What the machine has.
    pub cpu_millis: u32,
    /// Kept for the system and Docker.
    pub reserved_mib: u32,
    /// How much CPU is sold for each that is there. An agent is idle most of the time, so memory is
    /// what a worker runs out of; 1 sells no CPU twice.
    #[serde(default = "once")]
    pub cpu_overcommit: u32,
    pub usd_per_hour: f64,
    /// Of Spot only: other types that will do as well, each with at least what is sold of this one.
    /// The provider picks the one of all that it will take back last.
    #[serde(default)]
    pub alternatives: Vec<Alternative>,
    /// Of Spot only: how many workers are on demand before this is bought.
    #[serde(default)]
    pub on_demand_base: u32,
}

/// A machine type that may be bought in place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    pub machine_type: String,
    pub memory_mib: u32,
    pub cpu_millis: u32,
}

fn once() -> u32 {
    1
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Ec2,
    Hetzner,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    #[default]
    OnDemand,
    /// Cheaper, and taken back at two minutes' notice.
    Spot,
}

impl Provider {
    /// Whether a machine that was bought like this can be stopped, and costs less then: Hetzner
    /// charges for a server until it is deleted, and a Spot machine is not ours to stop.
    pub fn parks(self, purchase: Purchase) -> bool {
        match (self, purchase) {
            (Self::Ec2, Purchase::OnDemand) => true,
            (Self::Ec2, Purchase::Spot) | (Self::Hetzner, _) => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Architecture {
    #[serde(rename = "x86_64")]
    X86,
    #[serde(rename = "arm64")]
    Arm,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `x86_64` nor `arm64`")]
pub struct UnknownArchitecture(String);

impl std::str::FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, UnknownArchitecture> {
        match name {
            "x86_64" => Ok(Self::X86),
            "arm64" => Ok(Self::Arm),
            other => Err(UnknownArchitecture(other.to_owned())),
        }
    }
}

impl Offering {
    /// What is sold of one such machine.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            memory_mib: self.memory_mib.saturating_sub(self.reserved_mib),
            cpu_millis: self.cpu_millis.saturating_mul(self.cpu_overcommit),
        }
    }

    /// The types that it may be bought as, its own first.
    pub fn machine_types(&self) -> impl Iterator<Item = &str> {
        let others = self.alternatives.iter().map(|it| it.machine_type.as_str());
        std::iter::once(self.machine_type.as_str()).chain(others)
    }

    /// Whether a machine of it can be stopped, and costs less then.
    pub fn parks(&self) -> bool {
        self.provider.parks(self.purchase)
    }

    /// The field for which nobody should buy this, if there is one.
    fn mistake(&self) -> Option<String> {
        let is_spot = self.purchase == Purchase::Spot;
        let has_price = self.usd_per_hour > 0.0 && self.usd_per_hour.is_finite();
        let rules = [
            ("machine_type", !self.machine_type.is_empty()),
            ("purchase", !is_spot || self.provider == Provider::Ec2),
            ("usd_per_hour", has_price),
            ("reserved_mib", self.reserved_mib < self.memory_mib),
            ("cpu_millis", self.cpu_millis > 0),
            ("cpu_overcommit", self.cpu_overcommit > 0),
            ("alternatives", is_spot || self.alternatives.is_empty()),
            ("on_demand_base", is_spot || self.on_demand_base == 0),
        ];
        let broken = rules.into_iter().find(|(_, holds)| !holds);
        broken.map(|(field, _)| field.to_owned()).or_else(|| self.mistake_of_alternatives())
    }

    fn mistake_of_alternatives(&self) -> Option<String> {
        self.alternatives.iter().enumerate().find_map(|(index, it)| {
            let named_before =
                self.machine_types().take(index + 1).any(|type_| type_ == it.machine_type);
            let field = if it.machine_type.is_empty() || named_before {
                "machine_type"
            } else if it.memory_mib < self.memory_mib {
                "memory_mib"
            } else if it.cpu_millis < self.cpu_millis {
                "cpu_millis"
            } else {
                return None;
            };
            Some(format!("alternatives[{index}].{field}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn offering(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
        Offering {
            provider: Provider::Ec2,
            machine_type: machine_type.to_owned(),
            purchase: Purchase::OnDemand,
            architecture: Architecture::X86,
            memory_mib,
            cpu_millis: 2000,
            reserved_mib: 512,
            cpu_overcommit: 1,
            usd_per_hour,
            alternatives: vec![],
            on_demand_base: 0,
        }
    }

    pub(super) fn alternative(machine_type: &str, memory_mib: u32) -> Alternative {
        Alternative { machine_type: machine_type.to_owned(), memory_mib, cpu_millis: 2000 }
    }

    #[test]
    fn what_is_reserved_for_the_system_is_not_sold_and_cpu_may_be_sold_more_than_once() {
        let four_gib = offering("small", 4096, 0.08).capacity();
        assert!(four_gib.fits(Capacity { memory_mib: 2 * 1536, cpu_millis: 1500 }));
        assert!(!four_gib.fits(Capacity { memory_mib: 3 * 1536, cpu_millis: 1500 }));
        let roomy = Offering { cpu_overcommit: 4, ..offering("roomy", 16384, 0.11) }.capacity();
        assert!(roomy.fits(Capacity { memory_mib: 10 * 1536, cpu_millis: 7500 }));
    }

    #[test]
    fn what_is_sold_is_the_same_whichever_type_is_bought() {
        let plain = offering("m", 4096, 0.03);
        let mixed = Offering { alternatives: vec![alternative("larger", 8192)], ..plain.clone() };
        assert_eq!(mixed.capacity(), plain.capacity());
        assert_eq!(mixed.machine_types().collect::<Vec<_>>(), ["m", "larger"]);
    }

    #[test]
    fn only_what_costs_less_when_it_is_stopped_parks() {
        let cases = [
            (Provider::Ec2, Purchase::OnDemand, true),
            (Provider::Ec2, Purchase::Spot, false),
            (Provider::Hetzner, Purchase::OnDemand, false),
            (Provider::Hetzner, Purchase::Spot, false),
        ];
        for (provider, purchase, expected) in cases {
            assert_eq!(provider.parks(purchase), expected, "{provider:?} {purchase:?}");
        }
    }
}
