//! Buying on EC2.
//!
//! On-demand machines are bought by `RunInstances`: its answer is the machine, and the machine is
//! protected from its first moment. It has to be told the zone, so a type that is sold out in one zone
//! is asked for in the next, before the next type is.
//!
//! Spot machines are bought by `CreateFleet` of the type `instant`, in one request for all zones and
//! all types of the offering: how soon a Spot machine is taken back depends on what is in stock of its
//! type in its zone, and only EC2 knows that.
//!
//! A token makes each request one machine however often it is repeated. It cannot do that across
//! zones, so a repeat looks for the machine by its tag before it asks for any.

use super::{Ec2Machines, failure, filter, machine};
use crate::{
    WORKER_TAG,
    errors::{self, Failure, Verdict},
};
use aws_sdk_ec2::{
    operation::create_fleet::CreateFleetOutput,
    types::{
        CreateFleetError, DefaultTargetCapacityType, FleetLaunchTemplateConfigRequest,
        FleetLaunchTemplateOverridesRequest, FleetLaunchTemplateSpecificationRequest, FleetType,
        InstanceType, LaunchTemplateSpecification, ResourceType, SpotAllocationStrategy,
        SpotInstanceInterruptionBehavior, SpotOptionsRequest, Tag, TagSpecification,
        TargetCapacitySpecificationRequest,
    },
};
use domain::{
    id::WorkerId,
    offering::{Offering, Purchase},
};
use ports::machines::{Machine, Machines};

const NEWEST: &str = "$Latest";

/// One of the stage's subnets, each in a zone of its own. The number is its place in the configuration.
#[derive(Clone, Copy, Debug)]
struct Zone<'a> {
    number: usize,
    subnet: &'a str,
}

