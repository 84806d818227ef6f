//! Launching, adopting, resting, restarting, resizing, inspecting and removing over a worker that obeys, refuses or is away.

mod adopting;
mod bench;
mod blank;
mod configuring;
mod exits;
mod inspecting;
mod launching;
mod resizing;
mod restarting;
mod resting;
mod undoing;
