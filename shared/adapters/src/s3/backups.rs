//! [`Backups`] on a bucket that keeps versions.

use crate::aws;
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation},
    operation::{head_object::HeadObjectError, list_object_versions::ListObjectVersionsOutput},
    presigning::PresigningConfig,
    types::{Delete, Object, ObjectIdentifier},
};
use domain::{
    backup::{BackupName, StoredBackup},
    id::ProjectId,
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    backups::{BackupLists, Backups},
};
use std::time::Duration;

/// How long a link opens: as long as a command may take, and a bit.
const LINK_LIFETIME: Duration = Duration::from_mins(10);

#[derive(Clone, Debug)]
pub struct S3Backups {
    client: Client,
    bucket: String,
}

impl S3Backups {
    pub async fn connect(bucket: String) -> Self {
        // A link for an upload must not promise the checksum of a body that nobody knows yet.
        let when = RequestChecksumCalculation::WhenRequired;
        let config = Builder::from(&aws::config().await).request_checksum_calculation(when);
        Self::on(Client::from_conf(config.build()), bucket)
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, bucket: String) -> Self {
        Self { client, bucket }
    }

    async fn delete_versions(&self, objects: Vec<ObjectIdentifier>) -> Result<(), Unavailable> {
        let all = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let deletion = self.client.delete_objects().bucket(&self.bucket);
        let answer =
            deletion.delete(all.map_err(unavailable)?).send().await.map_err(unavailable)?;
        match answer.errors().first() {
            // The answer as a whole is a success all the same.
            Some(it) => Err(unavailable(it.message().unwrap_or("a version was not deleted"))),
            None => Ok(()),
        }
    }
}

impl BackupLists for S3Backups {
    async fn list(&self, project: &ProjectId) -> Result<Vec<StoredBackup>, Unavailable> {
        let listing = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix(project));
        let mut pages = listing.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(unavailable)?;
            found.extend(page.contents().iter().filter_map(|it| stored(project, it)));
        }
        Ok(found)
    }
}

impl Backups for S3Backups {
    async fn upload_link(&self, name: &BackupName) -> Result<String, Unavailable> {
        let put = self.client.put_object().bucket(&self.bucket).key(key(name));
        Ok(put.presigned(lifetime()?).await.map_err(unavailable)?.uri().to_owned())
    }

    async fn download_link(&self, name: &BackupName) -> Result<String, Unavailable> {
        let get = self.client.get_object().bucket(&self.bucket).key(key(name));
        Ok(get.presigned(lifetime()?).await.map_err(unavailable)?.uri().to_owned())
    }

