//! An endpoint that writes down what it gets, to the byte.

use crate::libraries::Delivered;
use axum::{Router, extract::State, http::HeaderMap, routing::post};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{clock, server};

type Ledger = Arc<Mutex<Vec<Delivered>>>;

pub(crate) struct Endpoint {
    ledger: Ledger,
    running: server::Running,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let ledger = Ledger::default();
        let app = Router::new().route("/", post(receive)).with_state(ledger.clone());
        let (listener, url) = server::bind_free_port().await.expect("a free port");
        Self { ledger, running: server::start(listener, url, app) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.running.url
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Delivered> {
        for _ in 0..400 {
            let received = self.ledger.lock().expect("nobody panicked").clone();
            if received.len() >= count {
                return received;
            }
            clock::pause(Duration::from_millis(25)).await;
        }
        panic!("fewer than {count} webhooks came");
    }
}

async fn receive(State(ledger): State<Ledger>, headers: HeaderMap, body: String) {
    let header = |name: &str| headers[name].to_str().expect("a plain header").to_owned();
    let at = header("webhook-timestamp").parse().expect("a Unix time");
    let it = Delivered::new(&header("webhook-id"), at, &header("webhook-signature"), &body);
    ledger.lock().expect("nobody panicked").push(it);
}
