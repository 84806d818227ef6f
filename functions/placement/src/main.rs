//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::dynamodb::fleet::DynamoFleet;
use contracts::provision::Call;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use placement::{Step, handle};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let fleet = &DynamoFleet::connect(env::require("FLEET_TABLE"), env::require("POOL")).await;

    run(service_fn(move |event: LambdaEvent<Call<Step>>| async move {
        handle(fleet, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
