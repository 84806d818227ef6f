//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{clock::SystemClock, dynamodb::fleet::DynamoFleet, ssm_commands::SsmCommands};
use contracts::provision::Call;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use machines::Ec2Machines;
use provision::{Config, Step, handle, offering::Offerings};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let Offerings(offerings) = env::require("OFFERINGS");
    let config = &Config { offerings, agent_image: env::require("AGENT_IMAGE") };
    let fleet = &DynamoFleet::connect(env::require("FLEET_TABLE"), env::require("POOL")).await;
    let subnet_ids: String = env::require("SUBNET_IDS");
    let machines = &Ec2Machines::connect(env::require("LAUNCH_TEMPLATE_ID"), &subnet_ids).await;
    let commands = &SsmCommands::connect(SystemClock).await;

    run(service_fn(move |event: LambdaEvent<Call<Step>>| async move {
        handle(fleet, machines, commands, &SystemClock, config, &event.payload)
            .await
            .map_err(|error| diagnose(&error))
    }))
    .await
}
