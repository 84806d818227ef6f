//! What waits for a bot, asked of a stand-in that keeps to Telegram's rules.

use adapters::telegram::TelegramBots;
use domain::telegram::BotToken;
use ports::bots::Bots;
use support::{server, telegram::Telegram};

const TOKEN: &str = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn token(text: &str) -> BotToken {
    BotToken::try_from(text.to_owned()).expect("a token")
}

#[tokio::test]
async fn what_waits_is_counted_and_stays_where_it_is() {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let telegram = Telegram::open();
    telegram.put_bot(TOKEN, "mybot");
    let _running = server::start(listener, url.clone(), telegram.router());
    let bots = TelegramBots::new(url).expect("a client");
    assert_eq!(bots.waiting(&token(TOKEN)).await.expect("answers"), 0);
    for _ in 0..2 {
        telegram.write_to(TOKEN, "hello");
    }
    for _ in 0..2 {
        assert_eq!(bots.waiting(&token(TOKEN)).await.expect("answers"), 2);
    }
    assert_eq!(telegram.pending(TOKEN), 2);
    let withdrawn = token("987654321:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
    assert_eq!(bots.waiting(&withdrawn).await.expect("answers"), 0);
}

#[tokio::test]
async fn a_telegram_that_is_away_gives_no_token_away() {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    drop(listener);
    let bots = TelegramBots::new(url).expect("a client");
    let error = bots.waiting(&token(TOKEN)).await.expect_err("nobody is there");
    let said = format!("{error:?} {}", with_causes(&error));
    assert!(!said.contains("AAAA"), "{said}");
}

/// The error with all that caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        said.push_str(&it.to_string());
        cause = it.source();
    }
    said
}
