//! Each thing that can fail, twice and late: nothing is counted twice, and nothing that cost money not at all.

use crate::bench::{Bench, COST, MODEL_KEY, USAGE, WORDS, ends_well, good_answer, read, stream};
use domain::usage::{Micros, Tokens};
use ports::clock::Clock;
use testkit::{model_upstream::FakeAnswer, outage::Outage};

#[tokio::test]
async fn a_provider_that_never_says_is_estimated_and_marked() {
    let bench = Bench::new().await;
    bench.will_answer(stream().saying(WORDS).saying("data: [DONE]\n\n"));
    bench.ask("one", &bench.chat()).await;
    let used = &bench.used()[0];
    let input = (bench.chat().body().len() as u64).div_ceil(4);
    assert_eq!(used.tokens, Tokens { input, output: 1, ..Tokens::default() });
    assert!(used.is_estimated && used.cost > Micros(0));
}

#[tokio::test]
async fn a_provider_that_breaks_off_is_counted_as_far_as_it_came_and_the_cut_shows() {
    let bench = Bench::new().await;
    bench.will_answer(stream().saying(WORDS).breaking_off());
    let response = bench.send("one", &bench.chat()).await;
    assert!(!ends_well(response).await, "a cut must not look like an end");
    assert!(bench.used()[0].is_estimated);
    assert!(bench.account().holds.is_empty());
    bench.will_answer(good_answer().breaking_off());
    assert!(!ends_well(bench.send("two", &bench.chat()).await).await);
    assert!(!bench.used()[1].is_estimated, "it had said all before");
}

#[tokio::test]
async fn an_instance_that_goes_away_is_counted_and_the_provider_is_left() {
    let bench = Bench::new().await;
    let long = (0..100).fold(stream(), |it, _| it.saying(WORDS)).saying(USAGE);
    bench.will_answer(long);
    drop(bench.send("one", &bench.chat()).await);
    while bench.used().is_empty() {
        tokio::task::yield_now().await;
    }
    let used = &bench.used()[0];
    assert!(used.is_estimated, "the end was not waited for");
    assert!(used.tokens.output < 100, "{used:?}");
    assert!(bench.account().holds.is_empty());
}

#[tokio::test]
async fn what_a_provider_refuses_is_passed_on_and_costs_nothing() {
    for status in [400, 401, 403, 404, 413, 429, 500, 503, 529] {
        let bench = Bench::new().await;
        let said = r#"{"error":{"message":"no"}}"#;
        let answer = FakeAnswer::new(status, "application/json").saying(said);
        bench.will_answer(answer.with_header("retry-after", "7").with_header("set-cookie", "a=b"));
        let own = serde_json::json!({ "model": "claude-sonnet-4-6" });
        let response = bench.send("one", &bench.request("/anthropic/v1/messages", &own)).await;
        assert_eq!(response.headers()["retry-after"], "7", "{status}");
        assert!(!response.headers().contains_key("set-cookie"));
        assert_eq!(read(response).await, (status, said.to_owned()));
        let account = bench.account();
        assert_eq!((account.spent, account.holds.len()), (Micros(0), 0), "{status}");
        assert!(bench.used().is_empty(), "{status}");
    }
}

