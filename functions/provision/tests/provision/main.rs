//! Buying, starting, giving back and waiting, with answers lost and the other step in between.

mod bench;
mod buying;
mod late;
mod spare;
mod undoing;
mod waiting;
mod waking;
