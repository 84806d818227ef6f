//! Lambda glue shared by every function. Knows nothing of workers or projects.

pub mod env;
pub mod fault;
pub mod records;
pub mod secret;
pub mod telemetry;
