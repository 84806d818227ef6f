//! A merchant's endpoint that writes down what it gets and answers as it is told.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{clock, server};

#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) timestamp_s: i64,
    pub(crate) signature: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a webhook is JSON")
    }

    pub(crate) fn event(&self) -> String {
        self.json()["type"].as_str().expect("a webhook has a type").to_owned()
    }
}

#[derive(Default)]
struct Ledger {
    received: Mutex<Vec<Received>>,
    /// What to answer next; then 200.
    answers: Mutex<VecDeque<u16>>,
}

pub(crate) struct Receiver {
    ledger: Arc<Ledger>,
    running: server::Running,
}

impl Receiver {
    pub(crate) async fn start(answers: &[u16]) -> Self {
        let ledger = Arc::new(Ledger::default());
        *ledger.answers.lock().expect("nobody panicked") = answers.iter().copied().collect();
        let app = Router::new().route("/", post(receive)).with_state(ledger.clone());
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        Self { ledger, running: server::start(listener, url, app) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.running.url
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.ledger.received.lock().expect("nobody panicked").clone()
    }

    /// Waits until `count` requests came, or says which did.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..200 {
            if self.received().len() >= count {
                return self.received();
            }
            clock::pause(Duration::from_millis(25)).await;
        }
        let events: Vec<_> = self.received().iter().map(Received::event).collect();
        panic!("expected {count} webhooks, got {events:?}");
    }
}

impl Receiver {
    /// Waits for the delivery called `id`.
    pub(crate) async fn wait_for_id(&self, id: &str) -> Received {
        for _ in 0..200 {
            if let Some(found) = self.received().into_iter().find(|it| it.id == id) {
                return found;
            }
            clock::pause(Duration::from_millis(25)).await;
        }
        panic!("no webhook `{id}` came");
    }
}

async fn receive(
    State(ledger): State<Arc<Ledger>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let header = |name: &str| headers[name].to_str().expect("a plain header").to_owned();
    ledger.received.lock().expect("nobody panicked").push(Received {
        id: header("webhook-id"),
        timestamp_s: header("webhook-timestamp").parse().expect("a Unix time"),
        signature: header("webhook-signature"),
        body,
    });
    let status = ledger.answers.lock().expect("nobody panicked").pop_front().unwrap_or(200);
    StatusCode::from_u16(status).expect("a status code")
}
