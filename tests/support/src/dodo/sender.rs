//! Delivers webhooks: signed, each on its own, and again when the endpoint does not take them.

use super::{
    Delivery, Dodo,
    delivery::{Attempt, Outcome},
    signature,
};
use crate::{clock, random};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;

/// The documented pauses before each attempt, in seconds.
const PAUSES_S: [u64; 8] =
    [0, 5, 5 * MINUTE_S, 30 * MINUTE_S, 2 * HOUR_S, 5 * HOUR_S, 10 * HOUR_S, 10 * HOUR_S];

/// Events of one moment start within this time of each other, in any order: Dodo promises none.
const MAX_SHUFFLE_MS: u64 = 150;

/// Delivers in the background.
pub(super) fn send_later(dodo: &Arc<Dodo>, id: String) {
    tokio::spawn(send(dodo.clone(), id));
}

async fn send(dodo: Arc<Dodo>, id: String) {
    let shuffle_ms = random::below(MAX_SHUFFLE_MS);
    clock::pause(Duration::from_millis(shuffle_ms)).await;
    while let Some(due) = dodo.schedule(&id) {
        dodo.wait_until(due).await;
        dodo.wait_for_an_endpoint().await;
        if !dodo.is_due(&id) {
            return;
        }
        if dodo.attempt(&id).await.is_none_or(|attempt| attempt.was_accepted()) {
            return;
        }
    }
    tracing::warn!(webhook.id = %id, "every attempt failed, giving up");
    dodo.write(|books| books.change_delivery(&id, |it| it.outcome = Outcome::Failed));
}

impl Dodo {
    /// When the next attempt is, by this clock; `None` when they are used up.
    fn schedule(&self, id: &str) -> Option<Timestamp> {
        let made = self.read(|books| books.deliveries.get(id).map(|it| it.attempts.len()))?;
        let pause = Duration::from_secs(*PAUSES_S.get(made)?).mul_f64(self.settings.time_scale);
        self.write(|books| {
            let due = books.now() + pause;
            books.change_delivery(id, |it| it.next_attempt_at = Some(due));
            Some(due)
        })
    }

    /// Waits by this clock: moving it on shortens the wait.
    async fn wait_until(&self, due: Timestamp) {
        let mut moved = self.moved.subscribe();
        while let Ok(left) = Duration::try_from(due.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::select! {
                () = clock::pause(left) => (),
                _ = moved.changed() => (),
            }
        }
    }

    /// False once somebody redelivered it by hand.
    fn is_due(&self, id: &str) -> bool {
        self.read(|books| books.deliveries.get(id).is_some_and(|it| it.outcome == Outcome::Pending))
    }

    async fn wait_for_an_endpoint(&self) {
        while self.read(|books| books.webhook_url.is_none()) {
            clock::pause(Duration::from_millis(200)).await;
        }
    }

    /// The same delivery several times, whatever is answered; and if nothing was accepted, on with the
    /// usual repeats.
    pub(super) async fn deliver_copies(self: &Arc<Self>, delivery: Delivery, copies: usize) {
        let id = delivery.id.clone();
        self.write(|books| books.deliveries.insert(id.clone(), delivery));
        for _ in 0..copies {
            self.attempt(&id).await;
        }
        if self.is_due(&id) {
            send_later(self, id);
        }
    }

    /// One attempt, recorded. `None` if there is no such delivery or no endpoint.
    pub(super) async fn attempt(&self, id: &str) -> Option<Attempt> {
        let _sender = self.senders.acquire().await.ok()?;
        let (url, body) = self.read(|books| {
            let delivery = books.deliveries.get(id)?;
            Some((books.webhook_url.clone()?, books.body_of(delivery).to_string()))
        })?;
        let attempt = self.post(&url, id, body).await;
        tracing::info!(webhook.id = %id, status = ?attempt.status, error = ?attempt.error, "delivered");
        self.write(|books| {
            books.change_delivery(id, |it| {
                if attempt.was_accepted() {
                    it.outcome = Outcome::Delivered;
                }
                it.next_attempt_at = None;
                it.attempts.push(attempt.clone());
            });
        });
        Some(attempt)
    }

    /// Signed with the time of the machine: the receiver compares it with its own.
    async fn post(&self, url: &str, id: &str, body: String) -> Attempt {
        let (at, started) = (clock::now(), clock::stopwatch());
        let signature = signature::sign(&self.settings.webhook_secrets, id, at.as_second(), &body);
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.as_second().to_string())
            .header("webhook-signature", signature)
            .body(body);
        let answer = request.send().await;
        Attempt {
            at,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            status: answer.as_ref().ok().map(|it| it.status().as_u16()),
            error: answer.err().map(|error| chain(&error)),
        }
    }
}

impl super::books::Books {
    fn change_delivery(&mut self, id: &str, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.deliveries.get_mut(id) {
            change(delivery);
        }
    }
}

/// The error and its causes in one line: "connection refused" is never in the outermost one.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |it| it.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