    async fn stored_bytes(&self, name: &BackupName) -> Result<Option<u64>, Unavailable> {
        let head = self.client.head_object().bucket(&self.bucket).key(key(name)).send().await;
        match head {
            Ok(found) => Ok(found.content_length().and_then(|it| it.try_into().ok())),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn delete(&self, name: &BackupName) -> Result<(), Unavailable> {
        let deletion = self.client.delete_object().bucket(&self.bucket).key(key(name));
        deletion.send().await.map(drop).map_err(unavailable)
    }

    async fn erase(&self, project: &ProjectId) -> Result<(), Unavailable> {
        loop {
            let listing = self.client.list_object_versions().bucket(&self.bucket);
            let page = listing.prefix(prefix(project)).send().await.map_err(unavailable)?;
            let found = versions(&page)?;
            // What a page has listed is gone before the next one is asked for.
            if found.is_empty() {
                return Ok(());
            }
            self.delete_versions(found).await?;
        }
    }
}

/// Ends in a slash: no project's name is the beginning of another one's folder.
fn prefix(project: &ProjectId) -> String {
    format!("backups/{project}/")
}

pub(super) fn key(name: &BackupName) -> String {
    format!("{}{}-{}.tar.gz", prefix(&name.project), name.attempt, name.number)
}

/// What is not called like a backup of `project` is none.
fn stored(project: &ProjectId, object: &Object) -> Option<StoredBackup> {
    let name = object.key()?.strip_prefix(&prefix(project))?.strip_suffix(".tar.gz")?;
    let (attempt, number) = name.split_once('-')?;
    let (attempt, number) = (attempt.parse().ok()?, number.parse().ok()?);
    let stored_at = Timestamp::from_second(object.last_modified()?.secs()).ok()?;
    let bytes = object.size()?.try_into().ok()?;
    let name = BackupName { project: project.clone(), attempt, number };
    Some(StoredBackup { name, bytes, stored_at })
}

/// Every version of the page. What marks one as deleted is a version like others.
fn versions(page: &ListObjectVersionsOutput) -> Result<Vec<ObjectIdentifier>, Unavailable> {
    let stored = page.versions().iter().map(|it| (it.key(), it.version_id()));
    let marked = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
    let identifier = |(key, version): (Option<&str>, Option<&str>)| {
        let all = ObjectIdentifier::builder().key(key.unwrap_or_default());
        all.set_version_id(version.map(str::to_owned)).build().map_err(unavailable)
    };
    stored.chain(marked).map(identifier).collect()
}

fn lifetime() -> Result<PresigningConfig, Unavailable> {
    PresigningConfig::expires_in(LINK_LIFETIME).map_err(unavailable)
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the store of backups", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::{
        config::{BehaviorVersion, Credentials, Region},
        primitives::DateTime,
        types::{DeleteMarkerEntry, ObjectVersion},
    };

    fn name() -> BackupName {
        let project = ProjectId::new("a").expect("plain");
        BackupName { project, attempt: 2, number: 1 }
    }

    fn store() -> S3Backups {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"));
        S3Backups::on(Client::from_conf(config.build()), "kept".to_owned())
    }

    #[tokio::test]
    async fn a_link_opens_one_archive_for_minutes_and_wants_nothing_of_who_has_it() {
        let links = [store().upload_link(&name()).await, store().download_link(&name()).await];
        for link in links.map(|it| it.expect("signs without asking anybody")) {
            assert!(link.contains("/backups/prj_a/2-1.tar.gz?"), "{link}");
            assert!(link.contains("X-Amz-Expires=600"), "{link}");
            assert!(link.contains("X-Amz-SignedHeaders=host&"), "{link}");
            assert!(!link.to_lowercase().contains("checksum"), "{link}");
        }
    }

    #[test]
    fn a_folder_is_one_projects_and_an_archive_is_one_backups() {
        let longer = ProjectId::new("ab").expect("plain");
        assert!(!prefix(&longer).starts_with(&prefix(&name().project)));
        let others = [(1, 21), (12, 1), (2, 2), (1, 1)];
        for (attempt, number) in others {
            assert_ne!(key(&BackupName { attempt, number, ..name() }), key(&name()));
        }
    }

    #[test]
    fn what_is_listed_is_read_as_it_was_named_and_nothing_else_is() {
        let at = DateTime::from_secs(1_795_262_400);
        let listed = |key: &str| {
            stored(&name().project, &Object::builder().key(key).size(7).last_modified(at).build())
        };
        let found = listed(&key(&name())).expect("is a backup");
        assert_eq!((found.name, found.bytes), (name(), 7));
        assert_eq!(found.stored_at.as_second(), 1_795_262_400);
        let others =
            ["backups/prj_ab/2-1.tar.gz", "backups/prj_a/2.tar.gz", "backups/prj_a/2-1.zip"];
        for other in others {
            assert_eq!(listed(other), None, "{other}");
        }
    }

    #[test]
    fn what_marks_an_archive_as_deleted_is_erased_with_its_versions() {
        let stored = ObjectVersion::builder().key("a").version_id("1").build();
        let marker = DeleteMarkerEntry::builder().key("a").version_id("2").build();
        let page =
            ListObjectVersionsOutput::builder().versions(stored).delete_markers(marker).build();
        let all = versions(&page).expect("both have a name");
        let all: Vec<_> = all.iter().map(|it| (it.key(), it.version_id())).collect();
        assert_eq!(all, [("a", Some("1")), ("a", Some("2"))]);
    }
}
