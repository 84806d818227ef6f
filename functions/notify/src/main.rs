//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{accounts::DynamoAccounts, projects::DynamoProjects},
    ses::SesMail,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use notify::{Origins, Trigger, announce, deliver};
use runtime::{env, fault::diagnose, records, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let projects = &DynamoProjects::connect(env::require("PROJECTS_TABLE")).await;
    let accounts = &DynamoAccounts::connect(env::require("ACCOUNTS_TABLE")).await;
    let mail = &SesMail::connect(env::require("MAIL_FROM")).await;
    let origins = &Origins {
        app_url: env::require("APP_URL"),
        instance_url_port: env::require("INSTANCE_URL_PORT"),
    };

    run(service_fn(move |event: LambdaEvent<Trigger>| async move {
        match event.payload {
            Trigger::Letters(batch) => {
                let each = async |letter| deliver(mail, origins, letter).await;
                Ok(Some(records::each(batch, each).await))
            }
            Trigger::Step(call) => {
                match announce(projects, accounts, mail, &SystemClock, origins, &call).await {
                    Ok(()) => Ok(None),
                    Err(error) => Err(diagnose(&error)),
                }
            }
        }
    }))
    .await
}
