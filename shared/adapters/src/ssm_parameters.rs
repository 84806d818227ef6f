//! Secrets of the platform itself, from Parameter Store.

use crate::aws;
use aws_sdk_ssm::Client;
use ports::Unavailable;

/// The decrypted value of the parameter called `name`. Read once, at cold start.
pub async fn secret(name: &str) -> Result<String, Unavailable> {
    Client::new(&aws::config().await)
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await
        .map_err(|it| Unavailable::new("parameter store", it))?
        .parameter
        .and_then(|it| it.value)
        .ok_or_else(|| Unavailable::new("parameter store", "the parameter has no value"))
}
