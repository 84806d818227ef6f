//! Reserving and releasing, each twice, with the fleet changed in between.

mod alone;
mod architecture;
mod bench;
mod blank_saga;
mod blanks;
mod decisions;
mod limits;
mod outages;
mod races;
mod regions;
mod room;
mod waking;
