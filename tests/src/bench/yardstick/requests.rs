//! What a client of DynamoDB really sends: counted on the wire, whatever the code above believes.

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::BoxError,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// The header that names the operation.
const OPERATION: &str = "x-amz-target";

/// Requests of one client since they were last taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    updates: AtomicU32,
    all: AtomicU32,
}

impl Requests {
    /// Updates, and all requests, since the last time; counting begins anew.
    pub(super) fn take(&self) -> (u32, u32) {
        let zeroed = |count: &AtomicU32| count.swap(0, Ordering::Relaxed);
        (zeroed(&self.0.updates), zeroed(&self.0.all))
    }

    fn count(&self, operation: &str) {
        self.0.all.fetch_add(1, Ordering::Relaxed);
        if is_update(operation) {
            self.0.updates.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether it may take capacity. What is only noted down is put, not updated.
fn is_update(operation: &str) -> bool {
    let name = operation.rsplit('.').next().unwrap_or_default();
    matches!(name, "UpdateItem" | "TransactWriteItems")
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "Requests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.count(context.request().headers().get(OPERATION).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_told_from_the_rest_and_counted_once() {
        let requests = Requests::default();
        for operation in ["Query", "UpdateItem", "GetItem", "UpdateItem", "PutItem"] {
            requests.clone().count(&format!("DynamoDB_20120810.{operation}"));
        }
        assert_eq!(requests.take(), (2, 5));
        assert_eq!(requests.take(), (0, 0));
    }
}
