//! Reserving and releasing, each twice, with the fleet changed in between.

mod alone;
mod architecture;
mod bench;
mod blank_saga;
mod blanks;
mod decisions;
mod halting;
mod limits;
mod outages;
mod races;
mod regions;
mod resizing;
mod room;
mod waking;
