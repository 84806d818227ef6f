//! The main job against a running stack: real functions, real Docker, a real OpenClaw.
//!
//! Each test says `needs a running stack`: `scripts/test` brings one up and names them.

mod attacks;
mod customer;
mod faults;
mod fleet;
mod main_job;
mod placement;
mod warm;
mod webhooks;
