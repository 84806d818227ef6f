//! A world of fakes, and an edge that reads it as strictly as the real one.

#![allow(dead_code, reason = "each test binary uses its own part")]

use contracts::routes::{
    Routes, Stamp, apply, chunk,
    head::Head,
    partition::{Prefix, digest},
};
use domain::{
    id::ProjectId,
    route::{HostName, Target},
};
use ports::routes::{Change, Phase, RouteBoard, RouteLog};
use route_publisher::{PublishError, World, publish};
use std::net::Ipv4Addr;
use testkit::{
    clock::FakeClock,
    routes::{FakeRouteBoard, FakeRouteLog},
};

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) log: FakeRouteLog,
    pub(crate) board: FakeRouteBoard,
    pub(crate) clock: FakeClock,
}

impl Bench {
    pub(crate) fn world(&self) -> World<'_, FakeRouteLog, FakeRouteBoard, FakeClock> {
        World { log: &self.log, board: &self.board, clock: &self.clock }
    }

    pub(crate) async fn publish(&self, owner: &str) -> Result<u64, PublishError> {
        publish(self.world(), owner).await.map(|it| it.sequence)
    }

    /// Lets host number `number` be served from a worker in attempt `attempt`.
    pub(crate) async fn serve(&self, number: u32, attempt: u32) {
        self.log.record(&change(number, attempt)).await.expect("records");
    }

    pub(crate) async fn edge(&self) -> Edge {
        let mut edge = Edge::default();
        edge.look(&self.board, 0).await;
        edge
    }
}

/// A change as real ones are: the id in a host is random, and workers are many.
pub(crate) fn change(number: u32, attempt: u32) -> Change {
    let worker = number.wrapping_mul(2_654_435_761).wrapping_add(attempt) % 5_000;
    let port = 18_789 + u16::try_from(number % 20).expect("small");
    let address = Ipv4Addr::from((10 << 24) + worker);
    Change {
        host: host(number),
        project_id: ProjectId::new("1").expect("well-formed"),
        attempt,
        phase: Phase::Serving,
        target: Some(Target::Upstream { address, port }),
    }
}

pub(crate) fn host(number: u32) -> HostName {
    const WORDS: [&str; 8] = ["atlas", "bot", "mail", "family", "acme", "luna", "shop", "helper"];
    let word = |seed: u64| WORDS[usize::try_from(seed % 8).expect("small")];
    let mut seed = digest(&number.to_string());
    let name = format!("{}-{}{}", word(seed >> 7), word(seed >> 17), (seed >> 27) % 300);
    let mut id = String::new();
    for _ in 0..10 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = u32::try_from((seed >> 40) % 36).expect("small");
        id.push(char::from_digit(at, 36).expect("a digit"));
    }
    format!("{name}-{id}.1mins.in").try_into().expect("well-formed")
}

/// Applies only what supersedes what it has, and checks that it is whole.
#[derive(Debug, Default)]
pub(crate) struct Edge {
    pub(crate) applied: Option<Stamp>,
    pub(crate) routes: Routes,
}

impl Edge {
    /// Looks at the head as it was `age` versions ago.
    pub(crate) async fn look(&mut self, board: &FakeRouteBoard, age: usize) {
        let heads = board.heads();
        let Some(head) = heads.len().checked_sub(1 + age).map(|at| &heads[at]) else { return };
        let head = Head::decode(head).expect("every head is well-formed");
        if !head.stamp.supersedes(self.applied) {
            return;
        }
        let before = self.applied.map(Stamp::position);
        assert!(Some(head.stamp.position()) >= before, "routing never rolls back");
        self.routes = whole(board, &head).await;
        self.applied = Some(head.stamp);
    }
}

async fn whole(board: &FakeRouteBoard, head: &Head) -> Routes {
    let prefixes: Vec<Prefix> = head.base.versions.keys().copied().collect();
    let wanted: Vec<_> = head.base.versions.iter().map(|(it, at)| (it.name(), *at)).collect();
    let texts = board.chunks(&wanted).await.expect("the board is up");
    let (mut routes, mut seen) = (Routes::new(), 0);
    for (prefix, text) in prefixes.into_iter().zip(texts) {
        let text = text.expect("every chunk that a head names is there");
        seen ^= digest(&text);
        routes.extend(chunk::decode(prefix, &text).expect("every chunk is well-formed"));
    }
    assert_eq!(seen, head.base.digest);
    apply(&mut routes, &head.log);
    routes
}
