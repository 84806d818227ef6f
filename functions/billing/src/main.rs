//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    dynamodb::{deliveries::DynamoDeliveries, projects::DynamoProjects},
    sfn::StepFunctions,
};
use aws_lambda_events::event::sqs::SqsEvent;
use billing::handle;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env, records, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let deliveries = &DynamoDeliveries::connect(env::require("LEDGER_TABLE")).await;
    let projects = &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await;
    let sagas = &StepFunctions::connect(env::require("PROVISION_ARN")).await;

    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let each = async |message| handle(deliveries, projects, sagas, message).await;
        Ok::<_, Error>(records::each(event.payload, each).await)
    }))
    .await
}
