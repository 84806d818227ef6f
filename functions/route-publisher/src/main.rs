//! Wiring only.

use adapters::{clock::SystemClock, dynamodb::routes::DynamoRoutes, ssm_routes::SsmRouteBoard};
use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use route_publisher::{World, publish};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let log = &DynamoRoutes::connect(env::require("LEDGER_TABLE")).await;
    let board = &SsmRouteBoard::connect(env::require("ROUTES_PREFIX")).await;
    let world = World { log, board, clock: &SystemClock };

    // The messages say nothing but "look": one look serves the whole batch, and fails it.
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        // Each invocation is an owner: one that timed out may have a write under way.
        let owner = event.context.request_id;
        publish(world, &owner).await.map(|_| ()).map_err(|error| diagnose(&error))
    }))
    .await
}
