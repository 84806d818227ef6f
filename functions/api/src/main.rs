//! Wiring only.
#![recursion_limit = "256"] // the SDK's futures nest deep

mod cloud;

use api::router;
use lambda_http::{Error, run};
use runtime::telemetry;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let api = Box::pin(cloud::connect()).await?;
    run(router(Arc::new(api))).await
}
