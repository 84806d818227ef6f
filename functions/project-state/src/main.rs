//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::dynamodb::projects::DynamoProjects;
use contracts::provision::Call;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use project_state::{Step, handle};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let projects = &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await;

    run(service_fn(move |event: LambdaEvent<Call<Step>>| async move {
        handle(projects, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
