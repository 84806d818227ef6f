//! The function over fakes: who falls asleep, who is woken, and what goes wrong meanwhile.

mod bench;
mod falling;
mod faults;
mod waking;
