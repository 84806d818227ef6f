//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{configurations::DynamoConfigurations, projects::DynamoProjects},
    sfn::StepFunctions,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use project_state::{Call, World, handle};
use runtime::{env::require, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let world = &World {
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        configurations: &DynamoConfigurations::connect(require("PROJECTS_TABLE")).await,
        configures: &StepFunctions::connect(require("CONFIGURE_ARN")).await,
        provisions: &StepFunctions::connect(require("PROVISION_ARN")).await,
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
