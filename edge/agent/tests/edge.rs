//! The agent and a real nginx, as visitors see them.

#[path = "edge/handoff.rs"]
mod handoff;
#[path = "edge/site.rs"]
mod site;
mod support;

use contracts::{
    routes::{Changes, Routes, chunk, head::Base, partition::Prefix},
    wake::Wake,
};
use domain::route::{Page, Target};
use ports::routes::{EdgeReports, RouteBoard};
use reqwest::header;
use std::{net::Ipv4Addr, time::Duration};
use support::{APP_HOST, Edge, Instance, World, free_port, host, page};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn every_state_has_its_page_and_its_status() {
    let (edge, world) = (Edge::start().await, World::default());
    let nobody = Target::Upstream { address: Ipv4Addr::LOCALHOST, port: free_port().await };
    world.publish(
        1,
        &[
            ("provisioning", page(Page::Provisioning)),
            ("failed", page(Page::Failed)),
            ("asleep", page(Page::Asleep)),
            ("stopped", page(Page::Stopped)),
            ("suspended", page(Page::Suspended)),
            ("down", nobody),
        ],
    );
    world.agent(&edge).look().await;
    let cases = [
        ("provisioning", 503, Some("3"), "Getting ready"),
        ("failed", 503, Some("60"), "Setup did not finish"),
        ("asleep", 503, Some("3"), "Waking up"),
        ("stopped", 503, None, "Switched off"),
        ("suspended", 403, None, "Paused"),
        ("down", 502, Some("5"), "Not answering"),
        ("nobody", 404, None, "Nobody lives here"),
    ];
    for (label, status, retry_s, title) in cases {
        let answer = edge.get(label, "/").await;
        assert_eq!(answer.status(), status, "{label}");
        let retry = answer.headers().get(header::RETRY_AFTER).cloned();
        assert_eq!(retry.as_ref().and_then(|it| it.to_str().ok()), retry_s, "{label}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8", "{label}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{label}");
        let body = answer.text().await.expect("a body");
        assert!(body.contains(&format!("<h1>{title}</h1>")), "{label}: {body}");
        assert!(!body.contains("{{"), "{label}: {body}");
        let refreshes = body.contains("http-equiv=\"refresh\"");
        assert_eq!(refreshes, matches!(label, "provisioning" | "asleep" | "down"), "{label}");
    }
}

