//! What a stage says about its warm pool. A pool that makes no sense is refused at the start, by the
//! name of the field.

use domain::{
    offering::{Architecture, Offerings},
    plan::{Isolation, PlanId},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// Everything that a look goes by.
#[derive(Clone, Debug)]
pub struct Config {
    pub pool: WarmPool,
    pub offerings: Offerings,
    /// Of the agent image.
    pub architecture: Architecture,
    /// The pool's name, which is its region.
    pub region: String,
}

/// How much to keep in stock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmPool {
    /// Blank instances by plan. A plan that is not named has none.
    pub(crate) blanks: BTreeMap<PlanId, Bounds>,
    pub(crate) headroom: Headroom,
    /// Workers that are stopped and can be started.
    pub(crate) stopped_workers: u32,
    /// When more is wanted. Hours from 0 to 23.
    pub(crate) busy_hours_utc: BTreeSet<i8>,
    /// What `blanks.least` and `headroom` are multiplied with in these hours.
    pub(crate) busy_factor: u32,
    /// From its reservation on. What has been asleep for long is not as warm as it was.
    pub(crate) blank_age_max_s: u32,
    /// Blanks that boot on one worker at a time.
    pub(crate) boots_per_worker: u32,
    /// When a worker that serves well is emptied because the others have room. `None`: never.
    #[serde(default)]
    pub(crate) consolidation: Option<Consolidation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    pub(crate) least: u32,
    /// However many customers come.
    pub(crate) most: u32,
}

/// Free room on workers that run, beside the blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Headroom {
    pub(crate) plan: PlanId,
    /// Of that plan.
    pub(crate) instances: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Consolidation {
    /// Tenants that may be moved for the sake of one worker.
    pub(crate) most_moved: u32,
    /// For how long nothing may have come to the worker, or have left it.
    pub(crate) quiet_s: u32,
    /// Instances of the headroom's plan that must find room afterwards beside all that is wanted.
    pub(crate) spare_instances: u32,
}

/// Against a slip of the finger that would buy a data centre.
const MAX_BLANKS: u32 = 100;
const MAX_HEADROOM: u32 = 200;
const MAX_STOPPED: u32 = 20;
const MAX_BUSY_FACTOR: u32 = 10;
/// A younger one may not have been of use to anybody yet.
const MIN_BLANK_AGE_S: u32 = 600;
/// Who was placed a moment ago is not to be moved right away.
const MIN_QUIET_S: u32 = 600;
const MAX_MOVED: u32 = 10;

