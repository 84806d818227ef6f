//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        configurations::DynamoConfigurations, fleet::DynamoFleet, heartbeats::DynamoHeartbeats,
        projects::DynamoProjects, rests::DynamoRests, subscriptions::DynamoSubscriptions,
    },
    kms::KmsVault,
    sfn::StepFunctions,
    sqs::SqsQueue,
    ssm_commands::SsmCommands,
    telegram::TelegramBots,
};
use contracts::wake::Wake;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env::require, fault::diagnose, telemetry};
use sleep_watch::{Ports, Trigger, World, handle};

enum Aws {}

impl Ports for Aws {
    type Fleet = DynamoFleet;
    type Heartbeats = DynamoHeartbeats;
    type Rests = DynamoRests;
    type Projects = DynamoProjects;
    type Subscriptions = DynamoSubscriptions;
    type Configurations = DynamoConfigurations;
    type Vault = KmsVault;
    type Bots = TelegramBots;
    type Commands = SsmCommands<SystemClock>;
    type Sagas = StepFunctions;
    type Wakes = SqsQueue<Wake>;
    type Clock = SystemClock;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (fleet, projects): (String, String) = (require("FLEET_TABLE"), require("PROJECTS_TABLE"));
    let world = &World::<Aws> {
        fleet: &DynamoFleet::connect(fleet.clone(), require("POOL"), require("POOL_PARTS")).await,
        heartbeats: &DynamoHeartbeats::connect(fleet, require("MACHINE_ARN_PREFIX")).await,
        rests: &DynamoRests::connect(projects.clone()).await,
        configurations: &DynamoConfigurations::connect(projects.clone()).await,
        projects: &DynamoProjects::connect(projects).await,
        subscriptions: &DynamoSubscriptions::connect(require("LEDGER_TABLE")).await,
        vault: &KmsVault::connect(require("KEY_ID")).await,
        bots: &TelegramBots::new(require("TELEGRAM_URL"))?,
        commands: &SsmCommands::connect(SystemClock).await,
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        provisions: &StepFunctions::connect(require("PROVISION_ARN")).await,
        wakes: &SqsQueue::connect(require("WAKES_QUEUE_URL")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<Trigger>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
