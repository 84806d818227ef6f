//! What an operator asks, and what is answered and done; and the audit of it.

mod bench;
mod fleet;
mod inspecting;