#[derive(Debug, thiserror::Error)]
pub enum BadWarmPool {
    #[error("the warm pool is not the JSON of one: {0}")]
    Json(#[from] serde_json::Error),
    #[error("`{field}` makes no sense: {why}")]
    Field { field: String, why: &'static str },
}

impl FromStr for WarmPool {
    type Err = BadWarmPool;

    fn from_str(json: &str) -> Result<Self, BadWarmPool> {
        let pool: Self = serde_json::from_str(json)?;
        match pool.mistake() {
            Some((field, why)) => Err(BadWarmPool::Field { field, why }),
            None => Ok(pool),
        }
    }
}

impl WarmPool {
    fn mistake(&self) -> Option<(String, &'static str)> {
        for (plan, bounds) in &self.blanks {
            let why = if is_alone(*plan) {
                "whoever is alone shares no worker with blanks"
            } else if bounds.least > bounds.most {
                "`least` is more than `most`"
            } else if bounds.most > MAX_BLANKS {
                "`most` is more than 100"
            } else {
                continue;
            };
            return Some((format!("blanks.{}", plan.plan().name.to_lowercase()), why));
        }
        let rules = [
            ("headroom.plan", !is_alone(self.headroom.plan), "it is not a plan that shares"),
            ("headroom.instances", self.headroom.instances <= MAX_HEADROOM, "more than 200"),
            ("stopped_workers", self.stopped_workers <= MAX_STOPPED, "more than 20"),
            ("busy_hours_utc", self.busy_hours_utc.iter().copied().all(is_hour), "not 0 to 23"),
            ("busy_factor", (1..=MAX_BUSY_FACTOR).contains(&self.busy_factor), "not 1 to 10"),
            ("blank_age_max_s", self.blank_age_max_s >= MIN_BLANK_AGE_S, "less than 600"),
            ("boots_per_worker", self.boots_per_worker > 0, "nothing would ever boot"),
            (
                "consolidation.most_moved",
                self.consolidation.is_none_or(|it| (1..=MAX_MOVED).contains(&it.most_moved)),
                "not 1 to 10",
            ),
            (
                "consolidation.quiet_s",
                self.consolidation.is_none_or(|it| it.quiet_s >= MIN_QUIET_S),
                "less than 600",
            ),
            (
                "consolidation.spare_instances",
                self.consolidation.is_none_or(|it| it.spare_instances <= MAX_HEADROOM),
                "more than 200",
            ),
        ];
        let broken = rules.into_iter().find(|(_, holds, _)| !holds);
        broken.map(|(field, _, why)| (field.to_owned(), why))
    }
}

fn is_alone(plan: PlanId) -> bool {
    plan.plan().isolation == Isolation::Alone
}

fn is_hour(hour: i8) -> bool {
    (0..24).contains(&hour)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(crate) fn example() -> Value {
        json!({
            "blanks": { "standard": { "least": 1, "most": 4 }, "pro": { "least": 0, "most": 2 } },
            "headroom": { "plan": "standard", "instances": 2 },
            "stopped_workers": 1,
            "busy_hours_utc": [7, 8],
            "busy_factor": 2,
            "blank_age_max_s": 43200,
            "boots_per_worker": 1,
            "consolidation": null,
        })
    }

    fn consolidation(most_moved: u32, quiet_s: u32, spare_instances: u32) -> Value {
        json!({ "most_moved": most_moved, "quiet_s": quiet_s, "spare_instances": spare_instances })
    }

    #[test]
    fn a_pool_that_makes_no_sense_is_refused_by_the_name_of_the_field() {
        assert!(example().to_string().parse::<WarmPool>().is_ok());
        let cases = [
            ("/blanks/standard/least", json!(5), "`blanks.standard`"),
            ("/blanks/pro/most", json!(101), "`blanks.pro`"),
            ("/blanks", json!({ "dedicated": { "least": 0, "most": 1 } }), "`blanks.dedicated`"),
            ("/headroom/plan", json!("dedicated"), "`headroom.plan`"),
            ("/headroom/instances", json!(201), "`headroom.instances`"),
            ("/stopped_workers", json!(21), "`stopped_workers`"),
            ("/busy_hours_utc", json!([24]), "`busy_hours_utc`"),
            ("/busy_factor", json!(0), "`busy_factor`"),
            ("/blank_age_max_s", json!(599), "`blank_age_max_s`"),
            ("/boots_per_worker", json!(0), "`boots_per_worker`"),
            ("/consolidation", consolidation(0, 3600, 1), "`consolidation.most_moved`"),
            ("/consolidation", consolidation(11, 3600, 1), "`consolidation.most_moved`"),
            ("/consolidation", consolidation(2, 599, 1), "`consolidation.quiet_s`"),
            ("/consolidation", consolidation(2, 600, 201), "`consolidation.spare_instances`"),
            ("/consolidation", json!({ "most_moved": 2 }), "`quiet_s`"),
            ("/headroom", json!({ "plan": "standard" }), "`instances`"),
            ("/headroom", json!({ "plan": "pro", "instances": 1, "x": 1 }), "`x`"),
            ("/blanks", json!({ "tiny": { "least": 0, "most": 1 } }), "`tiny`"),
        ];
        for (field, value, named) in cases {
            let mut pool = example();
            *pool.pointer_mut(field).expect("is there") = value;
            let error = pool.to_string().parse::<WarmPool>().unwrap_err().to_string();
            assert!(error.contains(named), "{field}: {error}");
        }
    }
}
