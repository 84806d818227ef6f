//! Keys held against the providers' stand-ins, which speak as the providers document themselves.

use adapters::providers::HttpProviders;
use contracts::models::ProviderUrls;
use domain::model::ModelProvider;
use ports::provider_check::{KeyVerdict, ProviderCheck};
use support::{
    model::{self, Options},
    server,
};

fn providers(url: &str) -> HttpProviders {
    let urls = ProviderUrls {
        anthropic: format!("{url}/anthropic"),
        openai: format!("{url}/openai/v1"),
        google: format!("{url}/google/v1beta"),
        openrouter: format!("{url}/openrouter/api/v1"),
    };
    HttpProviders::new(urls).expect("a client")
}

#[tokio::test]
async fn every_provider_says_which_keys_it_knows() {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    let options = Options {
        listen: listener.local_addr().expect("an address"),
        key_prefix: "sk-1mins-".to_owned(),
        model_id: "stand-in".to_owned(),
        word_pause_ms: 0,
    };
    let running = server::start(listener, url, model::router(options));
    let providers = providers(&running.url);
    let cases = [
        (ModelProvider::Anthropic, "sk-ant-standin-0123456789abcdef", "sk-ant-api03-nobodys"),
        (ModelProvider::Openai, "sk-standin-0123456789abcdef", "sk-proj-nobodys"),
        (ModelProvider::Google, "AIzastandin0123456789abcdef", "AIzanobodys"),
        (ModelProvider::Openrouter, "sk-or-standin-0123456789abcdef", "sk-or-v1-nobodys"),
    ];
    for (provider, good, nobodys) in cases {
        let good = providers.check(provider, good).await.expect("it answers");
        assert_eq!(good, KeyVerdict::Good, "{provider}");
        let refused = providers.check(provider, nobodys).await.expect("it answers");
        assert_eq!(refused, KeyVerdict::Refused, "{provider}");
    }
    assert!(providers.check(ModelProvider::Platform, "x").await.is_err(), "it has no keys");
}

#[tokio::test]
async fn a_provider_that_is_away_says_neither_yes_nor_no_and_no_log_learns_the_key() {
    let (listener, url) = server::bind_free_port().await.expect("a free port");
    drop(listener);
    for provider in ModelProvider::OUTSIDE {
        let error = providers(&url).check(provider, "the-key").await.expect_err("nobody listens");
        assert!(!format!("{error:?}").contains("the-key"), "{provider}");
    }
}
