//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, placements::DynamoPlacements},
    random::SystemRandom,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use placement::{Call, Config, World, handle};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = &Config {
        architecture: require("AGENT_ARCHITECTURE"),
        maximum_instances: require_json("MAXIMUM_INSTANCES"),
    };
    let table = || require("FLEET_TABLE");
    let fleet = DynamoFleet::connect(table(), require("POOL"), require("POOL_PARTS")).await;
    let fleet = &fleet.within(require_json("REGIONS"));
    let placements = &DynamoPlacements::connect(table()).await;
    let (clock, random) = (&SystemClock, &SystemRandom);
    let world = &World { fleet, placements, clock, random, config };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
