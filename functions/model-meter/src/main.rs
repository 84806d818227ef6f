//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

use adapters::{
    clock::SystemClock,
    dynamodb::{
        configurations::DynamoConfigurations, projects::DynamoProjects,
        provider_keys::DynamoProviderKeys, usage::DynamoUsage,
    },
    kms::KmsVault,
    model_upstream::HttpModelUpstream,
    ssm_parameters,
};
use lambda_http::{Error, Request, RequestExt, run_with_streaming_response, service_fn};
use model_meter::{PATIENCE, Ports, Settings, World, handle};
use runtime::{
    env::{require, require_json},
    telemetry,
};
use std::sync::Arc;

enum Aws {}

impl Ports for Aws {
    type Projects = DynamoProjects;
    type Configurations = DynamoConfigurations;
    type Keys = DynamoProviderKeys;
    type Vault = KmsVault;
    type Usage = DynamoUsage;
    type Upstream = HttpModelUpstream;
    type Clock = SystemClock;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let world = &Arc::new(Box::pin(connect()).await?);
    run_with_streaming_response(service_fn(move |request: Request| async move {
        let id = request.lambda_context().request_id;
        Ok::<_, Error>(handle(world, &id, &request).await)
    }))
    .await
}

async fn connect() -> Result<World<Aws>, Error> {
    let projects: String = require("PROJECTS_TABLE");
    let (model_url, providers) = (require("MODEL_URL"), require_json("PROVIDER_URLS"));
    let parameter: String = require("MODEL_KEY_PARAMETER");
    Ok(World {
        projects: DynamoProjects::connect(projects.clone()).await,
        configurations: DynamoConfigurations::connect(projects.clone()).await,
        keys: DynamoProviderKeys::connect(projects).await,
        vault: KmsVault::connect(require("KEY_ID")).await,
        usage: DynamoUsage::connect(require("LEDGER_TABLE")).await,
        upstream: HttpModelUpstream::new(model_url, providers, PATIENCE)?,
        clock: SystemClock,
        settings: Settings {
            model_id: require("MODEL_ID"),
            model_key: ssm_parameters::secret(&parameter).await?,
        },
    })
}
