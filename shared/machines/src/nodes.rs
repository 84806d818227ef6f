//! How a machine that AWS did not sell comes to take commands like one that it did: it joins Systems
//! Manager by an *activation*, and is a *managed node* from then on, with an id and a role of its own.
//!
//! An activation is a password to join by. It is made for one machine, works once, and not after an
//! hour; what it leads to can do no more than any worker.

use crate::{
    STAGE_TAG, WORKER_TAG,
    errors::{self, Failure, Verdict},
};
use aws_sdk_ssm::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::DateTime,
    types::{
        Activation as Activated, DescribeActivationsFilter, DescribeActivationsFilterKeys,
        InstanceInformation, InstanceInformationStringFilter, PingStatus, Tag,
    },
};
use domain::id::WorkerId;
use jiff::Timestamp;
use std::{collections::HashMap, error::Error, fmt, fmt::Debug, time::Duration};

/// A server boots, updates its package lists and installs the agent in a few minutes.
const ACTIVATION_TTL: Duration = Duration::from_hours(1);

/// As many as one answer holds.
const PAGE: i32 = 50;
/// EC2's machines are listed too, by the same tags. What joined has an id of another kind.
const JOINED_PREFIX: &str = "mi-";

/// The managed nodes of one stage.
#[derive(Clone, Debug)]
pub struct Nodes {
    client: Client,
    stage: String,
    role: String,
}

/// What a machine joins by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Activation {
    pub(crate) id: String,
    pub(crate) code: String,
}

/// Without the code.
impl Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A machine that has joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) worker: Option<WorkerId>,
    /// Whether its agent has been heard of in the last minutes.
    pub(crate) is_online: bool,
    joined_at_s: i64,
}

impl Nodes {
    /// `role` is the name of the role that nodes of this stage get.
    pub fn new(client: Client, stage: String, role: String) -> Self {
        Self { client, stage, role }
    }

    /// Makes a new activation for `worker`. Its code is told this once.
    pub(crate) async fn activate(
        &self,
        worker: &WorkerId,
        now: Timestamp,
    ) -> Result<Activation, Failure> {
        let expires_at = now + ACTIVATION_TTL;
        let answer = self
            .client
            .create_activation()
            .iam_role(&self.role)
            .default_instance_name(worker.as_str())
            .registration_limit(1)
            .expiration_date(DateTime::from_secs(expires_at.as_second()))
            .set_tags(Some(vec![tag(WORKER_TAG, worker.as_str())?, tag(STAGE_TAG, &self.stage)?]))
            .send()
            .await
            .map_err(failure)?;
        match (answer.activation_id, answer.activation_code) {
            (Some(id), Some(code)) => Ok(Activation { id, code }),
            _ => Err(Failure::unavailable("ssm", "the answer names no activation")),
        }
    }

    /// Deletes the activations of `worker`, but for the one called `keep`.
    pub(crate) async fn forget_activations(
        &self,
        worker: &WorkerId,
        keep: Option<&str>,
    ) -> Result<(), Failure> {
        let by_name = DescribeActivationsFilterKeys::DefaultInstanceName;
        for activation in self.activations(by_name, worker.as_str()).await? {
            if let Some(id) = activation.activation_id.filter(|it| Some(it.as_str()) != keep) {
                self.forget_activation(&id).await?;
            }
        }
        Ok(())
    }

    /// Deletes what nobody can join by any more.
    pub(crate) async fn forget_expired_activations(&self) -> Result<(), Failure> {
        let by_role = DescribeActivationsFilterKeys::IamRole;
        for activation in self.activations(by_role, &self.role).await? {
            if let Some(id) = activation.activation_id.filter(|_| activation.expired) {
                self.forget_activation(&id).await?;
            }
        }
        Ok(())
    }

