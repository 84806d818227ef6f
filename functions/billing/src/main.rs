//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dodo::Dodo,
    dynamodb::{
        accounts::DynamoAccounts, deliveries::DynamoDeliveries, projects::DynamoProjects,
        subscriptions::DynamoSubscriptions,
    },
    kms::KmsVault,
    scheduler::SchedulerTimers,
    sfn::StepFunctions,
    sqs::SqsQueue,
    ssm_parameters,
};
use aws_lambda_events::event::sqs::SqsEvent;
use billing::{Billing, Machines, World, handle};
use contracts::{
    billing::{Message, Settings},
    mail::Letter,
    webhook::Products,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{env, records, telemetry};

/// The world of production.
struct Cloud;

impl World for Cloud {
    type Deliveries = DynamoDeliveries;
    type Subscriptions = DynamoSubscriptions;
    type Projects = DynamoProjects;
    type Accounts = DynamoAccounts;
    type Payments = Dodo;
    type Sagas = StepFunctions;
    type Timers = SchedulerTimers<Message>;
    type Vault = KmsVault;
    type Letters = SqsQueue<Letter>;
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
    let settings: Settings = env::require_json("BILLING");
    let billing = &Billing::<Cloud> {
        deliveries: &DynamoDeliveries::connect(env::require("LEDGER_TABLE")).await,
        subscriptions: &DynamoSubscriptions::connect(env::require("LEDGER_TABLE")).await,
        projects: &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await,
        accounts: &DynamoAccounts::connect(env::require("ACCOUNTS_TABLE")).await,
        payments: &Dodo::new(env::require("DODO_URL"), &key, products.clone())?,
        machines: Machines {
            provision: &StepFunctions::connect(env::require("PROVISION_ARN")).await,
            halt: &StepFunctions::connect(env::require("HALT_ARN")).await,
            resize: &StepFunctions::connect(env::require("RESIZE_ARN")).await,
            erase: &StepFunctions::connect(env::require("ERASE_ARN")).await,
        },
        timers: &SchedulerTimers::connect(env::require_json("TIMERS")).await,
        vault: &KmsVault::connect(env::require("KEY_ID")).await,
        letters: &SqsQueue::connect(env::require("MAIL_QUEUE_URL")).await,
        clock: &SystemClock,
        products: &products,
        terms: &settings.terms(),
    };

    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let each = async |message| Box::pin(handle(billing, message)).await;
        Ok::<_, Error>(records::each(event.payload, each).await)
    }))
    .await
}
