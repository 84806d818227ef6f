//! Starts a stand-in: in its own process for people, inside a test for tests.

use axum::Router;
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A stand-in that serves until this is dropped.
pub struct Running {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A port of this machine that nobody uses, to start a stand-in on.
pub async fn bind_free_port() -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Serves `app` in the background.
pub fn start(listener: TcpListener, url: String, app: Router) -> Running {
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the stand-in stopped");
        }
    });
    Running { url, task }
}

/// Serves `app` until the process is told to end.
pub async fn serve(name: &str, listen: SocketAddr, app: Router) -> std::io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    tracing::info!("{name} listens on http://{}", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(told_to_end()).await
}

/// Ends a program: quietly, or with the error and its causes in one line a person can read.
pub fn ending(name: &str, result: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let causes = std::iter::successors(Some(&*error), |it| it.source());
    let text: Vec<String> = causes.map(ToString::to_string).collect();
    eprintln!("{name}: {}", text.join(": "));
    ExitCode::FAILURE
}

/// The log goes to standard error; `RUST_LOG` says how much of it.
pub fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    tokio::select! {
        _ = terminate.recv() => (),
        _ = tokio::signal::ctrl_c() => (),
    }
}
