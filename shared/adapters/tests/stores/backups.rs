//! Backups by their links, as a worker uses them, and erased.

use crate::engine;
use adapters::s3::backups::S3Backups;
use domain::{backup::BackupName, id::ProjectId};
use ports::backups::{BackupLists, Backups};
use testkit::make;

fn backup(project: &ProjectId, number: u32) -> BackupName {
    BackupName { project: project.clone(), attempt: 1, number }
}

async fn upload(store: &S3Backups, name: &BackupName, archive: &'static str) {
    let link = store.upload_link(name).await.expect("is signed");
    let answer = reqwest::Client::new().put(link).body(archive).send().await;
    assert!(answer.expect("the engine answers").status().is_success());
}

async fn download(store: &S3Backups, name: &BackupName) -> Option<String> {
    let link = store.download_link(name).await.expect("is signed");
    let answer = reqwest::get(link).await.expect("the engine answers");
    if answer.status().is_success() { answer.text().await.ok() } else { None }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_is_put_by_one_link_is_stored_and_fetched_by_the_other() {
    let (client, bucket) = engine::bucket().await;
    let store = S3Backups::on(client, bucket);
    let name = backup(&make::project_id("a"), 0);
    assert_eq!(store.stored_bytes(&name).await.expect("the engine answers"), None);
    for archive in ["first", "as a whole"] {
        upload(&store, &name, archive).await;
        let stored = store.stored_bytes(&name).await.expect("the engine answers");
        assert_eq!(stored, Some(archive.len() as u64));
        assert_eq!(download(&store, &name).await.as_deref(), Some(archive));
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_is_deleted_is_listed_and_fetched_no_more_and_its_neighbours_are() {
    let (client, bucket) = engine::bucket().await;
    let store = S3Backups::on(client, bucket);
    let (project, other) = (make::project_id("a"), make::project_id("ab"));
    for name in [backup(&project, 1), backup(&project, 2), backup(&other, 1)] {
        upload(&store, &name, "archive").await;
    }
    for round in ["once", "twice"] {
        store.delete(&backup(&project, 1)).await.expect(round);
        let listed = store.list(&project).await.expect("lists");
        let names: Vec<_> = listed.into_iter().map(|it| it.name).collect();
        assert_eq!(names, [backup(&project, 2)], "{round}");
        assert_eq!(download(&store, &backup(&project, 1)).await, None, "{round}");
    }
    assert_eq!(store.list(&other).await.expect("lists").len(), 1);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn nothing_is_left_of_an_erased_project_and_all_of_its_neighbour() {
    let (client, bucket) = engine::bucket().await;
    let store = S3Backups::on(client.clone(), bucket.clone());
    let (gone, stays) = (make::project_id("a"), make::project_id("ab"));
    for (project, number) in [(&gone, 0), (&gone, 0), (&gone, 1), (&stays, 0)] {
        upload(&store, &backup(project, number), "archive").await;
    }
    for round in ["once", "twice"] {
        store.erase(&gone).await.expect(round);
        let left = client.list_object_versions().bucket(&bucket).send().await.expect("lists");
        let keys: Vec<_> = left.versions().iter().filter_map(|it| it.key()).collect();
        assert_eq!(keys, ["backups/prj_ab/1-0.tar.gz"], "{round}");
        assert!(left.delete_markers().is_empty(), "{round}");
    }
}
