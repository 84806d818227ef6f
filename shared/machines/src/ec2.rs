//! [`Machines`] on EC2, by launch template.

use crate::errors::{Verdict, verdict};
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_ec2::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        Filter, Instance, InstanceStateName as S, InstanceType, LaunchTemplateSpecification,
        ResourceType, Tag, TagSpecification,
    },
};
use domain::id::WorkerId;
use ports::{
    Unavailable,
    machines::{BuyError, Machine, Machines},
};
use std::time::Duration;

/// The tag by which a machine names its worker, and a reaper finds machines nobody owns.
const WORKER_TAG: &str = "1mins:worker";
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub struct Ec2Machines {
    client: Client,
    launch_template_id: String,
    subnet_ids: Vec<String>,
}

impl Ec2Machines {
    /// `subnet_ids` is a comma-separated list, one a zone.
    pub async fn connect(launch_template_id: String, subnet_ids: &str) -> Self {
        let config = aws_config::from_env()
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build())
            .load()
            .await;
        let subnet_ids = subnet_ids.split(',').map(str::to_owned).collect();
        Self { client: Client::new(&config), launch_template_id, subnet_ids }
    }

    /// The same worker always goes to the same zone: a repeat with another subnet would be refused
    /// as another request under the same token.
    fn subnet_of(&self, worker: &WorkerId) -> Option<&String> {
        let spread: usize = worker.as_str().bytes().map(usize::from).sum();
        self.subnet_ids.get(spread % self.subnet_ids.len().max(1))
    }
}

impl Machines for Ec2Machines {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        machine_type: &str,
    ) -> Result<Machine, BuyError> {
        let template = LaunchTemplateSpecification::builder()
            .launch_template_id(&self.launch_template_id)
            .version("$Latest")
            .build();
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::Instance)
            .tags(Tag::builder().key(WORKER_TAG).value(worker.as_str()).build())
            .tags(Tag::builder().key("Name").value(worker.as_str()).build())
            .build();
        let bought = self
            .client
            .run_instances()
            .launch_template(template)
            .instance_type(InstanceType::from(machine_type))
            .set_subnet_id(self.subnet_of(worker).cloned())
            .client_token(format!("{worker}-{machine_type}"))
            .tag_specifications(tags)
            .min_count(1)
            .max_count(1)
            .send()
            .await;
        match bought {
            Ok(answer) => answer
                .instances
                .and_then(|it| it.into_iter().next())
                .map(machine)
                .ok_or_else(|| unavailable("the answer names no machine").into()),
            Err(error) => Err(match verdict(error.code()) {
                Verdict::InsufficientCapacity => {
                    BuyError::InsufficientCapacity { machine_type: machine_type.to_owned() }
                }
                Verdict::Refused => {
                    BuyError::Refused(error.message().unwrap_or("no reason given").to_owned())
                }
                Verdict::Unavailable => unavailable(error).into(),
            }),
        }
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        let tag = Filter::builder().name(format!("tag:{WORKER_TAG}")).values(worker.as_str());
        let alive = [S::Pending, S::Running, S::Stopping, S::Stopped];
        let alive = alive.iter().map(|it| it.as_str().to_owned()).collect();
        let state = Filter::builder().name("instance-state-name").set_values(Some(alive));
        let found = self
            .client
            .describe_instances()
            .filters(tag.build())
            .filters(state.build())
            .send()
            .await
            .map_err(unavailable)?;
        let reservations = found.reservations.unwrap_or_default();
        Ok(reservations.into_iter().filter_map(|it| it.instances).flatten().map(machine).next())
    }

    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        let terminated = self.client.terminate_instances().instance_ids(machine_id).send().await;
        match terminated {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("InvalidInstanceID.NotFound") => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn machine(instance: Instance) -> Machine {
    let state = instance.state.and_then(|it| it.name);
    Machine {
        id: instance.instance_id.unwrap_or_default(),
        running: state == Some(S::Running),
        address: instance.private_ip_address.and_then(|it| it.parse().ok()),
    }
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("ec2", error)
}
