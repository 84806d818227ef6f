//! Who looks as if they were about to buy.

use crate::engine;
use adapters::dynamodb::intents::DynamoIntents;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{id::UserId, plan::PlanId};
use jiff::{SignedDuration, Timestamp};
use ports::intents::Intents;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

fn user(name: &str) -> UserId {
    UserId::new(name).expect("plain")
}

fn in_seconds(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

async fn store() -> DynamoIntents {
    let (client, table) = engine::table().await;
    DynamoIntents::on(client, table)
}

async fn wanted(intents: &DynamoIntents, at: Timestamp) -> Vec<PlanId> {
    let mut plans = intents.wanted(at).await.expect("the engine is up");
    plans.sort();
    plans
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn an_intent_counts_until_its_time_though_the_table_still_has_it() {
    let intents = store().await;
    intents.record(&user("a"), PlanId::Standard, in_seconds(60)).await.unwrap();
    intents.record(&user("b"), PlanId::Pro, in_seconds(120)).await.unwrap();
    let cases: [(i64, &[PlanId]); 5] = [
        (0, &[PlanId::Standard, PlanId::Pro]),
        (59, &[PlanId::Standard, PlanId::Pro]),
        (60, &[PlanId::Pro]),
        (119, &[PlanId::Pro]),
        (120, &[]),
    ];
    for (seconds, expected) in cases {
        assert_eq!(wanted(&intents, in_seconds(seconds)).await, expected, "after {seconds} s");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_last_word_of_a_user_counts() {
    let intents = store().await;
    intents.record(&user("a"), PlanId::Standard, in_seconds(600)).await.unwrap();
    intents.record(&user("a"), PlanId::Pro, in_seconds(60)).await.unwrap();
    assert_eq!(wanted(&intents, NOW).await, [PlanId::Pro]);
    assert_eq!(wanted(&intents, in_seconds(60)).await, [], "the first word is forgotten");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn everybody_who_wants_something_is_one() {
    let intents = store().await;
    for number in 0..30 {
        let plan = if number % 3 == 0 { PlanId::Dedicated } else { PlanId::Standard };
        intents.record(&user(&format!("u{number}")), plan, in_seconds(60)).await.unwrap();
    }
    let wanted = wanted(&intents, NOW).await;
    let dedicated = wanted.iter().filter(|it| **it == PlanId::Dedicated).count();
    assert_eq!((wanted.len(), dedicated), (30, 10));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn the_table_forgets_by_itself() {
    let (client, table) = engine::table().await;
    let intents = DynamoIntents::on(client.clone(), table.clone());
    intents.record(&user("a"), PlanId::Pro, in_seconds(60)).await.unwrap();
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap_or_default();
    let [item] = items.as_slice() else { panic!("{items:?}") };
    let expires = in_seconds(60).as_second().to_string();
    assert_eq!(item.get("expires_at_s"), Some(&AttributeValue::N(expires)));
}
