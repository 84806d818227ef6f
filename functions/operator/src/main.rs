//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, placements::DynamoPlacements},
    sfn::StepFunctions,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use operator::{World, handle};
use runtime::{env::require, fault::diagnose, telemetry};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let table = || require::<String>("FLEET_TABLE");
    let parts = require("POOL_PARTS");
    let world = &World {
        fleet: &DynamoFleet::connect(table(), require("POOL"), parts).await,
        placements: &DynamoPlacements::connect(table()).await,
        drains: &StepFunctions::connect(require("DRAIN_ARN")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<Value>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