/// OpenClaw gives a provider up for ten minutes when it sees one.
#[tokio::test]
async fn nobody_ever_sees_a_402() {
    let bench = Bench::new().await;
    let answer = || FakeAnswer::new(402, "application/json").saying(r#"{"error":"pay"}"#);
    bench.will_answer(answer());
    let own = serde_json::json!({ "model": "claude-sonnet-4-6" });
    let own = bench.request("/anthropic/v1/messages", &own);
    let response = bench.send("one", &own).await;
    assert_eq!(response.headers()["retry-after"], "300");
    assert_eq!(read(response).await.0, 429);
    bench.will_answer(answer());
    assert_eq!(bench.ask("two", &bench.chat()).await.0, 503, "that bill is ours");
    assert_eq!(bench.account().committed(), Micros(0));
}

#[tokio::test]
async fn what_the_platforms_provider_has_against_us_is_not_the_instances_business() {
    for status in [401, 403] {
        let bench = Bench::new().await;
        let said = r#"{"error":"no such key"}"#;
        bench.will_answer(FakeAnswer::new(status, "application/json").saying(said));
        let (answered, body) = bench.ask("one", &bench.chat()).await;
        assert_eq!(answered, 503);
        assert!(!body.contains("such key"), "{body}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_by_nobody() {
    let bench = Bench::new().await;
    let away = FakeAnswer::new(307, "text/html").with_header("location", "http://169.254.169.254/");
    bench.will_answer(away);
    let response = bench.send("one", &bench.chat()).await;
    assert!(!response.headers().contains_key("location"));
    assert_eq!(read(response).await.0, 503);
    assert_eq!(bench.world.upstream.asked().len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_not_there_costs_nothing() {
    let bench = Bench::new().await;
    bench.world.upstream.outage.begin(1);
    let (status, body) = bench.ask("one", &bench.chat()).await;
    assert_eq!(status, 503);
    assert!(!body.contains(MODEL_KEY));
    assert_eq!(bench.account().committed(), Micros(0));
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("two", &bench.chat()).await.0, 200);
}

/// What is asked before the provider is: nothing was spent, so the call is refused and may be repeated.
#[tokio::test]
async fn without_a_table_or_the_vault_nothing_is_begun() {
    type Of = fn(&Bench) -> &Outage;
    let outages: [(&str, Of); 3] = [
        ("projects", |it| &it.world.projects.outage),
        ("vault", |it| &it.world.vault.outage),
        ("usage", |it| &it.world.usage.outage),
    ];
    for (case, outage) in outages {
        let bench = Bench::new().await;
        outage(&bench).begin(1);
        assert_eq!(bench.ask("one", &bench.chat()).await.0, 503, "{case}");
        assert!(bench.world.upstream.asked().is_empty(), "{case}");
        bench.will_answer(good_answer());
        assert_eq!(bench.ask("two", &bench.chat()).await.0, 200, "{case}");
        assert_eq!(bench.account().spent, Micros(COST), "{case}");
    }
}

/// The cap, the account and what is held are three calls; after them the provider has been asked.
#[tokio::test]
async fn a_table_that_comes_back_gets_what_was_to_be_counted() {
    for failures in 1..=5 {
        let bench = Bench::new().await;
        bench.will_answer(good_answer());
        let response = bench.send("one", &bench.chat()).await;
        let before = bench.world.clock.now();
        bench.world.usage.outage.begin(failures);
        assert_eq!(read(response).await.0, 200);
        assert_eq!(bench.account().spent, Micros(COST), "{failures} failures");
        assert!(bench.world.clock.now() > before, "it waited in between");
    }
}

#[tokio::test]
async fn an_answer_of_the_table_that_is_lost_counts_nothing_twice() {
    let bench = Bench::new().await;
    bench.will_answer(good_answer());
    let response = bench.send("one", &bench.chat()).await;
    bench.world.usage.lost_answers.begin(1);
    assert_eq!(read(response).await.0, 200);
    assert_eq!((bench.account().spent, bench.used().len()), (Micros(COST), 1));
    assert!(bench.account().holds.is_empty());
}

#[tokio::test]
async fn a_hold_whose_answer_is_lost_stands_in_nobodys_way_for_long() {
    let bench = Bench::new().await;
    bench.world.usage.lost_answers.begin(1);
    assert_eq!(bench.ask("one", &bench.chat()).await.0, 503);
    assert_eq!(bench.account().holds.len(), 1);
    bench.will_answer(good_answer());
    assert_eq!(bench.ask("one", &bench.chat()).await.0, 200, "the same call again");
    assert!(bench.account().holds.is_empty());
}

/// The table is gone for good: the instance has its answer, and somebody is woken.
#[tokio::test]
async fn what_cannot_be_counted_is_said_in_the_words_that_wake_somebody() {
    let bench = Bench::new().await;
    let logs = testkit::logs::Logs::catch_errors();
    bench.will_answer(good_answer());
    let response = bench.send("one", &bench.chat()).await;
    bench.world.usage.outage.begin(u32::MAX);
    assert_eq!(read(response).await.0, 200);
    assert_eq!(logs.lines(&["a call was not counted"]).len(), 1);
    bench.world.usage.outage.begin(0);
    assert_eq!(bench.account().holds.len(), 1, "it is held until it expires");
}
