//! What a failure asks of whoever called us.

use lambda_runtime::Diagnostic;
use std::error::Error;

/// The name under which Step Functions and the queue loop see an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong with the request. Deliver it again, later.
    Retryable,
    /// Repeating cannot help. Undo what was done and tell the tenant.
    Terminal,
}

/// Every error that leaves a handler says which of the two it is.
pub trait Classify: Error {
    fn fault(&self) -> Fault;
}

/// Renders `error` for the state machine, and logs it: the one place where an error is logged.
pub fn diagnose(error: &dyn Classify) -> Diagnostic {
    let fault = error.fault();
    let message = chain(error);
    tracing::error!(?fault, %message, "step failed");
    Diagnostic { error_type: format!("{fault:?}"), error_message: message }
}

/// `error` and all its sources on one line.
pub fn chain<E: Error + ?Sized>(error: &E) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    message
}
