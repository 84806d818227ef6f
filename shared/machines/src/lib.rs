//! Machines on EC2.
//!
//! A crate of its own: `aws-sdk-ec2` costs more to compile than everything else together, so only
//! the functions that buy machines link it.

mod ec2;
mod errors;

pub use ec2::Ec2Machines;
