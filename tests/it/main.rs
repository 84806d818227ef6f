//! What no crate can test alone: the synthesised state machines over fakes of every port, and the
//! shape of the repository.

mod asl;
mod events;
mod sagas;
mod simulation;
mod tidy;
mod world;
