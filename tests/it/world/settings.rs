//! What the stage of the tests says: two offerings, a warm pool, limits.

use contracts::{models::ProviderUrls, webhook::Products};
use docker_run::Platform;
use domain::{
    offering::{Architecture, Offering, Offerings},
    subscription::Terms,
};
use jiff::SignedDuration;
use std::{cell::RefCell, collections::BTreeMap};
use testkit::make;

pub(crate) struct Settings {
    pub(crate) placement: placement::Config,
    pub(crate) provision: provision::Config,
    pub(crate) launch: docker_run::Config,
    pub(crate) warm_pool: warm_pool::Config,
    pub(crate) products: Products,
    pub(crate) terms: Terms,
    /// An operator may change them.
    pub(crate) reaper: RefCell<reaper::Limits>,
}

const WARM_POOL: &str = r#"{
    "blanks": { "standard": { "least": 1, "most": 3 } },
    "headroom": { "plan": "standard", "instances": 1 },
    "stopped_workers": 1,
    "busy_hours_utc": [12, 13],
    "busy_factor": 2,
    "blank_age_max_s": 3600,
    "boots_per_worker": 1
}"#;

const ARCHITECTURE: Architecture = Architecture::X86;

impl Default for Settings {
    fn default() -> Self {
        Self::selling(vec![make::offering("small", 4_096), make::offering("big", 16_384)])
    }
}

impl Settings {
    /// Of a stage whose workers are among `offerings`.
    pub(crate) fn selling(offerings: Vec<Offering>) -> Self {
        let (offerings, region) = (Offerings(offerings), "us-east-1".to_owned());
        Self {
            placement: placement::Config {
                architecture: ARCHITECTURE,
                maximum_instances: BTreeMap::new(),
            },
            warm_pool: warm_pool::Config {
                pool: WARM_POOL.parse().expect("the pool makes sense"),
                offerings: offerings.clone(),
                architecture: ARCHITECTURE,
                region: region.clone(),
            },
            provision: provision::Config {
                offerings,
                architecture: ARCHITECTURE,
                region,
                agent_image: "agent".to_owned(),
            },
            products: Products {
                standard: "pdt_standard".to_owned(),
                pro: "pdt_pro".to_owned(),
                dedicated: "pdt_dedicated".to_owned(),
            },
            terms: Terms {
                grace: SignedDuration::from_hours(14 * 24),
                remind_before: vec![SignedDuration::from_hours(24)],
            },
            // In a fleet of five any leftover is a good part of everything.
            reaper: RefCell::new(reaper::Limits {
                stop_share_percent: 100,
                ..reaper::Limits::default()
            }),
            launch: docker_run::Config {
                platform: platform(),
                agent_image: "agent".to_owned(),
                model_egress: "10.0.0.9:4582".to_owned(),
            },
        }
    }
}

fn platform() -> Platform {
    Platform {
        model_url: "http://10.0.0.9:4582/v1".to_owned(),
        model_id: "auto".to_owned(),
        edge_cidr: "10.0.0.0/24".to_owned(),
        url_port: String::new(),
        providers: ProviderUrls {
            anthropic: "https://anthropic.test".to_owned(),
            openai: "https://openai.test/v1".to_owned(),
            google: "https://google.test/v1beta".to_owned(),
            openrouter: "https://openrouter.test/api/v1".to_owned(),
        },
        meter_url: None,
    }
}
