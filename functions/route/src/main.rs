//! Wiring only.

use adapters::{clock::SystemClock, dynamodb::routes::DynamoRoutes, sqs::SqsFifoQueue};
use contracts::{provision::Call, routes::Step};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use route::{World, handle};
use runtime::{env, fault::diagnose, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let ledger = &DynamoRoutes::connect(env::require("LEDGER_TABLE")).await;
    let wake_ups = &SqsFifoQueue::connect(env::require("ROUTES_QUEUE_URL")).await;
    let world = World { ledger, wake_ups, clock: &SystemClock };

    run(service_fn(move |event: LambdaEvent<Call<Step>>| async move {
        handle(world, &event.payload).await.map_err(|error| diagnose(&error))
    }))
    .await
}
