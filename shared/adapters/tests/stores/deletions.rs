//! Projects that are deleted, or paid for in that moment, or both.

use crate::engine;
use adapters::dynamodb::{erasure::DynamoErasure, projects::DynamoProjects};
use domain::{
    backup::Backup,
    project::{Event, Project, State},
};
use ports::{
    erasure::Erasure,
    projects::{ChangeError, Projects, SealedSecrets},
};
use testkit::make;

fn secrets(seed: u8) -> SealedSecrets {
    SealedSecrets { gateway_token: vec![seed; 32], model_key: vec![0, 255, seed] }
}

/// At rest, with a backup, and what paid for it is `sub_1`.
fn suspended() -> Project {
    let taken_at = make::project().created_at;
    let sha256 = Some("5a".to_owned());
    let backup = Backup { attempt: 1, number: 0, sha256, bytes: 1, taken_at, replaces: None };
    let state = State::Suspended;
    Project { state, backup: Some(backup), plan_cause: Some(7), ..make::project() }
}

async fn store_of(project: &Project) -> DynamoProjects {
    let (client, table) = engine::table().await;
    let projects = DynamoProjects::on(client, table);
    projects.create(project, &secrets(1)).await.expect("a project");
    projects
}

async fn stored(projects: &DynamoProjects) -> Project {
    projects.find(&make::project().id).await.expect("it answers").expect("it is there")
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_deletion_begins_once_for_what_is_over_and_never_for_what_pays() {
    let projects = store_of(&suspended()).await;
    let id = &suspended().id;
    let other = projects.record_deleting(id, 1, Some("sub_2")).await;
    assert!(matches!(other, Err(ChangeError::OtherSubscription)), "{other:?}");
    let late = projects.record_deleting(id, 0, Some("sub_1")).await;
    assert!(matches!(late, Err(ChangeError::Illegal(_))), "{late:?}");
    assert_eq!(stored(&projects).await, suspended());
    for _ in 0..2 {
        let deleting = projects.record_deleting(id, 1, Some("sub_1")).await.unwrap();
        assert_eq!(deleting.state, State::Deleting);
    }
    projects.replace_subscription(id, "sub_1", "sub_2").await.unwrap();
    let deleting = projects.record_deleting(id, 1, Some("sub_1")).await.unwrap();
    assert_eq!(deleting.state, State::Deleting, "what has begun is finished");
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_a_deletion_and_another_payer_the_store_takes_one_first() {
    let (mut deleted, mut kept) = (0, 0);
    for _ in 0..40 {
        let projects = store_of(&suspended()).await;
        let id = suspended().id;
        let (theirs, ours) = (projects.clone(), id.clone());
        let deletion =
            tokio::spawn(async move { theirs.record_deleting(&ours, 1, Some("sub_1")).await });
        projects.replace_subscription(&id, "sub_1", "sub_2").await.unwrap();
        let deletion = deletion.await.unwrap();
        let after = stored(&projects).await;
        assert_eq!(after.subscription_id.as_deref(), Some("sub_2"));
        match deletion {
            Ok(_) => {
                deleted += 1;
                assert_eq!(after.state, State::Deleting);
            }
            Err(ChangeError::OtherSubscription | ChangeError::LostRace) => {
                kept += 1;
                assert_eq!((after.state, after.backup), (State::Suspended, suspended().backup));
                assert!(projects.request_resume(&id).await.is_ok());
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(deleted + kept, 40);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_was_deleted_begins_anew_once_with_its_first_new_secrets() {
    let (client, table) = engine::table().await;
    let projects = DynamoProjects::on(client.clone(), table.clone());
    let id = &suspended().id;
    projects.create(&suspended(), &secrets(1)).await.unwrap();
    assert!(matches!(projects.begin_anew(id, &secrets(2)).await, Err(ChangeError::Illegal(_))));
    assert_eq!(projects.secrets(id).await.unwrap(), Some(secrets(1)));
    projects.record_deleting(id, 1, Some("sub_1")).await.unwrap();
    DynamoErasure::on(client, table).forget(id).await.unwrap();
    projects.change(id, 1, Event::Deleted, None).await.unwrap();
    for seed in [2, 3] {
        let anew = projects.begin_anew(id, &secrets(seed)).await.unwrap();
        assert_eq!((anew.state, anew.attempt), (State::Pending, 2));
        assert_eq!((&anew.backup, anew.plan_cause), (&None, None));
        assert_eq!(stored(&projects).await, anew);
    }
    assert_eq!(projects.secrets(id).await.unwrap(), Some(secrets(2)));
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn who_takes_over_counts_changes_of_plan_from_nothing() {
    let projects = store_of(&suspended()).await;
    projects.replace_subscription(&suspended().id, "sub_1", "sub_2").await.unwrap();
    assert_eq!(stored(&projects).await.plan_cause, None);
    // And its record is as good as any other to go on from.
    let resumed = projects.request_resume(&suspended().id).await.unwrap();
    assert_eq!((resumed.state, resumed.attempt), (State::Pending, 2));
}
