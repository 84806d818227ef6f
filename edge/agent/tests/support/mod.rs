//! A real nginx with the real configuration, instances to stand behind it, and visitors.

pub(crate) mod scripted;

use contracts::{
    routes::{
        Changes, Stamp,
        head::{Base, Head},
    },
    wake::Wake,
};
use domain::route::{HostName, Page, Target};
use edge_agent::{Agent, Settings};
use reqwest::{Client, Response};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use testkit::{
    clock::FakeClock,
    queue::FakeQueue,
    routes::{FakeRouteBoard, FakeRouteLog},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const APP_HOST: &str = "1mins.test";
/// By what the API knows this edge.
pub(crate) const FRONT_SECRET: &str = "0123456789abcdef";
pub(crate) const EDGE_KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) type TestAgent<'a> = Agent<'a, FakeRouteBoard, FakeRouteLog, FakeQueue<Wake>, FakeClock>;

/// What the agent reads and writes, beside nginx.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) board: FakeRouteBoard,
    pub(crate) ledger: FakeRouteLog,
    pub(crate) wakes: FakeQueue<Wake>,
    pub(crate) clock: FakeClock,
}

impl World {
    /// Publishes `log` as a table without chunks.
    pub(crate) fn publish(&self, sequence: u64, log: &[(&str, Target)]) {
        let log = log.iter().map(|(label, target)| (host(label), Some(*target))).collect();
        self.publish_head(sequence, Base::default(), log);
    }

    pub(crate) fn publish_head(&self, sequence: u64, base: Base, log: Changes) {
        let stamp = Stamp { incarnation: 1, epoch: 1, sequence };
        self.board.scribble(&Head { stamp, base, log }.encode());
    }

    pub(crate) fn agent(&self, edge: &Edge) -> TestAgent<'_> {
        let settings = Settings {
            name: "edge-test".into(),
            state_dir: edge.state_dir.clone(),
            poll_interval: Duration::from_secs(1),
        };
        Agent::new(settings, &self.board, &self.ledger, &self.wakes, &self.clock).expect("a client")
    }
}

pub(crate) fn host(label: &str) -> HostName {
    format!("{label}.{APP_HOST}").try_into().expect("well-formed")
}

pub(crate) fn page(page: Page) -> Target {
    Target::Page(page)
}

/// One nginx of its own.
pub(crate) struct Edge {
    pub(crate) state_dir: PathBuf,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
    api_upstream: String,
    nginx: Option<Child>,
}

impl Edge {
    pub(crate) async fn start() -> Self {
        Self::with_api("http://127.0.0.1:9").await
    }

    pub(crate) async fn with_api(api_upstream: &str) -> Self {
        assert!(
            Path::new("/usr/sbin/nginx").exists(),
            "nginx is missing: apt-get install nginx-light libnginx-mod-http-lua gettext-base"
        );
        let mut edge = Self {
            state_dir: fresh_dir(),
            http_port: free_port().await,
            https_port: free_port().await,
            api_upstream: api_upstream.to_owned(),
            nginx: None,
        };
        certify(&edge.state_dir);
        build_site(&edge.state_dir.join("site"));
        std::fs::write(edge.state_dir.join("front-secret"), FRONT_SECRET).expect("a file");
        std::fs::write(edge.state_dir.join("key"), EDGE_KEY).expect("a file");
        edge.start_nginx().await;
        edge
    }

    pub(crate) async fn start_nginx(&mut self) {
        let dir = |name: &str| self.state_dir.join(name);
        let log = std::fs::File::create(dir("nginx.out")).expect("a log");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../serve");
        let child = Command::new(script)
            .env("EDGE_STATE_DIR", &self.state_dir)
            .env("EDGE_TLS_CERT", dir("cert.pem"))
            .env("EDGE_TLS_KEY", dir("key.pem"))
            .env("EDGE_APP_HOST", APP_HOST)
            .env("EDGE_KEY_FILE", dir("key"))
            .env("EDGE_API_UPSTREAM", &self.api_upstream)
            .env("EDGE_FRONTEND_DIR", dir("site"))
            .env("EDGE_FRONT_SECRET_FILE", dir("front-secret"))
            .env("EDGE_HTTP_PORT", self.http_port.to_string())
            .env("EDGE_HTTPS_PORT", self.https_port.to_string())
            .stderr(log)
            .spawn()
            .expect("edge/serve runs");
        self.nginx = Some(child);
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", self.https_port)).await.is_ok() {
                return;
            }
            pause(50).await;
        }
        let log = std::fs::read_to_string(dir("nginx.out")).unwrap_or_default();
        panic!("nginx does not start:\n{log}");
    }

    pub(crate) fn stop_nginx(&mut self) {
        if let Some(mut child) = self.nginx.take() {
            // Not Child::kill: that leaves the worker processes behind.
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.state_dir.join("tenant-ports.conf")
    }

    pub(crate) fn client(host: &str) -> Client {
        Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .resolve(host, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .build()
            .expect("a client")
    }

    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.https_port)
    }

    pub(crate) async fn get(&self, label: &str, path: &str) -> Response {
        let host = host(label);
        let request = Self::client(host.as_str()).get(self.url(host.as_str(), path));
        request.send().await.expect("nginx answers")
    }

    pub(crate) async fn text(&self, label: &str) -> String {
        self.get(label, "/").await.text().await.expect("a body")
    }

    /// The status of a path that is sent exactly as it is given.
    pub(crate) async fn status_of_raw(&self, label: &str, path: &str) -> String {
        let host = host(label);
        let output = tokio::process::Command::new("curl")
            .args(["-sk", "-m", "10", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(["--resolve", &format!("{host}:{}:127.0.0.1", self.https_port)])
            .arg(self.url(host.as_str(), path))
            .output()
            .await
            .expect("curl is installed");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.stop_nginx();
        let _ = std::fs::remove_dir_all(&self.state_dir);
    }
}

/// An instance: answers with its name and the request as it got it, and echoes after an upgrade.
pub(crate) struct Instance {
    pub(crate) target: Target,
    pub(crate) port: u16,
}

impl Instance {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, name));
            }
        });
        Self { target: Target::Upstream { address: Ipv4Addr::LOCALHOST, port }, port }
    }
}

async fn answer(mut stream: TcpStream, name: &'static str) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    if request.to_lowercase().contains("\nupgrade: websocket") {
        let head = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
        stream.write_all(head.as_bytes()).await?;
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await?;
        return Ok(());
    }
    let body = format!("{name}\n{request}");
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await
}

pub(crate) async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound").port()
}

#[expect(clippy::disallowed_methods, reason = "nginx keeps real time")]
pub(crate) async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

fn fresh_dir() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let dir = std::env::temp_dir().join(format!("edge-test-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    dir
}

/// A site whose files say which they are, each long enough to be worth compressing.
fn build_site(dir: &Path) {
    std::fs::create_dir_all(dir.join("assets")).expect("a directory");
    for file in ["index.html", "favicon.svg", "assets/index-0a1b2c3d.js"] {
        let content = format!("the site: {file}\n").repeat(100);
        std::fs::write(dir.join(file), content).expect("a file");
    }
}

fn certify(dir: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=edge"])
        .arg("-keyout")
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
