//! Calls over fakes: who is let through, what is passed on, and what is counted whatever happens.

mod bench;
mod calls;
mod faults;
mod limits;
mod provider;
