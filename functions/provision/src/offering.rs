//! What can be bought, and which of it to try next.

use domain::capacity::Capacity;
use serde::Deserialize;

/// A machine type at a price. The list is configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Offering {
    pub provider: Provider,
    pub machine_type: String,
    pub memory_mib: u32,
    pub cpu_millis: u32,
    /// Kept for the system and Docker.
    pub reserved_mib: u32,
    pub usd_per_hour: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Ec2,
}

impl Offering {
    /// What is left for instances.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            memory_mib: self.memory_mib.saturating_sub(self.reserved_mib),
            cpu_millis: self.cpu_millis,
        }
    }
}

/// The offerings that can hold `demand`, cheapest first.
pub(crate) fn plan_purchase(offerings: &[Offering], demand: Capacity) -> Vec<&Offering> {
    let mut fitting: Vec<_> = offerings.iter().filter(|it| it.capacity().fits(demand)).collect();
    fitting.sort_by(|a, b| a.usd_per_hour.total_cmp(&b.usd_per_hour));
    fitting
}

/// The offerings of the configuration, as JSON.
#[derive(Clone, Debug)]
pub struct Offerings(pub Vec<Offering>);

impl std::str::FromStr for Offerings {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
        let machine_type = machine_type.to_owned();
        Offering {
            provider: Provider::Ec2,
            machine_type,
            memory_mib,
            cpu_millis: 2000,
            reserved_mib: 512,
            usd_per_hour,
        }
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let ladder = [
            offering("big", 16384, 0.13),
            offering("small", 4096, 0.08),
            offering("tiny", 2000, 0.01),
        ];
        let demand = Capacity { memory_mib: 1536, cpu_millis: 750 };
        let order: Vec<_> =
            plan_purchase(&ladder, demand).iter().map(|it| it.machine_type.as_str()).collect();
        assert_eq!(order, ["small", "big"]);
    }

    #[test]
    fn what_is_reserved_for_the_system_is_not_sold() {
        let four_gib = offering("small", 4096, 0.08).capacity();
        assert!(four_gib.fits(Capacity { memory_mib: 2 * 1536, cpu_millis: 1500 }));
        assert!(!four_gib.fits(Capacity { memory_mib: 3 * 1536, cpu_millis: 1500 }));
    }
}
