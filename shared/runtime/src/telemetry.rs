//! Logs: one JSON object a line, with the fields of the surrounding spans.

/// Call once, first thing in `main`.
pub fn init() {
    lambda_runtime::tracing::init_default_subscriber();
}
