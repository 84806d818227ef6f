//! [`Machines`] on EC2, by launch template.

mod purchase;

use crate::{
    STAGE_TAG, WORKER_TAG,
    errors::{self, Failure, Verdict},
};
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_ec2::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeBooleanValue, Filter, Instance, InstanceStateName as S},
};
use domain::{
    id::WorkerId,
    offering::{Offering, Provider},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    machines::{BuyError, Machine, Machines, Power, PowerError},
};
use std::{error::Error, fmt::Debug, time::Duration};

const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// As many as one answer holds.
const PAGE: i32 = 1000;
/// Neither gone nor going.
const ALIVE: [S; 4] = [S::Pending, S::Running, S::Stopping, S::Stopped];

#[derive(Clone, Debug)]
pub struct Ec2Machines {
    client: Client,
    launch_template_id: String,
    subnet_ids: Vec<String>,
    stage: String,
    /// Where the client asks, and so where machines are.
    region: String,
}

impl Ec2Machines {
    /// `subnet_ids` is a comma-separated list, one a zone. `stage` is what the launch template tags
    /// its machines with.
    pub async fn connect(launch_template_id: String, subnet_ids: &str, stage: String) -> Self {
        let client = Client::new(&sdk_config().await);
        Self::new(client, launch_template_id, subnet_ids, stage)
    }

    /// As [`Ec2Machines::connect`], with a client that is already configured.
    pub fn new(
        client: Client,
        launch_template_id: String,
        subnet_ids: &str,
        stage: String,
    ) -> Self {
        let subnet_ids = subnet_ids.split(',').map(str::to_owned).collect();
        let region = client.config().region().map(ToString::to_string).unwrap_or_default();
        Self { client, launch_template_id, subnet_ids, stage, region }
    }

    /// What is alive and matches all `filters`.
    async fn described(&self, filters: Vec<Filter>) -> Result<Vec<Machine>, Unavailable> {
        let alive = filter("instance-state-name", ALIVE.iter().map(S::as_str));
        let described = self
            .client
            .describe_instances()
            .set_filters(Some(filters))
            .filters(alive)
            .max_results(PAGE)
            .into_paginator()
            .send();
        let mut pages = described;
        let mut machines = Vec::new();
        while let Some(page) = pages.next().await {
            let reservations = page.map_err(failure)?.reservations.unwrap_or_default();
            let instances = reservations.into_iter().filter_map(|it| it.instances).flatten();
            machines.extend(instances.filter_map(|it| machine(it, &self.region)));
        }
        Ok(machines)
    }

    async fn lift_protection(&self, machine_id: &str) -> Result<(), Failure> {
        let unprotected = AttributeBooleanValue::builder().value(false).build();
        self.client
            .modify_instance_attribute()
            .instance_id(machine_id)
            .disable_api_termination(unprotected)
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    async fn give_back(&self, machine_id: &str) -> Result<(), Failure> {
        let terminated = self.client.terminate_instances().instance_ids(machine_id).send().await;
        terminated.map_err(failure)?;
        Ok(())
    }

    /// What a refused switch means. EC2 has one code for "not now" and for "never again".
    async fn refused(&self, machine_id: &str, failure: Failure) -> PowerError {
        if failure.verdict != Verdict::WrongState {
            return failure.switching(machine_id);
        }
        match self.described(vec![filter("instance-id", [machine_id])]).await {
            Ok(found) if found.is_empty() => PowerError::Refused(failure.to_string()),
            Ok(_) => failure.switching(machine_id),
            Err(unavailable) => unavailable.into(),
        }
    }
}

impl Machines for Ec2Machines {
    async fn ensure_bought(
        &self,
        worker: &WorkerId,
        offering: &Offering,
    ) -> Result<Machine, BuyError> {
        let bought = self.purchase(worker, offering).await;
        bought.map_err(|it| it.buying(&offering.machine_type))
    }

    async fn find(&self, worker: &WorkerId) -> Result<Option<Machine>, Unavailable> {
        let found = self.described(vec![filter(&tag(WORKER_TAG), [worker.as_str()])]).await?;
        Ok(found.into_iter().next())
    }

    /// A stage has other machines too, the edge's for one, which carry its tag but no worker's.
    async fn list(&self) -> Result<Vec<Machine>, Unavailable> {
        let of_stage = filter(&tag(STAGE_TAG), [self.stage.as_str()]);
        self.described(vec![of_stage, filter("tag-key", [WORKER_TAG])]).await
    }

    /// EC2 refuses it for Spot machines.
    async fn stop(&self, machine_id: &str) -> Result<(), PowerError> {
        match self.client.stop_instances().instance_ids(machine_id).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(machine_id, failure(error)).await),
        }
    }

    async fn start(&self, machine_id: &str) -> Result<(), PowerError> {
        match self.client.start_instances().instance_ids(machine_id).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(machine_id, failure(error)).await),
        }
    }

    /// The protection is lifted once it was met: Spot machines have none, and asking to lift it
    /// there is an error of its own.
    async fn terminate(&self, machine_id: &str) -> Result<(), Unavailable> {
        let outcome = match self.give_back(machine_id).await {
            Err(failure) if failure.verdict == Verdict::Protected => {
                match self.lift_protection(machine_id).await {
                    Ok(()) => self.give_back(machine_id).await,
                    Err(failure) => Err(failure),
                }
            }
            outcome => outcome,
        };
        match outcome {
            Err(failure) if failure.verdict != Verdict::Gone => Err(failure.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Region, credentials and endpoint from the environment, as Lambda sets them. The SDK does not
/// retry: sagas do, and one layer is enough.
pub(crate) async fn sdk_config() -> SdkConfig {
    let loading = aws_config::from_env()
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build())
        .load();
    // Boxed: the future of the whole credentials chain would otherwise be part of every `main`.
    Box::pin(loading).await
}

fn tag(key: &str) -> String {
    format!("tag:{key}")
}

fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    let values = values.into_iter().map(str::to_owned).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// `None`: it is gone or going.
fn machine(instance: Instance, region: &str) -> Option<Machine> {
    let state = match instance.state?.name? {
        S::Running => Power::Running,
        S::Stopping => Power::Stopping,
        S::Stopped => Power::Stopped,
        S::ShuttingDown | S::Terminated => return None,
        // EC2 may add states; whatever they are, the machine does not run.
        _ => Power::Starting,
    };
    let tags = instance.tags.unwrap_or_default();
    let worker = tags.into_iter().find(|it| it.key.as_deref() == Some(WORKER_TAG));
    let id = instance.instance_id?;
    Some(Machine {
        worker: worker.and_then(|it| it.value?.parse().ok()),
        provider: Provider::Ec2,
        machine_type: instance.instance_type?.as_str().to_owned(),
        region: region.to_owned(),
        state,
        node_id: Some(id.clone()),
        id,
        address: instance.private_ip_address.and_then(|it| it.parse().ok()),
        // Of the last start, which is the best that EC2 tells of the first.
        bought_at: Timestamp::from_second(instance.launch_time?.secs()).ok()?,
    })
}

fn failure<E, R>(error: SdkError<E, R>) -> Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    Failure::of_call("ec2", errors::ec2, error)
}
