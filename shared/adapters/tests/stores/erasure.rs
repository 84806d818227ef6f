//! What is kept beside a project's record, forgotten.

use crate::engine;
use adapters::dynamodb::{
    configurations::DynamoConfigurations, erasure::DynamoErasure, projects::DynamoProjects,
};
use domain::configuration::Configuration;
use ports::{
    configurations::Configurations,
    erasure::Erasure,
    projects::{Checkout, Projects, SealedSecrets},
};
use testkit::make;

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_record_of_a_project_is_all_that_is_left_however_often() {
    let (client, table) = engine::table().await;
    let projects = DynamoProjects::on(client.clone(), table.clone());
    let configurations = DynamoConfigurations::on(client.clone(), table.clone());
    let project = make::project();
    let secrets = SealedSecrets { gateway_token: vec![1], model_key: vec![2] };
    projects.create(&project, &secrets).await.expect("is new");
    let (session_id, url) = ("cks_1".to_owned(), "https://checkout.test".to_owned());
    let (expires_at, follows, price) = (project.created_at, None, None);
    let checkout = Checkout { session_id, url, expires_at, follows, price };
    projects.record_checkout(&project.id, &checkout).await.expect("the engine answers");
    let before = Configuration::new(project.id.clone(), project.tenant_id.clone());
    configurations.replace(&before, &before.again()).await.expect("nobody else does");
    for round in ["once", "twice"] {
        let erasure = DynamoErasure::on(client.clone(), table.clone());
        erasure.forget(&project.id).await.expect(round);
        assert_eq!(projects.secrets(&project.id).await.expect(round), None);
        assert_eq!(projects.checkout(&project.id).await.expect(round), None);
        assert_eq!(configurations.find(&project.id).await.expect(round), None);
        assert_eq!(projects.find(&project.id).await.expect(round), Some(project.clone()));
    }
}
