//! How every AWS client is built.

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use std::time::Duration;

/// Longer than any call of ours takes, shorter than a function's patience.
const CALL_TIMEOUT: Duration = Duration::from_secs(8);

/// Region, credentials and endpoint from the environment, as Lambda sets them.
///
/// The SDK does not retry: sagas and queues do, and one layer is enough.
pub async fn config() -> SdkConfig {
    let loading = aws_config::from_env()
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build())
        .load();
    // Boxed: the future of the whole credentials chain would otherwise be part of every `main`.
    Box::pin(loading).await
}
