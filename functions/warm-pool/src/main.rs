//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{fleet::DynamoFleet, intents::DynamoIntents},
    sfn::StepFunctions,
    ssm_commands::SsmCommands,
};
use domain::offering::Offerings;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};
use warm_pool::{Config, Input, World, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let table = || require("FLEET_TABLE");
    let fleet = DynamoFleet::connect(table(), require("POOL"), require("POOL_PARTS")).await;
    let architecture = require("AGENT_ARCHITECTURE");
    let offerings: Offerings = require("OFFERINGS");
    let world = &World {
        fleet: &fleet.within(require_json("REGIONS")),
        blanks: &StepFunctions::connect(require("BLANK_ARN")).await,
        grows: &StepFunctions::connect(require("GROW_ARN")).await,
        drains: &StepFunctions::connect(require("DRAIN_ARN")).await,
        intents: &DynamoIntents::connect(table()).await,
        commands: &SsmCommands::connect(SystemClock).await,
        clock: &SystemClock,
        config: &Config {
            pool: require("WARM_POOL"),
            // In words: whoever started it with this list is to read what is wrong in it.
            offerings: offerings.for_every_plan(architecture).map_err(|it| it.to_string())?,
            architecture,
            region: require("POOL"),
        },
    };

    run(service_fn(move |event: LambdaEvent<Input>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
