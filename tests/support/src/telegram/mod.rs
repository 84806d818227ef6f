//! A stand-in for Telegram's Bot API: what a bot asks for, and somebody who writes to it.
//!
//! It keeps to the rules where they are unkind: an update stays until a later offset confirms it, nobody
//! polls a bot that has a webhook, and of two who poll the same bot the earlier one is turned away (both 409).

mod admin;
mod bot;
mod methods;
mod options;

pub use options::Options;

use axum::{Router, routing::any};
use bot::Bot;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The whole stand-in. Cheap to share, alive as long as its router is.
#[derive(Default)]
pub struct Telegram {
    /// By their tokens.
    bots: Mutex<BTreeMap<String, Bot>>,
    /// Something happened that whoever polls may wait for.
    news: Notify,
}

impl Telegram {
    pub fn open() -> Arc<Self> {
        Arc::default()
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/{bot}/{method}", any(methods::answer))
            .merge(admin::router())
            .with_state(self.clone())
    }

    /// The bot of `token`, which has no messages yet.
    pub fn put_bot(&self, token: &str, username: &str) {
        self.bots().insert(token.to_owned(), Bot::named(username));
    }

    /// Somebody writes `text` to the bot of `token`.
    pub fn write_to(&self, token: &str, text: &str) {
        if let Some(bot) = self.bots().get_mut(token) {
            bot.take_message(text);
        }
        self.news.notify_waiters();
    }

    /// How many updates wait for the bot of `token`.
    pub fn pending(&self, token: &str) -> usize {
        self.bots().get(token).map_or(0, |it| it.updates.len())
    }

    fn bots(&self) -> MutexGuard<'_, BTreeMap<String, Bot>> {
        self.bots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
