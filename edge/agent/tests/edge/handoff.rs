//! From the site to a chat: what a browser is given, and what nobody is.

use crate::support::{
    APP_HOST, EDGE_KEY, Edge, Instance, World, host, page,
    scripted::{Scripted, answer_with},
};
use domain::route::Page;
use reqwest::{Method, RequestBuilder, Response, header};

const LABEL: &str = "mybot-abc123";
const OPEN: &str = "/.well-known/1mins/open";
const OPENED: &str = "/.well-known/1mins/opened";
const BOOTSTRAP: &str = "/.well-known/openclaw/browser-bootstrap";

const TICKET: &str = "ticket-ticket-ticket-ticket-ticket-ticket-t";
const USED: &str = "used-used-used-used-used-used-used-used-use";
const SESSION: &str = "session_session_session_session_session_ses";
const TOKEN: &str = "the-gateways-token";
const PAIRED: &str = r#"{"bootstrapToken":"once","bootstrapProfile":"owner"}"#;

/// Knows one ticket and one session, both of one host.
fn api(request: &str) -> String {
    let of_edge = request.contains(&format!("\r\nX-Edge-Key: {EDGE_KEY}\r\n"));
    let says = |field, secret| {
        request.ends_with(&format!(r#"{{"host":"{}","{field}":"{secret}"}}"#, host(LABEL)))
    };
    let exchanges = request.starts_with("POST /stage/api/edge/chat-sessions HTTP");
    let authorizes = request.starts_with("POST /stage/api/edge/chat-authorizations HTTP");
    if of_edge && exchanges && says("ticket", TICKET) {
        answer_with("201 Created", &format!("X-Chat-Session: {SESSION}\r\n"), "")
    } else if of_edge && exchanges {
        answer_with("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "{}")
    } else if of_edge && authorizes && says("session", SESSION) {
        answer_with("204 No Content", &format!("X-Gateway-Token: {TOKEN}\r\n"), "")
    } else if of_edge && authorizes {
        answer_with("401 Unauthorized", "", "{}")
    } else {
        answer_with("404 Not Found", "", "{}")
    }
}

fn instance(request: &str) -> String {
    if !request.starts_with("POST /api/v1/onemins/handoff HTTP") {
        return answer_with("200 OK", "", request);
    }
    let knows = request.contains(&format!("\r\nAuthorization: Bearer {TOKEN}\r\n"));
    let headers = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    if knows { answer_with("200 OK", headers, PAIRED) } else { answer_with("401 No", "", "") }
}

struct Bench {
    edge: Edge,
    api: Scripted,
    instance: Scripted,
}

impl Bench {
    async fn start() -> Self {
        let (api, instance) = (Scripted::start(api).await, Scripted::start(instance).await);
        let edge = Edge::with_api(&format!("http://127.0.0.1:{}/stage", api.port)).await;
        let (world, other) = (World::default(), Instance::start("other").await);
        let asleep = page(Page::Asleep);
        world.publish(
            1,
            &[(LABEL, instance.target()), ("other-1", other.target), ("asleep-2", asleep)],
        );
        world.agent(&edge).look().await;
        Self { edge, api, instance }
    }

    fn app(&self, path: &str) -> String {
        self.edge.url(APP_HOST, path)
    }

    fn request(&self, method: Method, label: &str, path: &str) -> RequestBuilder {
        let host = host(label);
        Edge::client(host.as_str()).request(method, self.edge.url(host.as_str(), path))
    }

    async fn get(&self, label: &str, path: &str, cookies: &str) -> Response {
        let request = self.request(Method::GET, label, path);
        request.header(header::COOKIE, cookies).send().await.expect("nginx answers")
    }

    /// As a browser submits the site's form.
    async fn open(&self, label: &str, ticket: &str) -> Response {
        let form = self.request(Method::POST, label, OPEN).header(header::ORIGIN, self.app(""));
        let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        form.body(format!("ticket={ticket}")).send().await.expect("nginx answers")
    }
}

fn location(answer: &Response) -> &str {
    answer.headers().get(header::LOCATION).map_or("", |it| it.to_str().expect("text"))
}

fn baked(answer: &Response) -> Vec<&str> {
    let cookies = answer.headers().get_all(header::SET_COOKIE);
    cookies.iter().map(|it| it.to_str().expect("text")).collect()
}

fn session() -> String {
    format!("theme=dark; __Host-chat={SESSION}; __Host-chat-opened=1")
}

#[tokio::test]
async fn a_ticket_leads_to_a_paired_browser() {
    let bench = Bench::start().await;
    let opened = bench.open(LABEL, TICKET).await;
    assert_eq!((opened.status().as_u16(), location(&opened)), (303, OPENED));
    let flags = "Path=/; Secure; HttpOnly; SameSite=Lax";
    let expected = [
        format!("__Host-chat={SESSION}; Max-Age=300; {flags}"),
        format!("__Host-chat-opened=1; Max-Age=31536000; {flags}"),
    ];
    assert_eq!(baked(&opened), expected);
    assert_eq!(opened.headers()[header::CACHE_CONTROL], "no-store");

    let kept = bench.get(LABEL, OPENED, &session()).await;
    assert_eq!((kept.status().as_u16(), location(&kept)), (303, "/"));
    for _ in 0..2 {
        let paired = bench.get(LABEL, BOOTSTRAP, &session()).await;
        assert_eq!(paired.status(), 200);
        assert_eq!(paired.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(paired.headers()[header::CACHE_CONTROL], "no-store");
        assert!(!format!("{:?}", paired.headers()).contains(TOKEN));
        assert_eq!(paired.text().await.expect("a body"), PAIRED);
    }
    let seen = [bench.api.seen(), bench.instance.seen()].concat().join("\n").to_lowercase();
    assert!(!seen.contains("cookie:") && !seen.contains("theme"), "{seen}");
    let asked = bench.instance.seen().join("\n");
    assert!(asked.contains("\r\nX-Forwarded-For: 203.0.113.1\r\n"), "{asked}");
}

#[tokio::test]
async fn a_ticket_that_opens_nothing_leads_back_to_the_site() {
    let bench = Bench::start().await;
    let long = "x".repeat(2000);
    let quote = r#"a","host":"mybot-abc123.1mins.test"#;
    for ticket in [USED, "", "short", quote, &long, "%00", "a&ticket=b"] {
        let answer = bench.open(LABEL, ticket).await;
        let back = bench.app("/projects/prj_abc123?chat=expired");
        assert_eq!((answer.status().as_u16(), location(&answer)), (303, &*back), "{ticket}");
        assert_eq!(baked(&answer), Vec::<&str>::new(), "{ticket}");
    }
    assert_eq!(bench.api.seen().len(), 1, "asked only about what can be a ticket");
}

#[tokio::test]
async fn a_chat_that_cannot_be_asked_for_ends_well_too() {
    let (edge, world) = (Edge::start().await, World::default());
    let instance = Scripted::start(instance).await;
    world.publish(1, &[(LABEL, instance.target())]);
    world.agent(&edge).look().await;
    let api = Scripted::start(|_| answer_with("503 Away", "", "")).await;
    let bench = Bench { edge, api, instance };
    let answer = bench.open(LABEL, TICKET).await;
    let back = bench.app("/projects/prj_abc123?chat=expired");
    assert_eq!((answer.status().as_u16(), location(&answer)), (303, &*back));
    let paired = bench.get(LABEL, BOOTSTRAP, &session()).await;
    assert_eq!((paired.status().as_u16(), baked(&paired).len()), (502, 0), "still to be tried");
}

#[tokio::test]
async fn what_opens_one_host_opens_no_other() {
    let bench = Bench::start().await;
    let answer = bench.open("other-1", TICKET).await;
    let back = bench.app("/projects/prj_1?chat=expired");
    assert_eq!((location(&answer), baked(&answer).len()), (&*back, 0));
    let refused = bench.get("other-1", BOOTSTRAP, &session()).await;
    assert_eq!(refused.status(), 404);
    for (label, status) in [("asleep-2", 503), ("nobody-3", 404)] {
        assert_eq!(bench.open(label, TICKET).await.status(), status, "{label}");
        assert_eq!(bench.get(label, BOOTSTRAP, &session()).await.status(), status, "{label}");
        assert_eq!(bench.get(label, OPENED, &session()).await.status(), status, "{label}");
    }
    assert_eq!(bench.instance.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn only_the_sites_own_form_is_taken() {
    let bench = Bench::start().await;
    let sibling = bench.edge.url(host("other-1").as_str(), "");
    let post = async |origin: &str, site: &str| {
        let form = bench.request(Method::POST, LABEL, OPEN).header(header::ORIGIN, origin);
        let form = form.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = form.header("sec-fetch-site", site).body(format!("ticket={TICKET}"));
        let answer = form.send().await.expect("answers");
        (answer.status().as_u16(), baked(&answer).len())
    };
    for origin in ["", "https://evil.example", &sibling, &bench.app("/")] {
        assert_eq!(post(origin, "same-site").await, (403, 0), "{origin}");
    }
    for site in ["", "none", "cross-site", "same-origin"] {
        assert_eq!(post("null", site).await, (403, 0), "{site}");
    }
    let reloaded = bench.get(LABEL, &format!("{OPEN}?ticket={TICKET}"), "").await;
    assert_eq!((reloaded.status().as_u16(), location(&reloaded)), (303, "/"), "never in a URL");
    assert_eq!(bench.api.seen(), Vec::<String>::new());
    // The site keeps its visitors' way to itself.
    assert_eq!(post("null", "same-site").await, (303, 2));
}

#[tokio::test]
async fn nobody_else_is_paired() {
    let bench = Bench::start().await;
    let wrong = format!("__Host-chat={USED}");
    let other_case = format!("__host-chat={SESSION}");
    let suffixed = format!("x__Host-chat={SESSION}");
    for cookies in ["", "__Host-chat=", "__Host-chat=x", &wrong, &other_case, &suffixed] {
        let answer = bench.get(LABEL, BOOTSTRAP, cookies).await;
        assert_eq!(answer.status(), 404, "{cookies}");
        assert!(baked(&answer)[0].starts_with("__Host-chat-opened=; Max-Age=0;"), "{cookies}");
    }
    // Pages elsewhere, neighbours too, cannot even use up a token.
    for site in ["same-site", "cross-site", "none"] {
        let request = bench.request(Method::GET, LABEL, BOOTSTRAP).header("sec-fetch-site", site);
        let answer = request.header(header::COOKIE, session()).send().await.expect("answers");
        assert_eq!((answer.status().as_u16(), baked(&answer).len()), (404, 0), "{site}");
    }
    let posted = bench.request(Method::POST, LABEL, BOOTSTRAP).header(header::COOKIE, session());
    assert_eq!(posted.send().await.expect("answers").status(), 404);
    assert_eq!(bench.instance.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn the_ways_behind_the_edge_are_closed() {
    let bench = Bench::start().await;
    for path in [
        "/api/v1/onemins/handoff",
        "/API/v1/onemins/handoff",
        "/x/../api/v1/onemins/handoff",
        "/.well-known/1mins/internal/api",
        "/.well-known/1mins/internal/instance",
        "/.well-known/1MINS/internal/instance",
        "/.well-known/1mins/",
        "/.well-known/openclaw/",
        "/.well-known/openclaw/browser-bootstrap/",
        "/.well-known/OPENCLAW/browser-bootstrap",
    ] {
        assert_eq!(bench.edge.status_of_raw(LABEL, path).await, "404", "{path}");
    }
    assert_eq!(bench.instance.seen(), Vec::<String>::new());
    assert_eq!(bench.api.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_first_visit_begins_at_the_site() {
    let bench = Bench::start().await;
    let navigation = |path: &str| {
        bench
            .request(Method::GET, LABEL, path)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
    };
    let site = bench.app(&format!("/open?host={}", host(LABEL)));
    for path in ["/", "/?session=main", "/./", "/chat", "/chat/main"] {
        let answer = navigation(path).send().await.expect("answers");
        assert_eq!((answer.status().as_u16(), location(&answer)), (303, &*site), "{path}");
    }
    let cases = [
        ("again", navigation("/").header(header::COOKIE, "__Host-chat-opened=1")),
        ("a page of something else", navigation("/chats/oauth")),
        ("a program", bench.request(Method::GET, LABEL, "/")),
        ("a program with a token", bench.request(Method::GET, LABEL, "/").bearer_auth(TOKEN)),
        ("an upload", bench.request(Method::POST, LABEL, "/").header("sec-fetch-mode", "navigate")),
        (
            "a frame",
            bench
                .request(Method::GET, LABEL, "/")
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "iframe")
                .header(header::ACCEPT, "text/html"),
        ),
        (
            "a script",
            bench
                .request(Method::GET, LABEL, "/")
                .header("sec-fetch-mode", "cors")
                .header("sec-fetch-dest", "empty"),
        ),
    ];
    for (case, request) in cases {
        assert_eq!(request.send().await.expect("answers").status(), 200, "{case}");
    }
    let asleep = navigation("/").build().expect("a request");
    let asleep = bench.request(Method::GET, "asleep-2", "/").headers(asleep.headers().clone());
    assert_eq!(asleep.send().await.expect("answers").status(), 503, "its page says more");
}

#[tokio::test]
async fn a_browser_without_cookies_ends_at_a_page() {
    let bench = Bench::start().await;
    let opened = bench.open(LABEL, TICKET).await;
    let landed = bench.get(LABEL, location(&opened), "theme=dark").await;
    assert_eq!((landed.status().as_u16(), location(&landed)), (403, ""));
    assert!(landed.text().await.expect("a body").contains("<h1>Cookies are off</h1>"));
}

#[tokio::test]
async fn the_edges_cookies_stay_at_the_edge_and_out_of_its_logs() {
    let bench = Bench::start().await;
    bench.open(LABEL, TICKET).await;
    bench.get(LABEL, BOOTSTRAP, &session()).await;
    let seen = bench.get(LABEL, "/chat", &session()).await.text().await.expect("a body");
    assert!(seen.to_lowercase().contains("\r\ncookie: theme=dark\r\n"), "{seen}");
    assert!(!seen.contains(SESSION) && !seen.contains("__Host-chat"), "{seen}");
    let only_ours = format!("__Host-chat={SESSION}");
    let seen = bench.get(LABEL, "/chat", &only_ours).await.text().await.expect("a body");
    assert!(!seen.to_lowercase().contains("\r\ncookie:"), "{seen}");
    let foreign = "a=1; b=2";
    let seen = bench.get(LABEL, "/chat", foreign).await.text().await.expect("a body");
    assert!(seen.to_lowercase().contains("\r\ncookie: a=1; b=2\r\n"), "{seen}");

    for log in ["access.log", "error.log", "nginx.out"] {
        let log = std::fs::read_to_string(bench.edge.state_dir.join(log)).expect("a log");
        for secret in [TICKET, SESSION, TOKEN, EDGE_KEY, "bootstrapToken"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    }
}

/// As browsers come. Not every module of nginx can do everything in it.
#[tokio::test]
async fn the_way_is_open_over_http_2_as_well() {
    let bench = Bench::start().await;
    let origin = format!("origin: {}", bench.app(""));
    let form = format!("ticket={TICKET}");
    let cookie = format!("cookie: {}", session());
    let seen = async |path: &str, options: &[&str]| {
        let host = host(LABEL);
        let output = tokio::process::Command::new("curl")
            .args(["-sk", "-m", "10", "--http2", "-w", "\n%{http_version} %{http_code}"])
            .args(["--resolve", &format!("{host}:{}:127.0.0.1", bench.edge.https_port)])
            .args(options)
            .arg(bench.edge.url(host.as_str(), path))
            .output();
        String::from_utf8(output.await.expect("curl is installed").stdout).expect("text")
    };
    let opened = seen(OPEN, &["-H", &origin, "-d", &form]).await;
    assert!(opened.ends_with("\n2 303"), "{opened}");
    let paired = seen(BOOTSTRAP, &["-H", &cookie]).await;
    assert_eq!(paired, format!("{PAIRED}\n2 200"));
    let refused = seen(BOOTSTRAP, &[]).await;
    assert!(refused.ends_with("\n2 404"), "{refused}");
}
