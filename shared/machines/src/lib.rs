//! Machines of EC2 and of Hetzner Cloud behind one port.
//!
//! A crate of its own: `aws-sdk-ec2` costs more to compile than everything else together, so only
//! the functions that buy machines link it.

mod cloud;
mod ec2;
mod errors;
mod hetzner;
mod nodes;
mod user_data;

pub use cloud::{Cloud, CloudConfig};
pub use ec2::Ec2Machines;
pub use hetzner::{HetznerConfig, HetznerMachines, Misconfigured};
pub use nodes::Nodes;

/// Names a machine's worker, and marks it as one of ours.
const WORKER_TAG: &str = "1mins:worker";
/// Names a machine's stage. On EC2 it comes from the launch template.
const STAGE_TAG: &str = "1mins:stage";
