//! Telegram's bots: their tokens and their names.

use std::fmt;

/// What makes an agent a Telegram bot: `123456789:AA…`. Shows itself to nobody's log.
#[derive(Clone, PartialEq, Eq)]
pub struct BotToken(String);

/// Telegram's number of a bot. A new token of the same bot has the same number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BotId(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the token that @BotFather gave, such as `123456789:AA…`")]
pub struct MalformedToken;

impl BotToken {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the colon.
    pub fn bot(&self) -> BotId {
        BotId(self.0.split(':').next().unwrap_or_default().to_owned())
    }
}

impl TryFrom<String> for BotToken {
    type Error = MalformedToken;

    fn try_from(token: String) -> Result<Self, MalformedToken> {
        let (bot, secret) = token.split_once(':').ok_or(MalformedToken)?;
        let is_bot = (5..=16).contains(&bot.len())
            && !bot.starts_with('0')
            && bot.bytes().all(|it| it.is_ascii_digit());
        let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        let is_secret = (30..=64).contains(&secret.len()) && secret.bytes().all(plain);
        if is_bot && is_secret { Ok(Self(token)) } else { Err(MalformedToken) }
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotToken(…)")
    }
}

impl BotId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<BotId> for String {
    fn from(id: BotId) -> String {
        id.0
    }
}

/// For what was a token's once.
impl From<String> for BotId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_bots_number_and_a_secret() {
        let secret = "AAE_-abcdefghijklmnopqrstuvwxyz0123";
        let good = format!("123456789:{secret}");
        let cases = [
            ("a token", good.clone(), true),
            ("no number", format!(":{secret}"), false),
            ("no secret", "123456789:".to_owned(), false),
            ("no colon", format!("123456789{secret}"), false),
            ("letters before the colon", format!("bot123456:{secret}"), false),
            ("another spelling of the same bot", format!("0123456789:{secret}"), false),
            ("a short secret", "123456789:AAE".to_owned(), false),
            ("two colons", format!("1:123456789:{secret}"), false),
            ("a space", format!("{good} "), false),
            ("a path", format!("123456789:../{secret}"), false),
        ];
        for (case, token, fits) in cases {
            assert_eq!(BotToken::try_from(token).is_ok(), fits, "{case}");
        }
        let token = BotToken::try_from(good).unwrap();
        assert_eq!(token.bot().as_str(), "123456789");
        assert!(!format!("{token:?}").contains(secret));
    }
}
