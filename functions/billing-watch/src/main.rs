//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dodo::Dodo,
    dynamodb::{
        credits::DynamoCredits, prices::DynamoPrices, projects::DynamoProjects,
        subscriptions::DynamoSubscriptions,
    },
    sfn::StepFunctions,
    sqs::SqsFifoQueue,
    ssm_parameters,
};
use billing_watch::{Input, Watch, World, handle};
use contracts::{billing::Message, webhook::Products};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env, fault::diagnose, telemetry};

/// The world of production.
struct Cloud;

impl World for Cloud {
    type Census = DynamoProjects;
    type Subscriptions = DynamoSubscriptions;
    type Payments = Dodo;
    type Prices = DynamoPrices;
    type Sagas = StepFunctions;
    type Looks = SqsFifoQueue<Message>;
    type Credits = DynamoCredits;
    type Clock = SystemClock;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let products = Products {
        standard: env::require("DODO_PRODUCT_STANDARD"),
        pro: env::require("DODO_PRODUCT_PRO"),
        dedicated: env::require("DODO_PRODUCT_DEDICATED"),
    };
    let parameter: String = env::require("DODO_KEY_PARAMETER");
    let key = ssm_parameters::secret(&parameter).await?;
    let ledger: String = env::require("LEDGER_TABLE");
    let watch = &Watch::<Cloud> {
        census: &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await,
        subscriptions: &DynamoSubscriptions::connect(ledger.clone()).await,
        payments: &Dodo::new(env::require("DODO_URL"), &key, products)?,
        prices: &DynamoPrices::connect(ledger.clone()).await,
        provisions: &StepFunctions::connect(env::require("PROVISION_ARN")).await,
        looks: &SqsFifoQueue::connect(env::require("BILLING_QUEUE_URL")).await,
        credits: &DynamoCredits::connect(ledger).await,
        clock: &SystemClock,
        settings: &env::require_json("BILLING"),
        console: &env::require::<String>("CONSOLE_URL"),
    };

    run(service_fn(move |event: LambdaEvent<Input>| async move {
        Box::pin(handle(watch, event.payload)).await.map_err(|error| diagnose(&error))
    }))
    .await
}
