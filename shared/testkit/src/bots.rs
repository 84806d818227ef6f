//! Telegram, in memory.

use crate::outage::Outage;
use domain::telegram::{BotId, BotToken};
use ports::{Unavailable, bots::Bots};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeBots {
    /// How many messages wait, by bot.
    waiting: Mutex<BTreeMap<BotId, u32>>,
    /// How often it was asked.
    asked: Mutex<u32>,
    pub outage: Outage,
}

impl FakeBots {
    /// Somebody writes to `bot`.
    pub fn write_to(&self, bot: &BotId) {
        *lock(&self.waiting).entry(bot.clone()).or_default() += 1;
    }

    /// Who speaks for `bot` has fetched all that waited.
    pub fn fetch(&self, bot: &BotId) {
        lock(&self.waiting).remove(bot);
    }

    pub fn asked(&self) -> u32 {
        *lock(&self.asked)
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bots for FakeBots {
    async fn waiting(&self, token: &BotToken) -> Result<u32, Unavailable> {
        *lock(&self.asked) += 1;
        self.outage.check("bots")?;
        Ok(lock(&self.waiting).get(&token.bot()).copied().unwrap_or_default())
    }
}
