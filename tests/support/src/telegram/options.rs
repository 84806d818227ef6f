//! How the stand-in is started.

use std::net::SocketAddr;

/// A stand-in for Telegram's Bot API, all in memory.
///
/// PUT `/_standin/bots` with `{"token": "…", "username": "…"}` makes a bot, POST
/// `/_standin/bots/TOKEN/messages` with `{"text": "…"}` writes to it, GET `/_standin/bots/TOKEN` shows what waits
/// for it and what it has said.
#[derive(Debug, clap::Parser)]
#[command(name = "telegram-standin", version)]
pub struct Options {
    /// Address to listen on.
    #[arg(long, env = "TELEGRAM_LISTEN", default_value = "0.0.0.0:4586")]
    pub listen: SocketAddr,
}