impl Ec2Machines {
    /// Buys `offering`, unless the worker has its machine already.
    pub(super) async fn purchase(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, Failure> {
        if let Some(machine) = self.find(worker).await? {
            return Ok(machine);
        }
        match offering.purchase {
            Purchase::OnDemand => self.run_in_any_zone(worker, offering).await,
            Purchase::Spot => self.fill_fleet(worker, offering).await,
        }
    }

    async fn run_in_any_zone(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, Failure> {
        let mut sold_out = None;
        for zone in self.zones(worker) {
            match self.run(worker, offering, zone).await {
                Err(failure) if failure.verdict == Verdict::InsufficientCapacity => {
                    tracing::info!(zone.subnet, reason = %failure, "ec2 has none in this zone");
                    sold_out = Some(failure);
                }
                outcome => return outcome,
            }
        }
        Err(sold_out.unwrap_or_else(|| Failure::refused("ec2", "there is no subnet")))
    }

    async fn run(
        &self,
        worker: &WorkerId,
        offering: &Offering,
        zone: Zone<'_>,
    ) -> Result<Machine, Failure> {
        let template = LaunchTemplateSpecification::builder()
            .launch_template_id(&self.launch_template_id)
            .version(NEWEST)
            .build();
        let answer = self
            .client
            .run_instances()
            .launch_template(template)
            .instance_type(InstanceType::from(offering.machine_type.as_str()))
            .subnet_id(zone.subnet)
            .client_token(token(worker, offering, &zone.number.to_string()))
            .tag_specifications(tags(worker))
            .disable_api_termination(true)
            .min_count(1)
            .max_count(1)
            .send()
            .await
            .map_err(failure)?;
        let instance = answer.instances.and_then(|it| it.into_iter().next());
        let instance =
            instance.ok_or_else(|| Failure::unavailable("ec2", "the answer names no machine"))?;
        let gone = || Failure::refused("ec2", "it was bought before, and is gone");
        machine(instance, &self.region).ok_or_else(gone)
    }

    /// All zones. Workers begin with different ones, and each worker always with the same.
    fn zones(&self, worker: &WorkerId) -> impl Iterator<Item = Zone<'_>> {
        let spread: usize = worker.as_str().bytes().map(usize::from).sum();
        let count = self.subnet_ids.len();
        let zones = self.subnet_ids.iter().enumerate();
        let zones = zones.map(|(number, subnet)| Zone { number, subnet });
        zones.cycle().skip(spread % count.max(1)).take(count)
    }

    async fn fill_fleet(&self, worker: &WorkerId, offering: &Offering) -> Result<Machine, Failure> {
        let answer = self
            .client
            .create_fleet()
            .r#type(FleetType::Instant)
            .client_token(token(worker, offering, "s"))
            .launch_template_configs(self.any_type_in_any_zone(offering))
            .target_capacity_specification(one_spot_machine())
            .spot_options(deepest_stock())
            .tag_specifications(tags(worker))
            .send()
            .await
            .map_err(failure)?;
        let id = bought(answer)?;
        // A fleet tells only the id, and it takes a moment until a new machine is seen by everybody.
        // The repeat will see it.
        let found = self.described(vec![filter("instance-id", [id.as_str()])]).await?;
        let unseen = || Failure::unavailable("ec2", format!("`{id}` is bought, but not seen yet"));
        found.into_iter().next().ok_or_else(unseen)
    }

    fn any_type_in_any_zone(&self, offering: &Offering) -> FleetLaunchTemplateConfigRequest {
        let template = FleetLaunchTemplateSpecificationRequest::builder()
            .launch_template_id(&self.launch_template_id)
            .version(NEWEST)
            .build();
        let overrides = offering.machine_types().flat_map(|machine_type| {
            self.subnet_ids.iter().map(move |subnet| {
                FleetLaunchTemplateOverridesRequest::builder()
                    .instance_type(InstanceType::from(machine_type))
                    .subnet_id(subnet)
                    .build()
            })
        });
        FleetLaunchTemplateConfigRequest::builder()
            .launch_template_specification(template)
            .set_overrides(Some(overrides.collect()))
            .build()
    }
}

/// EC2 takes up to 64 characters. One request is one purchase, so each has its own: `which` is the zone,
/// or says that it is for all of them.
fn token(worker: &WorkerId, offering: &Offering, which: &str) -> String {
    format!("{worker}-{}-{which}", offering.machine_type)
}

fn tags(worker: &WorkerId) -> TagSpecification {
    let tag = |key| Tag::builder().key(key).value(worker.as_str()).build();
    TagSpecification::builder()
        .resource_type(ResourceType::Instance)
        .tags(tag(WORKER_TAG))
        .tags(tag("Name"))
        .build()
}

fn one_spot_machine() -> TargetCapacitySpecificationRequest {
    TargetCapacitySpecificationRequest::builder()
        .total_target_capacity(1)
        .default_target_capacity_type(DefaultTargetCapacityType::Spot)
        .build()
}

fn deepest_stock() -> SpotOptionsRequest {
    SpotOptionsRequest::builder()
        .allocation_strategy(SpotAllocationStrategy::CapacityOptimized)
        .instance_interruption_behavior(SpotInstanceInterruptionBehavior::Terminate)
        .build()
}

/// The machine's id, or why there is none. A fleet that could not be filled is no error to EC2: it
/// answers with the reasons, one for each type in each zone.
fn bought(answer: CreateFleetOutput) -> Result<String, Failure> {
    let instances = answer.instances.unwrap_or_default();
    if let Some(id) = instances.into_iter().filter_map(|it| it.instance_ids).flatten().next() {
        return Ok(id);
    }
    let reasons = answer.errors.unwrap_or_default();
    let verdict = |it: &CreateFleetError| errors::ec2(it.error_code.as_deref());
    // Another reason, if any, is no worse than this one: there is another offering to try.
    let sold_out = reasons
        .iter()
        .find(|it| matches!(verdict(it), Verdict::InsufficientCapacity | Verdict::OverQuota));
    match sold_out.or_else(|| reasons.first()) {
        Some(reason) => Err(Failure::new(verdict(reason), "ec2", told(reason))),
        None => Err(Failure::unavailable("ec2", "the fleet has neither machine nor reason")),
    }
}

fn told(reason: &CreateFleetError) -> String {
    let part = |it: &Option<String>| it.clone().unwrap_or_else(|| "no reason given".to_owned());
    format!("{}: {}", part(&reason.error_code), part(&reason.error_message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::CreateFleetInstance;
    use testkit::make;

    #[test]
    fn each_request_has_a_token_of_its_own_that_ec2_takes() {
        let worker = WorkerId::new(&"a".repeat(domain::id::MAX_BODY_LEN)).unwrap();
        let offering = make::offering("r7iz.metal-16xl", 4096);
        let tokens = ["0", "1", "s"].map(|it| token(&worker, &offering, it));
        assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
        assert!(tokens.iter().all(|it| it.len() <= 64), "{tokens:?}");
    }

    #[test]
    fn an_unfilled_fleet_says_why() {
        let reason = |code: &str| CreateFleetError::builder().error_code(code).build();
        let unfilled = |codes: &[&str]| {
            let reasons = codes.iter().map(|it| reason(it)).collect();
            bought(CreateFleetOutput::builder().set_errors(Some(reasons)).build())
        };
        let cases: [(&str, &[&str], Verdict); 5] = [
            ("all zones", &["InsufficientInstanceCapacity"], Verdict::InsufficientCapacity),
            (
                "one zone",
                &["UnauthorizedOperation", "UnfulfillableCapacity"],
                Verdict::InsufficientCapacity,
            ),
            ("our quota", &["MaxSpotInstanceCountExceeded"], Verdict::OverQuota),
            ("we may not", &["UnauthorizedOperation"], Verdict::Refused),
            ("no reason", &[], Verdict::Unavailable),
        ];
        for (case, codes, expected) in cases {
            assert_eq!(unfilled(codes).unwrap_err().verdict, expected, "{case}");
        }
    }

    #[test]
    fn a_filled_fleet_names_its_machine_whatever_other_zones_said() {
        let machine = CreateFleetInstance::builder().instance_ids("i-1").build();
        let elsewhere = CreateFleetError::builder().error_code("UnfulfillableCapacity").build();
        let answer = CreateFleetOutput::builder().instances(machine).errors(elsewhere).build();
        assert_eq!(bought(answer).unwrap(), "i-1");
    }
}
