//! A server that answers by a script and remembers what it was asked.

use domain::route::Target;
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Script = fn(&str) -> String;
type Seen = Arc<Mutex<Vec<String>>>;

pub(crate) struct Scripted {
    pub(crate) port: u16,
    seen: Seen,
}

impl Scripted {
    /// `script` gets each request as it came, body and all, and returns the whole answer.
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Seen::default();
        let remembered = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script, remembered.clone()));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn target(&self) -> Target {
        Target::Upstream { address: Ipv4Addr::LOCALHOST, port: self.port }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `headers` end with a line break each.
pub(crate) fn answer_with(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

async fn serve(mut stream: TcpStream, script: Script, seen: Seen) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    request.extend(body);
    let request = String::from_utf8_lossy(&request).into_owned();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    stream.write_all(script(&request).as_bytes()).await
}
