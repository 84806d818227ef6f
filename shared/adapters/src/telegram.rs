//! [`Bots`] on Telegram's Bot API: `getWebhookInfo`, which tells how much waits and takes nothing away.
//!
//! `getUpdates` would answer 409 to whoever polls at the same time, and to us; this method disturbs nobody.
//! A bot's token is part of the address, so no error may show one.

use domain::telegram::BotToken;
use ports::{Unavailable, bots::Bots};
use reqwest::{Client, StatusCode, redirect::Policy, retry};
use serde::Deserialize;
use std::time::Duration;

/// Many are asked in one look.
const TIMEOUT: Duration = Duration::from_secs(4);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub struct TelegramBots {
    client: Client,
    /// `https://api.telegram.org`, or what stands in for it.
    url: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    result: WebhookInfo,
}

#[derive(Debug, Deserialize)]
struct WebhookInfo {
    pending_update_count: u32,
}

impl TelegramBots {
    pub fn new(url: String) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A token goes where it was meant to go, and nowhere else.
            .redirect(Policy::none())
            .retry(retry::never())
            .build()?;
        Ok(Self { client, url })
    }
}

impl Bots for TelegramBots {
    async fn waiting(&self, token: &BotToken) -> Result<u32, Unavailable> {
        let url = format!("{}/bot{}/getWebhookInfo", self.url, token.as_str());
        let response = self.client.get(url).send().await.map_err(unavailable)?;
        match response.status() {
            StatusCode::OK => {
                let Answer { result } = response.json().await.map_err(unavailable)?;
                Ok(result.pending_update_count)
            }
            // Its owner has withdrawn the token: nobody can speak for the bot with it.
            StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND => Ok(0),
            status => Err(Unavailable::new("Telegram", format!("it answered {status}"))),
        }
    }
}

fn unavailable(error: reqwest::Error) -> Unavailable {
    Unavailable::new("Telegram", error.without_url())
}
