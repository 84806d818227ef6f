//! The wire: what functions, workers, the edge and outside services say to each other.

pub mod billing;
pub mod blank;
pub mod configure;
pub mod drain;
pub mod erase;
pub mod exec;
pub mod grow;
pub mod halt;
pub mod import;
pub mod inspect;
pub mod logs;
pub mod mail;
pub mod models;
pub mod ordered;
pub mod problem;
pub mod provision;
pub mod resize;
pub mod restart;
pub mod routes;
pub mod wake;
pub mod warm;
pub mod webhook;
pub mod worker;
