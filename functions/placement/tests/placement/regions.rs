//! A pool is where its stage says it is.

use crate::bench::{Bench, demand_mib, in_state, with_blank};
use domain::{
    plan::PlanId,
    worker::{Origin, State, Worker},
};
use testkit::{
    fleet::FakeFleet,
    make::{self, worker},
};

fn in_region(region: &str, worker: Worker) -> Worker {
    let origin = Origin { region: region.to_owned(), ..worker.origin };
    Worker { origin, ..worker }
}

fn bench(regions: &[&str], workers: impl IntoIterator<Item = Worker>) -> Bench {
    let bench = Bench::of(workers);
    let regions = regions.iter().map(ToString::to_string).collect();
    Bench { fleet: FakeFleet { regions, ..bench.fleet }, ..bench }
}

#[tokio::test]
async fn only_workers_in_its_regions_are_used() {
    let fleet = || [in_region("fsn1", worker("a", demand_mib())), worker("b", 8192)];
    let cases: [(&[&str], Option<&str>); 4] = [
        (&[], Some("a")),
        (&["us-east-1", "fsn1"], Some("a")),
        (&["us-east-1"], Some("b")),
        (&["hel1"], None),
    ];
    for (regions, expected) in cases {
        let place = bench(regions, fleet()).place_of(&make::saga()).await;
        assert_eq!(place.as_deref(), expected, "{regions:?}");
    }
}

#[tokio::test]
async fn nobody_elsewhere_is_woken_and_no_blank_claimed_there() {
    let asleep = in_region("fsn1", in_state("a", State::WarmStopped, 8192));
    let blank = with_blank(worker("b", 8192), "b1", PlanId::Standard, true);
    let bench = bench(&["us-east-1"], [asleep, in_region("fsn1", blank)]);
    assert_eq!(bench.place_of(&make::saga()).await, None);
    assert_eq!((bench.worker("a").state, bench.claims()), (State::WarmStopped, 1));
}
