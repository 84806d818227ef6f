//! Wiring only.

use adapters::{
    clock::SystemClock,
    dynamodb::{projects::DynamoProjects, routes::DynamoRoutes},
    sqs::SqsFifoQueue,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use route::{Call, World, handle};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let ledger = &DynamoRoutes::connect(env::require("LEDGER_TABLE")).await;
    let projects = &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await;
    let wake_ups = &SqsFifoQueue::connect(env::require("ROUTES_QUEUE_URL")).await;
    let world = World { ledger, wake_ups, projects, clock: &SystemClock };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
