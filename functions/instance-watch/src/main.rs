//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        accounts::DynamoAccounts, cases::DynamoCases, fleet::DynamoFleet,
        heartbeats::DynamoHeartbeats, projects::DynamoProjects, routes::DynamoRoutes,
    },
    sfn::StepFunctions,
    sqs::{SqsFifoQueue, SqsQueue},
};
use contracts::{mail::Letter, routes::WakeUp};
use instance_watch::{Another, Ports, Trigger, World, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env::require, fault::diagnose, telemetry};

enum Aws {}

impl Ports for Aws {
    type Fleet = DynamoFleet;
    type Heartbeats = DynamoHeartbeats;
    type Cases = DynamoCases;
    type Projects = DynamoProjects;
    type Accounts = DynamoAccounts;
    type Sagas = StepFunctions;
    type Routes = DynamoRoutes;
    type WakeUps = SqsFifoQueue<WakeUp>;
    type Letters = SqsQueue<Letter>;
    type Looks = SqsQueue<Another>;
    type Clock = SystemClock;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (fleet, projects): (String, String) = (require("FLEET_TABLE"), require("PROJECTS_TABLE"));
    let world = &World::<Aws> {
        fleet: &DynamoFleet::connect(fleet.clone(), require("POOL"), require("POOL_PARTS")).await,
        heartbeats: &DynamoHeartbeats::connect(fleet, require("MACHINE_ARN_PREFIX")).await,
        cases: &DynamoCases::connect(projects.clone()).await,
        projects: &DynamoProjects::connect(projects).await,
        accounts: &DynamoAccounts::connect(require("ACCOUNTS_TABLE")).await,
        restarts: &StepFunctions::connect(require("RESTART_ARN")).await,
        halts: &StepFunctions::connect(require("HALT_ARN")).await,
        routes: &DynamoRoutes::connect(require("LEDGER_TABLE")).await,
        wake_ups: &SqsFifoQueue::connect(require("ROUTES_QUEUE_URL")).await,
        letters: &SqsQueue::connect(require("MAIL_QUEUE_URL")).await,
        looks: &SqsQueue::connect(require("INSTANCES_QUEUE_URL")).await,
        clock: &SystemClock,
    };

    run(service_fn(move |event: LambdaEvent<Trigger>| async move {
        handle(world, event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
