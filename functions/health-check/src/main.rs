//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{clock::SystemClock, ssm_commands::SsmCommands};
use health_check::{Call, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let commands = &SsmCommands::connect(SystemClock).await;

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(commands, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
