//! [`Heartbeats`] in the table `fleet`. Workers write them by themselves, each under its own key;
//! `infra-cdk/assets/worker/bin/heartbeat` is the other end.

use super::{
    keys::{self, Key},
    table::{Item, Table, read, unavailable},
};
use aws_sdk_dynamodb::{Client, types::KeysAndAttributes};
use contracts::worker::{Listed, read_list};
use jiff::Timestamp;
use ports::{
    Unavailable,
    heartbeats::{Container, Heartbeat, Heartbeats},
};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// DynamoDB's own limit for one batch.
const BATCH: usize = 100;

#[derive(Clone, Debug)]
pub struct DynamoHeartbeats {
    table: Table,
    /// What comes before the id of a machine on EC2 to make it the name that its role proves:
    /// `arn:aws:ec2:{region}:{account}:instance/`.
    machine_arn_prefix: String,
}

/// What it says of who wrote it is not read: its key does, which nobody else may write to.
#[derive(Debug, Deserialize)]
struct HeartbeatItem {
    at_ms: i64,
    docker: bool,
    /// JSON, as `instance list` prints it.
    containers: String,
}

impl DynamoHeartbeats {
    pub async fn connect(table: String, machine_arn_prefix: String) -> Self {
        Self { table: Table::connect(table).await, machine_arn_prefix }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String, machine_arn_prefix: String) -> Self {
        Self { table: Table::on(client, table), machine_arn_prefix }
    }

    /// Machines that joined from elsewhere have no ARN of EC2.
    fn name_of(&self, node: &str) -> String {
        if node.starts_with("i-") {
            format!("{}{node}", self.machine_arn_prefix)
        } else {
            node.to_owned()
        }
    }

    /// The items of `nodes`, by key. What DynamoDB did not get to is asked for again.
    async fn batch(&self, nodes: &BTreeMap<Key, &String>) -> Result<Vec<Item>, Unavailable> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(nodes.keys().map(Key::attributes).collect()))
            .consistent_read(true)
            .build()
            .map_err(unavailable)?;
        let mut open = HashMap::from([(self.table.name.clone(), wanted)]);
        let mut found = Vec::new();
        while !open.is_empty() {
            let answer = self
                .table
                .client
                .batch_get_item()
                .set_request_items(Some(open))
                .send()
                .await
                .map_err(unavailable)?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            open = answer.unprocessed_keys.unwrap_or_default();
        }
        Ok(found)
    }
}

impl Heartbeats for DynamoHeartbeats {
    async fn last_of(&self, nodes: &[String]) -> Result<Vec<Heartbeat>, Unavailable> {
        let mut heartbeats = Vec::new();
        for nodes in nodes.chunks(BATCH) {
            let key = |node: &String| keys::heartbeat(&self.name_of(node));
            let nodes = nodes.iter().map(|it| (key(it), it)).collect();
            let items = self.batch(&nodes).await?;
            heartbeats.extend(items.into_iter().filter_map(|it| heartbeat(&nodes, it)));
        }
        Ok(heartbeats)
    }
}

/// Workers are not trusted: what cannot be read is no heartbeat, and no reason to miss the others'.
fn heartbeat(nodes: &BTreeMap<Key, &String>, item: Item) -> Option<Heartbeat> {
    let node = nodes.get(&Key::of(&item)?)?;
    let item: HeartbeatItem = read(item).ok()?;
    let listed = read_list(&item.containers)?;
    let containers = listed.into_iter().map(|it| {
        let Listed { holder, generation, sight } = it;
        Container { holder, generation, sight }
    });
    Some(Heartbeat {
        node_id: (*node).clone(),
        at: Timestamp::from_millisecond(item.at_ms).ok()?,
        docker: item.docker,
        containers: containers.collect(),
    })
}
