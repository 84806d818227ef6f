//! Usage: calls at the same moment see each other, and each is counted once.

use crate::engine;
use adapters::dynamodb::usage::DynamoUsage;
use domain::{
    id::ProjectId,
    model::ModelProvider,
    usage::{Account, Hold, Micros, Month, Tokens, Whose, day_of},
};
use jiff::{SignedDuration, Timestamp};
use ports::usage::{KeepError, SettleError, Usage, Used};
use testkit::make;
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

async fn store() -> DynamoUsage {
    let (client, table) = engine::table().await;
    DynamoUsage::on(client, table)
}

fn project() -> ProjectId {
    make::project().id
}

fn used(call: &str, provider: ModelProvider) -> Used {
    Used {
        call: call.to_owned(),
        project: project(),
        day: day_of(NOW),
        month: Month::of(NOW),
        provider,
        model: "z-ai/glm-4.7:free".to_owned().try_into().expect("is plain"),
        tokens: Tokens { input: 10, cached: 3, cache_written: 2, output: 5 },
        cost: Micros(100),
        is_estimated: call == "estimated",
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_account_is_read_as_it_was_kept_and_begins_empty() {
    let (store, project, month) = (store().await, project(), Month::of(NOW));
    assert_eq!(store.account(&project, month).await.unwrap(), Account::default());
    let expires_at = NOW + SignedDuration::from_mins(11);
    let hold = Hold { amount: Micros(7), whose: Whose::Platform, expires_at };
    let mut account = Account { spent: Micros(u64::MAX / 2), full_at_ms: 9, ..Account::default() };
    account.holds.insert("b0c1-d2".to_owned(), hold);
    store.keep(&project, month, &account).await.unwrap();
    let kept = Account { version: 1, ..account };
    assert_eq!(store.account(&project, month).await.unwrap(), kept);
    let next = Month::of(month.ends_at());
    assert_eq!(store.account(&project, next).await.unwrap(), Account::default());
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_many_at_one_moment_one_keeps_each_version() {
    let (store, month) = (store().await, Month::of(NOW));
    for version in 0..3 {
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let store = store.clone();
            let account = Account { version, ..Account::default() };
            calls.spawn(async move { store.keep(&project(), month, &account).await });
        }
        let ends = calls.join_all().await;
        assert_eq!(ends.iter().filter(|it| it.is_ok()).count(), 1, "version {version}");
    }
    let late = store.keep(&project(), month, &Account::default()).await;
    assert!(matches!(late, Err(KeepError::LostRace)), "{late:?}");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_call_is_counted_once_whatever_the_account_says() {
    let (store, project, month) = (store().await, project(), Month::of(NOW));
    let one = used("one", ModelProvider::Openrouter);
    let account = Account::default().settle("one", Whose::Owner, one.cost);
    store.settle(&one, &account).await.unwrap();
    let late = store.settle(&used("two", ModelProvider::Openrouter), &account).await;
    assert!(matches!(late, Err(SettleError::LostRace)), "{late:?}");
    let read = store.account(&project, month).await.unwrap();
    for account in [&account, &read] {
        let again = store.settle(&one, account).await;
        assert!(matches!(again, Err(SettleError::Counted)), "{again:?}");
    }
    assert_eq!(store.account(&project, month).await.unwrap(), read);
    assert_eq!(store.days(&project, month).await.unwrap()[0].calls, 1);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn days_add_up_by_provider_and_model() {
    let (store, project, month) = (store().await, project(), Month::of(NOW));
    assert_eq!(store.days(&project, month).await.unwrap(), []);
    let calls = [
        used("one", ModelProvider::Openrouter),
        used("estimated", ModelProvider::Openrouter),
        used("three", ModelProvider::Platform),
    ];
    for call in &calls {
        let account = store.account(&project, month).await.unwrap();
        let account = account.settle(&call.call, Whose::Owner, call.cost);
        store.settle(call, &account).await.unwrap();
    }
    let days = store.days(&project, month).await.unwrap();
    let of = |it: &ports::usage::DayUsage| (it.provider, it.calls, it.estimated, it.cost);
    assert_eq!(
        days.iter().map(of).collect::<Vec<_>>(),
        [
            (ModelProvider::Openrouter, 2, 1, Micros(200)),
            (ModelProvider::Platform, 1, 0, Micros(100)),
        ]
    );
    let twice = Tokens { input: 20, cached: 6, cache_written: 4, output: 10 };
    assert_eq!((days[0].tokens, days[0].day), (twice, day_of(NOW)));
    assert_eq!(days[0].model, calls[0].model);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_cap_is_set_and_lifted() {
    let (store, project) = (store().await, project());
    for cap in [None, Some(Micros(5)), Some(Micros(0)), None, None] {
        store.set_cap(&project, cap).await.unwrap();
        assert_eq!(store.cap(&project).await.unwrap(), cap);
    }
}