    /// Deletes one activation. A machine that has joined by it stays.
    pub(crate) async fn forget_activation(&self, id: &str) -> Result<(), Failure> {
        is_gone(self.client.delete_activation().activation_id(id).send().await.map_err(failure))
    }

    /// Under what name `worker` takes commands, if it has joined. The last time counts.
    pub(crate) async fn find(&self, worker: &WorkerId) -> Result<Option<Node>, Failure> {
        let nodes = self.of(worker).await?;
        Ok(nodes.into_iter().max_by_key(|it| it.joined_at_s))
    }

    /// All nodes of the stage, by worker. Of several for one worker, the one that joined last.
    pub(crate) async fn by_worker(&self) -> Result<HashMap<WorkerId, Node>, Failure> {
        let mut nodes = self.all().await?;
        nodes.sort_by_key(|it| it.joined_at_s);
        Ok(nodes.into_iter().filter_map(|it| Some((it.worker.clone()?, it))).collect())
    }

    /// All nodes of the stage.
    pub(crate) async fn all(&self) -> Result<Vec<Node>, Failure> {
        self.described(STAGE_TAG, &self.stage).await
    }

    /// Lets nodes of `worker` take no more commands, and forgets them.
    pub(crate) async fn deregister(&self, worker: &WorkerId) -> Result<(), Failure> {
        for node in self.of(worker).await? {
            self.deregister_node(&node.id).await?;
        }
        Ok(())
    }

    pub(crate) async fn deregister_node(&self, id: &str) -> Result<(), Failure> {
        let deregistered = self.client.deregister_managed_instance().instance_id(id).send().await;
        is_gone(deregistered.map_err(failure))
    }

    async fn activations(
        &self,
        key: DescribeActivationsFilterKeys,
        value: &str,
    ) -> Result<Vec<Activated>, Failure> {
        let filter = DescribeActivationsFilter::builder().filter_key(key).filter_values(value);
        let found = self.client.describe_activations().filters(filter.build()).max_results(PAGE);
        let mut found = found.into_paginator().items().send();
        let mut activations = Vec::new();
        while let Some(activation) = found.next().await {
            activations.push(activation.map_err(failure)?);
        }
        Ok(activations)
    }

    async fn of(&self, worker: &WorkerId) -> Result<Vec<Node>, Failure> {
        self.described(WORKER_TAG, worker.as_str()).await
    }

    async fn described(&self, tag: &str, value: &str) -> Result<Vec<Node>, Failure> {
        let filter = InstanceInformationStringFilter::builder().key(format!("tag:{tag}"));
        let filter = filter.values(value).build().map_err(|it| Failure::unavailable("ssm", it))?;
        let mut pages = self
            .client
            .describe_instance_information()
            .filters(filter)
            .max_results(PAGE)
            .into_paginator()
            .send();
        let mut nodes = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failure)?.instance_information_list.unwrap_or_default();
            nodes.extend(page.into_iter().filter_map(node));
        }
        Ok(nodes)
    }
}

fn tag(key: &str, value: &str) -> Result<Tag, Failure> {
    Tag::builder().key(key).value(value).build().map_err(|it| Failure::unavailable("ssm", it))
}

fn node(described: InstanceInformation) -> Option<Node> {
    Some(Node {
        id: described.instance_id.filter(|it| it.starts_with(JOINED_PREFIX))?,
        // Its name is what the activation named, and it is nobody else's to change.
        worker: described.name.and_then(|it| it.parse().ok()),
        is_online: described.ping_status == Some(PingStatus::Online),
        joined_at_s: described.registration_date.map_or(0, |it| it.secs()),
    })
}

/// Deleting what is not there is done.
fn is_gone<T>(deleted: Result<T, Failure>) -> Result<(), Failure> {
    match deleted {
        Err(failure) if failure.verdict != Verdict::Gone => Err(failure),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn failure<E, R>(error: SdkError<E, R>) -> Failure
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    Failure::of_call("ssm", errors::ssm, error)
}
