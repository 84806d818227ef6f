//! The outside world behind the ports: one module per service, one file per port.

pub mod aws;
pub mod clock;
pub mod dodo;
pub mod dynamodb;
pub mod kms;
pub mod model_upstream;
pub mod oidc;
pub mod providers;
pub mod random;
pub mod s3;
pub mod scheduler;
pub mod ses;
pub mod sfn;
pub mod sqs;
pub mod ssm_commands;
pub mod ssm_parameters;
pub mod ssm_routes;
pub mod telegram;
