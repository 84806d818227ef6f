//! What waits for an owner's bot at Telegram.

use crate::Unavailable;
use domain::telegram::BotToken;

pub trait Bots {
    /// How many messages wait for the bot of `token`. Asking takes none of them: they stay there for whoever
    /// speaks for the bot next.
    ///
    /// A token that was withdrawn has nothing waiting.
    fn waiting(&self, token: &BotToken) -> impl Future<Output = Result<u32, Unavailable>> + Send;
}
