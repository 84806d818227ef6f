//! The nouns of the platform and the rules they obey. Pure: no clock, no I/O, no AWS.

pub mod backup;
pub mod capacity;
pub mod configuration;
pub mod consolidation;
pub mod email;
pub mod fit;
pub mod health;
pub mod id;
pub mod model;
pub mod offering;
pub mod plan;
pub mod price;
pub mod project;
pub mod route;
pub mod sleep;
pub mod subscription;
pub mod telegram;
pub mod tenant;
pub mod usage;
pub mod worker;
