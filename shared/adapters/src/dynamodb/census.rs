//! [`Census`] by a scan of the table `projects`.

use super::{
    keys,
    projects::DynamoProjects,
    table::{read, unavailable},
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::project::Project;
use ports::{Unavailable, census::Census};

impl Census for DynamoProjects {
    async fn projects(&self) -> Result<Vec<Project>, Unavailable> {
        let table = self.table();
        let mut projects = Vec::new();
        let mut pages = table
            .client
            .scan()
            .table_name(&table.name)
            .filter_expression("sk = :project")
            .expression_attribute_values(":project", AttributeValue::S(keys::PROJECT.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            projects.push(read(item.map_err(unavailable)?)?);
        }
        Ok(projects)
    }
}
