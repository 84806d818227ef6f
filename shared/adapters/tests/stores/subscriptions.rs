//! Records of subscriptions: nothing that somebody else wrote is overwritten.

use crate::engine;
use adapters::dynamodb::{
    credits::DynamoCredits, projects::DynamoProjects, subscriptions::DynamoSubscriptions,
};
use domain::subscription::{Dispute, DisputeState, Record};
use ports::{
    census::Census,
    credits::{Credit, Credits},
    projects::{ChangeError, Projects, SealedSecrets},
    subscriptions::{RecordError, Subscriptions},
};
use testkit::make;
use tokio::task::JoinSet;

async fn store() -> DynamoSubscriptions {
    let (client, table) = engine::table().await;
    DynamoSubscriptions::on(client, table)
}

fn record() -> Record {
    Record::of(&make::subscription(), make::project().created_at)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_record_is_read_as_it_was_written() {
    let subscriptions = store().await;
    assert_eq!(subscriptions.find("sub_1").await.unwrap(), None);
    let at = record().seen_at;
    let full = Record { project: Some(make::project().id), ..record() }
        .disputed("dp_1", Dispute { state: DisputeState::Open, at })
        .refunded(at)
        .told("ended:1".to_owned(), at);
    let kept = subscriptions.record(&full).await.unwrap();
    assert_eq!(kept, Record { version: 1, ..full });
    assert_eq!(subscriptions.find("sub_1").await.unwrap(), Some(kept.clone()));
    assert_eq!(subscriptions.of_project(&make::project().id).await.unwrap(), [kept]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_many_writers_one_wins_each_version() {
    let subscriptions = store().await;
    for version in 0..3 {
        let mut writers = JoinSet::new();
        for _ in 0..10 {
            let (store, record) = (subscriptions.clone(), Record { version, ..record() });
            writers.spawn(async move { store.record(&record).await });
        }
        let ends = writers.join_all().await;
        assert_eq!(ends.iter().filter(|it| it.is_ok()).count(), 1, "version {version}");
        let lost = |it: &&Result<Record, RecordError>| matches!(it, Err(RecordError::LostRace));
        assert_eq!(ends.iter().filter(lost).count(), 9, "version {version}");
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_payment_leads_to_its_subscription() {
    let subscriptions = store().await;
    assert_eq!(subscriptions.find_by_payment("pay_1").await.unwrap(), None);
    for _ in 0..2 {
        subscriptions.link_payment("pay_1", "sub_1").await.unwrap();
    }
    assert_eq!(subscriptions.find_by_payment("pay_1").await.unwrap().as_deref(), Some("sub_1"));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_credit_is_noted_once() {
    let (client, table) = engine::table().await;
    let credits = DynamoCredits::on(client, table);
    let project = make::project();
    let credit = Credit {
        project_id: project.id,
        tenant_id: project.tenant_id,
        attempt: 1,
        subscription_id: "sub_1".to_owned(),
        paid_at: project.created_at,
        took_s: 130,
        target_s: 120,
    };
    assert!(credits.record(&credit).await.unwrap());
    assert!(!credits.record(&Credit { took_s: 999, ..credit.clone() }).await.unwrap());
    assert_eq!(credits.list().await.unwrap(), [credit]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn one_subscription_takes_over_from_another_and_a_third_does_not() {
    let (client, table) = engine::table().await;
    let projects = DynamoProjects::on(client, table);
    let project = make::project();
    let secrets = SealedSecrets { gateway_token: vec![1], model_key: vec![2] };
    projects.create(&project, &secrets).await.unwrap();
    for _ in 0..2 {
        projects.replace_subscription(&project.id, "sub_1", "sub_2").await.unwrap();
    }
    let third = projects.replace_subscription(&project.id, "sub_1", "sub_3").await;
    assert!(matches!(third, Err(ChangeError::OtherSubscription)), "{third:?}");
    let all = projects.projects().await.unwrap();
    assert_eq!(all.len(), 1, "its secrets are no project");
    assert_eq!(all[0].subscription_id.as_deref(), Some("sub_2"));
}
