//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock, dynamodb::deliveries::DynamoDeliveries, sqs::SqsFifoQueue, ssm_parameters,
};
use lambda_http::{Error, Request, run, service_fn};
use ports::clock::Clock;
use runtime::{env, telemetry};
use webhook_intake::{Secrets, as_signed, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let deliveries = &DynamoDeliveries::connect(env::require("LEDGER_TABLE")).await;
    let billing = &SqsFifoQueue::connect(env::require("BILLING_QUEUE_URL")).await;
    let parameter: String = env::require("DODO_WEBHOOK_PARAMETER");
    let secrets: &Secrets = &ssm_parameters::secret(&parameter).await?.parse()?;

    run(service_fn(move |request: Request| async move {
        let request = as_signed(request);
        Ok::<_, Error>(handle(deliveries, billing, secrets, SystemClock.now(), &request).await)
    }))
    .await
}
