//! What can be bought: machine types at a price, and which of them to try next.
//!
//! The list is configuration, one a stage. It is read once, at the start of a function, and a list
//! that makes no sense is refused there by the name of the field.

use crate::capacity::Capacity;
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

    /// Why nobody should buy this, if so.
    fn mistake(&self) -> Option<&'static str> {
        if self.machine_type.is_empty() {
            Some("machine_type")
        } else if self.usd_per_hour <= 0.0 || !self.usd_per_hour.is_finite() {
            Some("usd_per_hour")
        } else if self.reserved_mib >= self.memory_mib {
            Some("reserved_mib")
        } else if self.cpu_millis == 0 {
            Some("cpu_millis")
        } else if self.cpu_overcommit == 0 {
            Some("cpu_overcommit")
        } else {
            None
        }
    }
}

/// The offerings that can hold `demand` on `architecture`, cheapest first.
pub fn plan_purchase(
    offerings: &[Offering],
    architecture: Architecture,
    demand: Capacity,
) -> Vec<&Offering> {
    let holds = |it: &&Offering| it.architecture == architecture && it.capacity().fits(demand);
    let mut fitting: Vec<_> = offerings.iter().filter(holds).collect();
    fitting.sort_by(|a, b| a.usd_per_hour.total_cmp(&b.usd_per_hour));
    fitting
}

/// The offerings of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Offerings(pub Vec<Offering>);

#[derive(Debug, thiserror::Error)]
pub enum BadOfferings {
    #[error("the offerings are not the JSON of a list of offerings")]
    Json(#[from] serde_json::Error),
    #[error("there is no offering")]
    None,
    #[error("offering {index} (`{machine_type}`): `{field}` makes no sense")]
    Field { index: usize, machine_type: String, field: &'static str },
    #[error("offering {index} (`{machine_type}`) is there twice")]
    Twice { index: usize, machine_type: String },
}

impl std::str::FromStr for Offerings {
    type Err = BadOfferings;

    fn from_str(json: &str) -> Result<Self, BadOfferings> {
        let offerings: Vec<Offering> = serde_json::from_str(json)?;
        if offerings.is_empty() {
            return Err(BadOfferings::None);
        }
        for (index, it) in offerings.iter().enumerate() {
            let machine_type = || it.machine_type.clone();
            if let Some(field) = it.mistake() {
                return Err(BadOfferings::Field { index, machine_type: machine_type(), field });
            }
            let same = |other: &Offering| {
                (other.provider, other.purchase, &other.machine_type)
                    == (it.provider, it.purchase, &it.machine_type)
            };
            if offerings[..index].iter().any(same) {
                return Err(BadOfferings::Twice { index, machine_type: machine_type() });
            }
        }
        Ok(Self(offerings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(machine_type: &str, memory_mib: u32, usd_per_hour: f64) -> Offering {
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
        }
    }

    #[test]
    fn the_cheapest_that_fits_comes_first() {
        let arm = Offering { architecture: Architecture::Arm, ..offering("arm", 16384, 0.01) };
        let ladder = [
            offering("big", 16384, 0.13),
            offering("small", 4096, 0.08),
            offering("tiny", 2000, 0.01),
            arm,
        ];
        let demand = Capacity { memory_mib: 1536, cpu_millis: 750 };
        let order: Vec<_> = plan_purchase(&ladder, Architecture::X86, demand)
            .iter()
            .map(|it| it.machine_type.as_str())
            .collect();
        assert_eq!(order, ["small", "big"]);
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

    #[test]
    fn a_list_that_makes_no_sense_is_refused_by_the_name_of_the_field() {
        let good = offering("m", 4096, 0.1);
        let list = |it: &[Offering]| serde_json::to_string(it).unwrap().parse::<Offerings>();
        assert!(list(std::slice::from_ref(&good)).is_ok());
        let cases = [
            ("no offering", vec![], "there is no offering"),
            ("free", vec![offering("m", 4096, 0.0)], "`usd_per_hour`"),
            ("nothing left to sell", vec![offering("m", 512, 0.1)], "`reserved_mib`"),
            ("no name", vec![offering("", 4096, 0.1)], "`machine_type`"),
            (
                "no CPU sold",
                vec![Offering { cpu_overcommit: 0, ..good.clone() }],
                "`cpu_overcommit`",
            ),
            ("twice", vec![good.clone(), good], "twice"),
        ];
        for (case, offerings, named) in cases {
            let error = list(&offerings).unwrap_err().to_string();
            assert!(error.contains(named), "{case}: {error}");
        }
        let unpriced = r#"[{"provider":"ec2","machine_type":"m","architecture":"x86_64","memory_mib":1,"cpu_millis":1,"reserved_mib":0}]"#;
        let error = unpriced.parse::<Offerings>().unwrap_err();
        assert!(runtime_chain(&error).contains("usd_per_hour"), "{error}");
    }

    fn runtime_chain(error: &dyn std::error::Error) -> String {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    }
}
