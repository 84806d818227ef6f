//! An image runs on one kind of processor.

use crate::bench::{Bench, demand_mib, in_state};
use domain::{
    offering::Architecture,
    worker::{Origin, State, Worker},
};
use placement::Config;
use testkit::make::{self, worker};

fn arm(worker: Worker) -> Worker {
    let origin = Origin { architecture: Architecture::Arm, ..worker.origin };
    Worker { origin, ..worker }
}

#[tokio::test]
async fn only_workers_of_the_images_architecture_are_used() {
    let fleet = || [arm(worker("a", demand_mib())), worker("b", 8192)];
    for (architecture, expected) in [(Architecture::X86, "b"), (Architecture::Arm, "a")] {
        let bench = Bench::of(fleet());
        let config = Config { architecture, ..bench.config.clone() };
        let bench = Bench { config, ..bench };
        let place = bench.place_of(&make::saga()).await;
        assert_eq!(place.as_deref(), Some(expected), "{architecture:?}");
    }
}

#[tokio::test]
async fn nobody_of_another_architecture_is_woken() {
    let bench = Bench::of([arm(in_state("a", State::WarmStopped, 8192))]);
    assert_eq!(bench.place_of(&make::saga()).await, None);
    assert_eq!(bench.worker("a").state, State::WarmStopped);
}
