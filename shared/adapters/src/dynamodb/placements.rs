//! [`Placements`] in the table `fleet`, one partition a project.

use super::{
    keys::{self, EXPIRES_AT},
    table::{Table, write},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue as A};
use domain::id::ProjectId;
use ports::{
    Unavailable,
    placements::{Decision, Placements},
};

const KEPT_S: i64 = 90 * 24 * 60 * 60;

#[derive(Clone, Debug)]
pub struct DynamoPlacements {
    table: Table,
}

impl DynamoPlacements {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }
}

impl Placements for DynamoPlacements {
    async fn record(&self, decision: &Decision) -> Result<(), Unavailable> {
        let key = keys::placement(&decision.project_id, &decision.reservation_id);
        let mut item = write(&key, decision)?;
        let expires_at_s = decision.at.as_second() + KEPT_S;
        item.insert(EXPIRES_AT.to_owned(), A::N(expires_at_s.to_string()));
        self.table.put_new_item(item).await.map(drop)
    }

    async fn list(&self, project: &ProjectId) -> Result<Vec<Decision>, Unavailable> {
        let mut decisions: Vec<Decision> =
            self.table.partition(&keys::placements_partition(project)).await?;
        decisions.sort_by_key(|it| it.at);
        Ok(decisions)
    }
}
