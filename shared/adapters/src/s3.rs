//! Stores on S3.

pub mod backups;
pub mod bundles;
pub mod imports;
pub mod instance_logs;
