//! Buying on EC2.
//!
//! On-demand machines are bought by `RunInstances`: its token makes it one machine however often it
//! is repeated, its answer is the machine, and the machine is protected from its first moment.
//!
//! Spot machines are bought by `CreateFleet` of the type `instant`. What a Spot machine costs, and
//! how soon it is taken back, depends on its zone more than on anything else, and `RunInstances` has
//! to be told the zone. A fleet gets all zones and takes the one with the deepest stock, under one
//! token; several calls, one a zone, would need several, and a lost answer could become two machines.
//! Its types are not mixed: an offering is one type, at one price.

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

impl Ec2Machines {
    pub(super) async fn run(
        &self,
        worker: &WorkerId,
        offering: &Offering,
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
            .set_subnet_id(self.subnet_of(worker).cloned())
            .client_token(token(worker, offering))
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
        let gone = || Failure::new(Verdict::Refused, "ec2", "it was bought before, and is gone");
        machine(instance).ok_or_else(gone)
    }

    /// A repeat looks for the machine first: a fleet's answer has only the id of what it bought.
    pub(super) async fn fill_fleet(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, Failure> {
        if let Some(machine) = self.find(worker).await.map_err(lookup)? {
            return Ok(machine);
        }
        let answer = self
            .client
            .create_fleet()
            .r#type(FleetType::Instant)
            .client_token(token(worker, offering))
            .launch_template_configs(self.any_zone(offering))
            .target_capacity_specification(one_spot_machine())
            .spot_options(deepest_stock())
            .tag_specifications(tags(worker))
            .send()
            .await
            .map_err(failure)?;
        let id = bought(answer)?;
        // It takes a moment until a new machine is seen by everybody. The repeat will see it.
        let found = self.described(vec![filter("instance-id", [id.as_str()])]).await;
        let unseen = || Failure::unavailable("ec2", format!("`{id}` is bought, but not seen yet"));
        found.map_err(lookup)?.into_iter().next().ok_or_else(unseen)
    }

    /// The same worker always goes to the same zone: a repeat with another subnet would be refused
    /// as another request under the same token.
    fn subnet_of(&self, worker: &WorkerId) -> Option<&String> {
        let spread: usize = worker.as_str().bytes().map(usize::from).sum();
        self.subnet_ids.get(spread % self.subnet_ids.len().max(1))
    }

    fn any_zone(&self, offering: &Offering) -> FleetLaunchTemplateConfigRequest {
        let template = FleetLaunchTemplateSpecificationRequest::builder()
            .launch_template_id(&self.launch_template_id)
            .version(NEWEST)
            .build();
        let machine_type = InstanceType::from(offering.machine_type.as_str());
        let zones = self.subnet_ids.iter().map(|subnet| {
            FleetLaunchTemplateOverridesRequest::builder()
                .instance_type(machine_type.clone())
                .subnet_id(subnet)
                .build()
        });
        FleetLaunchTemplateConfigRequest::builder()
            .launch_template_specification(template)
            .set_overrides(Some(zones.collect()))
            .build()
    }
}

fn lookup(unavailable: ports::Unavailable) -> Failure {
    Failure::unavailable("ec2", unavailable)
}

/// EC2 takes up to 64 characters. One offering is one purchase, so each has its own.
fn token(worker: &WorkerId, offering: &Offering) -> String {
    let spot = match offering.purchase {
        Purchase::OnDemand => "",
        Purchase::Spot => "-s",
    };
    format!("{worker}-{}{spot}", offering.machine_type)
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
/// answers with the reasons, one a zone.
fn bought(answer: CreateFleetOutput) -> Result<String, Failure> {
    let instances = answer.instances.unwrap_or_default();
    if let Some(id) = instances.into_iter().filter_map(|it| it.instance_ids).flatten().next() {
        return Ok(id);
    }
    let reasons = answer.errors.unwrap_or_default();
    let verdict = |it: &CreateFleetError| errors::ec2(it.error_code.as_deref());
    // Another zone's reason, if any, is no worse than this one: there is another offering to try.
    let sold_out = reasons.iter().find(|it| verdict(it) == Verdict::InsufficientCapacity);
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
    use domain::offering::{Architecture, Provider};

    fn offering(machine_type: &str, purchase: Purchase) -> Offering {
        Offering {
            provider: Provider::Ec2,
            machine_type: machine_type.to_owned(),
            purchase,
            architecture: Architecture::X86,
            memory_mib: 16384,
            cpu_millis: 2000,
            reserved_mib: 512,
            cpu_overcommit: 1,
            usd_per_hour: 0.1,
        }
    }

    #[test]
    fn each_offering_has_a_token_of_its_own_that_ec2_takes() {
        let worker = WorkerId::new(&"a".repeat(domain::id::MAX_BODY_LEN)).unwrap();
        let on_demand = token(&worker, &offering("r7iz.metal-16xl", Purchase::OnDemand));
        let spot = token(&worker, &offering("r7iz.metal-16xl", Purchase::Spot));
        assert_ne!(on_demand, spot);
        assert!(spot.len() <= 64, "{spot}");
    }

    #[test]
    fn an_unfilled_fleet_says_why() {
        let reason = |code: &str| CreateFleetError::builder().error_code(code).build();
        let unfilled = |codes: &[&str]| {
            let reasons = codes.iter().map(|it| reason(it)).collect();
            bought(CreateFleetOutput::builder().set_errors(Some(reasons)).build())
        };
        let cases: [(&str, &[&str], Verdict); 4] = [
            ("all zones", &["InsufficientInstanceCapacity"], Verdict::InsufficientCapacity),
            (
                "one zone",
                &["UnauthorizedOperation", "UnfulfillableCapacity"],
                Verdict::InsufficientCapacity,
            ),
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