#[tokio::test]
async fn programs_get_a_problem_document() {
    let (edge, world) = (Edge::start().await, World::default());
    world.publish(1, &[("bot", page(Page::Provisioning))]);
    world.agent(&edge).look().await;
    let host = host("bot");
    let request = Edge::client(host.as_str()).get(edge.url(host.as_str(), "/v1/models"));
    let answer = request.header("accept", "application/json").send().await.expect("answers");
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    let problem = answer.text().await.expect("a body");
    assert!(problem.contains(r#""status":503"#), "{problem}");
    assert!(problem.contains(r#""state":"provisioning""#), "{problem}");
}

#[tokio::test]
async fn who_comes_to_a_host_that_is_asleep_is_told_of_once_a_minute_and_nobody_else() {
    let (edge, world) = (Edge::start().await, World::default());
    let mut agent = world.agent(&edge);
    let pages = [("bot", page(Page::Asleep)), ("rest", page(Page::Stopped))];
    world.publish(1, &pages);
    agent.look().await;
    for _ in 0..3 {
        for label in ["bot", "rest", "nobody"] {
            edge.get(label, "/chat?x=1").await;
        }
    }
    assert_eq!(edge.status_of_raw("bot", "//elsewhere").await, "400", "that is no visit");
    world.wakes.outage.begin(1);
    agent.look().await;
    assert_eq!(world.wakes.sent(), [], "it could not be told");
    // The next minute, as far as nginx remembers: it is another nginx.
    let (edge, told) = (Edge::start().await, Wake { host: host("bot") });
    let mut agent = world.agent(&edge);
    agent.look().await;
    for _ in 0..3 {
        edge.get("bot", "/").await;
        agent.look().await;
    }
    assert_eq!(world.wakes.sent(), [told]);
}

#[tokio::test]
async fn a_route_follows_its_changes_without_a_reload() {
    let (edge, world) = (Edge::start().await, World::default());
    let (one, other) = (Instance::start("one").await, Instance::start("other").await);
    let mut agent = world.agent(&edge);
    world.publish(1, &[("bot", page(Page::Provisioning)), ("else", other.target)]);
    agent.look().await;
    assert!(edge.text("bot").await.contains("Getting ready"));
    world.publish(2, &[("bot", one.target), ("else", other.target)]);
    agent.look().await;
    assert!(edge.text("bot").await.starts_with("one\n"));
    world.publish(3, &[("bot", other.target)]);
    agent.look().await;
    assert!(edge.text("bot").await.starts_with("other\n"));
    assert_eq!(edge.get("else", "/").await.status(), 404, "withdrawn");
    let file = std::fs::read_to_string(edge.file()).expect("the last known good table");
    let port = other.port;
    assert_eq!(
        file,
        format!(
            "# routes incarnation=1 epoch=1 sequence=3 count=1\n\"bot.1mins.test\" 127.0.0.1:{port};\n"
        )
    );
}

#[tokio::test]
async fn a_websocket_lives_through_the_change_of_its_route() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("chat").await;
    let mut agent = world.agent(&edge);
    world.publish(1, &[("bot", instance.target)]);
    agent.look().await;
    let name = host("bot");
    let handshake = Edge::client(name.as_str())
        .get(edge.url(name.as_str(), "/ws"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .send()
        .await
        .expect("answers");
    assert_eq!(handshake.status(), 101);
    let mut socket = handshake.upgrade().await.expect("upgraded");
    for (sequence, route) in [(2, page(Page::Asleep)), (3, instance.target)] {
        let mut heard = [0; 5];
        socket.write_all(b"hello").await.expect("open");
        socket.read_exact(&mut heard).await.expect("open");
        assert_eq!(&heard, b"hello");
        world.publish(sequence, &[("bot", route)]);
        agent.look().await;
    }
    let mut heard = [0; 3];
    socket.write_all(b"bye").await.expect("still open");
    socket.read_exact(&mut heard).await.expect("still open");
    assert_eq!(&heard, b"bye");
}

#[tokio::test]
async fn an_instance_is_told_who_calls_by_the_edge_alone() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    world.publish(1, &[("bot", instance.target)]);
    world.agent(&edge).look().await;
    let name = host("bot");
    let request = Edge::client(name.as_str())
        .get(edge.url(name.as_str(), "/chat?x=1"))
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-real-ip", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6")
        .header("x-forwarded-user", "root")
        .header("x-forwarded-proto", "gopher");
    let seen = request.send().await.expect("answers").text().await.expect("a body").to_lowercase();
    assert!(seen.contains("\nget /chat?x=1 http/1.1\r\n"), "{seen}");
    // Loopback callers go by another address: an instance refuses those on its own machine.
    assert!(seen.contains("\nx-forwarded-for: 203.0.113.1\r\n"), "{seen}");
    assert!(seen.contains("\nx-forwarded-proto: https\r\n"), "{seen}");
    assert!(seen.contains(&format!("\nhost: {name}:{}\r\n", edge.https_port)), "{seen}");
    for forged in ["6.6.6.6", "root", "gopher"] {
        assert!(!seen.contains(forged), "{forged}: {seen}");
    }
}

#[tokio::test]
async fn closed_paths_are_closed_in_every_spelling() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    world.publish(1, &[("bot", instance.target), ("asleep", page(Page::Asleep))]);
    world.agent(&edge).look().await;
    let cases = [
        ("/", "200"),
        ("/v1/models", "200"),
        ("/api", "200"),
        ("/api/v10/x", "200"),
        ("/x?to=//api/v1/\\", "200"),
        ("/api/v1", "404"),
        ("/api/v1/admin/rpc", "404"),
        ("/API/v1/admin/rpc", "404"),
        ("/api/./v1/admin/rpc", "404"),
        ("/x/../api/v1/admin/rpc", "404"),
        ("/api%2fv1/admin/rpc", "404"),
        ("/%61pi/v1/admin/rpc", "404"),
        ("/api//v1/admin/rpc", "404"),
        ("/.well-known/openclaw/browser-bootstrap", "404"),
        ("/.well-known/acme", "200"),
        ("//elsewhere/api/v1/admin/rpc", "400"),
        ("/api\\v1\\admin/rpc", "400"),
    ];
    for (path, status) in cases {
        assert_eq!(edge.status_of_raw("bot", path).await, status, "{path}");
    }
    assert_eq!(edge.status_of_raw("asleep", "/api/v1/x").await, "503", "says nothing of paths");
}

#[tokio::test]
async fn a_restarted_nginx_serves_at_once_and_without_the_agent() {
    let (mut edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    world.publish(1, &[("bot", instance.target)]);
    world.agent(&edge).look().await;
    edge.stop_nginx();
    edge.start_nginx().await;
    assert!(edge.text("bot").await.starts_with("bot\n"));
}

#[tokio::test]
async fn a_restarted_nginx_gets_everything_again() {
    let (mut edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    let mut agent = world.agent(&edge);
    world.publish(1, &[("bot", instance.target)]);
    agent.look().await;
    edge.stop_nginx();
    std::fs::remove_file(edge.file()).expect("there was one");
    agent.look().await;
    edge.start_nginx().await;
    assert_eq!(edge.get("bot", "/").await.status(), 404, "it has lost everything");
    agent.look().await;
    assert!(edge.text("bot").await.starts_with("bot\n"));
}

#[tokio::test]
async fn an_agent_starts_from_the_last_known_good_table_when_the_source_is_down() {
    let (mut edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    world.publish(1, &[("bot", instance.target)]);
    world.agent(&edge).look().await;
    let good = std::fs::read(edge.file()).expect("the last known good table");

    // nginx comes back without the file; the agent does with it, and with nothing else.
    edge.stop_nginx();
    std::fs::remove_file(edge.file()).expect("there was one");
    edge.start_nginx().await;
    std::fs::write(edge.file(), good).expect("a file");
    world.board.outage.begin(u32::MAX);
    world.agent(&edge).look().await;
    assert!(edge.text("bot").await.starts_with("bot\n"));
}

#[tokio::test]
async fn nothing_bad_is_ever_served() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    let mut agent = world.agent(&edge);
    world.publish(5, &[("bot", instance.target)]);
    agent.look().await;
    let good = std::fs::read(edge.file()).expect("the last known good table");

    let elsewhere = || Changes::from([(host("bot"), Some(page(Page::Stopped)))]);
    let missing = Base { versions: [(Prefix::ROOT, 9)].into(), digest: 0 };
    let routes = Routes::from([(host("bot"), page(Page::Stopped))]);
    let chunks = chunk::encode(Prefix::ROOT, routes).expect("fits");
    let version = world.board.put_chunk("r", &chunks[0].text).await.expect("the board is up");
    let mixed_up = Base { versions: [(Prefix::ROOT, version)].into(), digest: 42 };
    for (case, publish) in [
        ("noise", &(|| world.board.scribble("1mr1 1 1 99 noise")) as &dyn Fn()),
        ("nothing", &|| world.board.scribble("")),
        ("a table from the past", &|| world.publish(4, &[("bot", page(Page::Stopped))])),
        ("the same stamp, other routes", &|| world.publish_head(5, Base::default(), elsewhere())),
        ("a chunk that is not there", &|| world.publish_head(6, missing.clone(), elsewhere())),
        ("a chunk of something else", &|| world.publish_head(7, mixed_up.clone(), elsewhere())),
    ] {
        publish();
        agent.look().await;
        agent.look().await;
        assert!(edge.text("bot").await.starts_with("bot\n"), "{case}");
        assert_eq!(std::fs::read(edge.file()).expect("a file"), good, "{case}");
    }
    // And it has not lost its way.
    world.publish(8, &[("bot", page(Page::Asleep))]);
    agent.look().await;
    assert!(edge.text("bot").await.contains("Waking up"));
}

#[tokio::test]
async fn a_table_in_chunks_is_served_like_any_other() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Instance::start("bot").await;
    let mut agent = world.agent(&edge);
    let mut routes: Routes =
        (0..900).map(|it| (host(&format!("h{it}")), page(Page::Asleep))).collect();
    for (sequence, target) in [(1, page(Page::Stopped)), (2, instance.target)] {
        routes.insert(host("bot"), target);
        let mut base = Base::default();
        for chunk in chunk::encode(Prefix::ROOT, routes.clone()).expect("fits") {
            let name = chunk.prefix.name();
            let version = world.board.put_chunk(&name, &chunk.text).await.expect("it is up");
            base.replace(chunk.prefix, None, &[(chunk.prefix, version, &chunk.text)]);
        }
        assert!(base.versions.len() > 1);
        let log = [(host("new"), Some(instance.target)), (host("h7"), None)].into();
        world.publish_head(sequence, base, log);
        agent.look().await;
    }
    for label in ["bot", "new"] {
        assert!(edge.text(label).await.starts_with("bot\n"), "{label}");
    }
    assert_eq!(edge.get("h6", "/").await.status(), 503);
    assert_eq!(edge.get("h7", "/").await.status(), 404);
}

#[tokio::test]
async fn the_report_says_what_nginx_serves() {
    let (mut edge, world) = (Edge::start().await, World::default());
    let mut agent = world.agent(&edge);
    let reported = async || {
        let reports = world.ledger.reports().await.expect("the ledger is up");
        reports.first().map(|it| (it.applied.sequence, it.at))
    };
    agent.look().await;
    assert_eq!(reported().await, None, "there is no table yet");
    world.publish(1, &[("bot", page(Page::Asleep))]);
    agent.look().await;
    let (sequence, first) = reported().await.expect("a report");
    assert_eq!(sequence, 1);
    edge.stop_nginx();
    world.publish(2, &[("bot", page(Page::Stopped))]);
    agent.look().await;
    assert_eq!(reported().await, Some((1, first)), "nginx has not taken it");
    edge.start_nginx().await;
    world.ledger.outage.begin(1);
    agent.look().await;
    agent.look().await;
    assert_eq!(reported().await, Some((2, first)), "reported when the ledger was back");
    world.clock.advance(Duration::from_secs(59));
    agent.look().await;
    assert_eq!(reported().await, Some((2, first)));
    world.clock.advance(Duration::from_secs(1));
    agent.look().await;
    assert_eq!(reported().await, Some((2, first + Duration::from_mins(1))), "still alive");
}

#[tokio::test]
async fn plain_http_leads_to_https_for_hosts_that_are_ours() {
    let (edge, world) = (Edge::start().await, World::default());
    world.publish(1, &[("bot", page(Page::Asleep))]);
    world.agent(&edge).look().await;
    for (host, status) in [("bot.1mins.test", 308), (APP_HOST, 308), ("evil.example", 404)] {
        let url = format!("http://{host}:{}/a?b=c", edge.http_port);
        let answer = Edge::client(host).get(url).send().await.expect("answers");
        assert_eq!(answer.status(), status, "{host}");
        if status == 308 {
            assert_eq!(
                answer.headers()[header::LOCATION].to_str().ok(),
                Some(edge.url(host, "/a?b=c").as_str())
            );
        }
    }
    let foreign = Edge::client("evil.example").get(edge.url("evil.example", "/")).send().await;
    assert_eq!(foreign.expect("answers").status(), 404, "nothing is proxied by default");
}
