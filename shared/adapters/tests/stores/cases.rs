//! Cases: of two looks at one moment, one keeps what it has found.

use crate::engine;
use adapters::dynamodb::{cases::DynamoCases, projects::DynamoProjects};
use domain::health::{Case, Condition, Look, Resource};
use ports::{
    cases::{Cases, KeepError},
    census::Census,
};
use testkit::make;
use tokio::task::JoinSet;

async fn store() -> DynamoCases {
    let (client, table) = engine::table().await;
    DynamoCases::on(client, table)
}

/// Of an instance that is ill in every way.
fn case() -> Case {
    let project = make::project();
    let at = project.created_at;
    let short_of = vec![Resource::Memory, Resource::Storage];
    let look = Look { at, attempt: 1, condition: Condition::Silent, short_of };
    Case::open(project.id, 1, at).after(&look)
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_case_is_read_as_it_was_written_and_is_no_project() {
    let (client, table) = engine::table().await;
    let cases = DynamoCases::on(client.clone(), table.clone());
    let case = case();
    assert_eq!(cases.find(&case.project).await.unwrap(), None);
    let kept = cases.keep(&case).await.unwrap();
    assert_eq!(kept, case.clone().at_version(1));
    assert_eq!(cases.find(&case.project).await.unwrap(), Some(kept.clone()));
    assert_eq!(cases.open().await.unwrap(), std::slice::from_ref(&kept));
    assert_eq!(DynamoProjects::on(client, table).projects().await.unwrap(), []);
    for _ in 0..2 {
        cases.close(&kept).await.unwrap();
    }
    assert_eq!(cases.open().await.unwrap(), []);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_many_looks_one_keeps_each_version_and_who_is_late_forgets_nothing() {
    let cases = store().await;
    for version in 0..3 {
        let mut looks = JoinSet::new();
        for _ in 0..10 {
            let (store, case) = (cases.clone(), case().at_version(version));
            looks.spawn(async move { store.keep(&case).await });
        }
        let ends = looks.join_all().await;
        assert_eq!(ends.iter().filter(|it| it.is_ok()).count(), 1, "version {version}");
    }
    let late = cases.close(&case().at_version(2)).await;
    assert!(matches!(late, Err(KeepError::LostRace)), "{late:?}");
    assert_eq!(cases.open().await.unwrap().len(), 1);
}
