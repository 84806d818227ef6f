//! The offerings of a stage, as configuration says them.
//!
//! The list is read once, at the start of a function, and a list that makes no sense is refused there
//! by the name of the field.

use super::{Architecture, Offering};
use crate::plan::{PLANS, Plan};
use std::{fmt, str::FromStr};

#[derive(Clone, Debug, PartialEq)]
pub struct Offerings(pub Vec<Offering>);

#[derive(Debug, thiserror::Error)]
pub enum BadOfferings {
    #[error("the offerings are not the JSON of a list of offerings")]
    Json(#[from] serde_json::Error),
    #[error("there is no offering")]
    None,
    #[error("offering {index} (`{machine_type}`): `{field}` makes no sense")]
    Field { index: usize, machine_type: String, field: String },
    #[error("offering {index} (`{machine_type}`) is there twice")]
    Twice { index: usize, machine_type: String },
    #[error("the offerings have no {architecture} machine that holds the plan `{plan}`: `{field}`")]
    TooSmall { architecture: Architecture, plan: &'static str, field: &'static str },
}

impl FromStr for Offerings {
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

impl Offerings {
    /// Refuses a list by which some plan could never be bought for: not one machine of
    /// `architecture` holds an instance of it. A pool begins empty, so what is only bought beyond an
    /// on-demand base does not count.
    pub fn for_every_plan(self, architecture: Architecture) -> Result<Self, BadOfferings> {
        let first: Vec<_> = self
            .0
            .iter()
            .filter(|it| it.architecture == architecture && it.on_demand_base == 0)
            .map(Offering::capacity)
            .collect();
        for Plan { name: plan, limits, .. } in &PLANS {
            if first.iter().any(|it| it.fits(*limits)) {
                continue;
            }
            let field = if first.is_empty() {
                "architecture"
            } else if first.iter().all(|it| it.memory_mib < limits.memory_mib) {
                "memory_mib"
            } else {
                "cpu_millis"
            };
            return Err(BadOfferings::TooSmall { architecture, plan, field });
        }
        Ok(self)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offering::{
        Alternative, Provider, Purchase,
        tests::{alternative, offering},
    };

    fn spot(alternatives: Vec<Alternative>) -> Offering {
        Offering { purchase: Purchase::Spot, alternatives, ..offering("m", 4096, 0.03) }
    }

    #[test]
    fn a_list_that_makes_no_sense_is_refused_by_the_name_of_the_field() {
        let good = offering("m", 4096, 0.1);
        let list = |it: &[Offering]| serde_json::to_string(it).unwrap().parse::<Offerings>();
        let mixed = spot(vec![alternative("n", 4096), alternative("o", 8192)]);
        assert!(list(&[good.clone(), Offering { on_demand_base: 2, ..mixed }]).is_ok());
        let slow = Alternative { cpu_millis: 1999, ..alternative("n", 4096) };
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
            (
                "Spot of somebody who has none",
                vec![Offering { provider: Provider::Hetzner, ..spot(vec![]) }],
                "`purchase`",
            ),
            (
                "several types on demand, at one price",
                vec![Offering { alternatives: vec![alternative("n", 4096)], ..good.clone() }],
                "`alternatives`",
            ),
            (
                "a base of itself",
                vec![Offering { on_demand_base: 1, ..good.clone() }],
                "`on_demand_base`",
            ),
            (
                "an alternative with less memory",
                vec![spot(vec![alternative("n", 8192), alternative("o", 4095)])],
                "`alternatives[1].memory_mib`",
            ),
            (
                "an alternative with less CPU",
                vec![spot(vec![slow])],
                "`alternatives[0].cpu_millis`",
            ),
            (
                "an alternative to itself",
                vec![spot(vec![alternative("m", 4096)])],
                "`alternatives[0].machine_type`",
            ),
            ("twice", vec![good.clone(), good], "twice"),
        ];
        for (case, offerings, named) in cases {
            let error = list(&offerings).unwrap_err().to_string();
            assert!(error.contains(named), "{case}: {error}");
        }
        let unpriced = r#"[{"provider":"ec2","machine_type":"m","architecture":"x86_64","memory_mib":1,"cpu_millis":1,"reserved_mib":0}]"#;
        let error = unpriced.parse::<Offerings>().unwrap_err();
        assert!(with_source(&error).contains("usd_per_hour"), "{error}");
    }

    fn with_source(error: &dyn std::error::Error) -> String {
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    }

    #[test]
    fn a_list_without_a_machine_for_every_plan_is_refused_by_what_it_lacks() {
        let roomy = || offering("roomy", 16384, 0.1);
        let late = Offering { purchase: Purchase::Spot, on_demand_base: 1, ..roomy() };
        let cases = [
            ("enough", vec![offering("small", 2048, 0.1), roomy()], None),
            ("no plan at all", vec![offering("tiny", 1024, 0.1)], Some("`Standard`: `memory_mib`")),
            (
                "not the larger ones",
                vec![offering("small", 2048, 0.1)],
                Some("`Pro`: `memory_mib`"),
            ),
            (
                "too few CPUs",
                vec![Offering { cpu_millis: 1000, ..roomy() }],
                Some("`Pro`: `cpu_millis`"),
            ),
            (
                "for another image",
                vec![Offering { architecture: Architecture::Arm, ..roomy() }],
                Some("no x86_64 machine that holds the plan `Standard`: `architecture`"),
            ),
            ("not before there is a base", vec![offering("small", 2048, 0.1), late], Some("`Pro`")),
        ];
        for (case, offerings, expected) in cases {
            let refused = Offerings(offerings).for_every_plan(Architecture::X86).err();
            let refused = refused.map(|it| it.to_string());
            match (&refused, expected) {
                (None, None) => (),
                (Some(said), Some(named)) => assert!(said.contains(named), "{case}: {said}"),
                _ => panic!("{case}: {refused:?}"),
            }
        }
    }
}
