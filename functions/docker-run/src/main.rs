//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        configurations::DynamoConfigurations, fleet::DynamoFleet, projects::DynamoProjects,
        provider_keys::DynamoProviderKeys,
    },
    kms::KmsVault,
    random::SystemRandom,
    s3::{backups::S3Backups, bundles::S3Bundles, instance_logs::S3InstanceLogs},
    ssm_commands::SsmCommands,
};
use docker_run::{Call, Config, Platform, Ports, World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{
    env::{require, require_json},
    fault::diagnose,
    telemetry,
};

enum Aws {}

impl Ports for Aws {
    type Projects = DynamoProjects;
    type Vault = KmsVault;
    type Bundles = S3Bundles;
    type Backups = S3Backups;
    type InstanceLogs = S3InstanceLogs;
    type Commands = SsmCommands<SystemClock>;
    type Fleet = DynamoFleet;
    type Random = SystemRandom;
    type Keys = DynamoProviderKeys;
    type Configurations = DynamoConfigurations;
    type Clock = SystemClock;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let world = &World::<Aws> {
        projects: &DynamoProjects::connect(require("PROJECTS_TABLE")).await,
        vault: &KmsVault::connect(require("KEY_ID")).await,
        bundles: &S3Bundles::connect(require("BUNDLES_BUCKET")).await,
        backups: &S3Backups::connect(require("BACKUPS_BUCKET")).await,
        instance_logs: &S3InstanceLogs::connect(require("BUNDLES_BUCKET")).await,
        commands: &SsmCommands::connect(SystemClock).await,
        fleet: &DynamoFleet::connect(
            require("FLEET_TABLE"),
            require("POOL"),
            require("POOL_PARTS"),
        )
        .await,
        random: &SystemRandom,
        keys: &DynamoProviderKeys::connect(require("PROJECTS_TABLE")).await,
        configurations: &DynamoConfigurations::connect(require("PROJECTS_TABLE")).await,
        clock: &SystemClock,
        config: &config(),
    };

    run(service_fn(move |event: LambdaEvent<Call>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}

fn config() -> Config {
    let platform = Platform {
        model_url: require("MODEL_URL"),
        model_id: require("MODEL_ID"),
        edge_cidr: require("EDGE_CIDR"),
        url_port: require("INSTANCE_URL_PORT"),
        providers: require_json("PROVIDER_URLS"),
        meter_url: meter_url(&require::<String>("MODEL_METER_URL")),
    };
    Config { platform, agent_image: require("AGENT_IMAGE"), model_egress: require("MODEL_EGRESS") }
}

/// AWS ends an address with a slash. A stage that does not meter says nothing.
fn meter_url(told: &str) -> Option<String> {
    let url = told.trim_end_matches('/');
    (!url.is_empty()).then(|| url.to_owned())
}
