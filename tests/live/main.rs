//! The main job against a running stack: real functions, real Docker, a real OpenClaw.
//!
//! Each test says `needs a running stack`: `scripts/test` brings one up and names them.

mod attacks;
mod customer;
mod faults;
mod fleet;
mod health;
mod inspect;
mod machine;
mod main_job;
mod moves;
mod operator;
mod placement;
mod reaper;
mod subscription;
mod warm;
mod webhooks;
