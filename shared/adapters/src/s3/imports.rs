//! [`Imports`] from the bucket of the bundles, where nothing lives longer than a day, into that of the backups.

use super::backups::key;
use crate::aws;
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation},
    error::ProvideErrorMetadata,
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::backup::BackupName;
use ports::{
    Unavailable,
    imports::{Fetched, ImportLinks, ImportName, Imports},
};
use std::{fs::File, io::Write, path::Path, time::Duration};

/// How long a link opens: as long as a slow line takes for the largest archive.
const LINK_LIFETIME: Duration = Duration::from_mins(15);

#[derive(Clone, Debug)]
pub struct S3Imports {
    client: Client,
    bucket: String,
    /// Of the backups; whoever only hands out links has none.
    backups: Option<String>,
}

impl S3Imports {
    /// For who hands out links.
    pub async fn connect(bucket: String) -> Self {
        // A link for an upload must not promise the checksum of a body that nobody knows yet.
        let when = RequestChecksumCalculation::WhenRequired;
        let config = Builder::from(&aws::config().await).request_checksum_calculation(when);
        Self { client: Client::from_conf(config.build()), bucket, backups: None }
    }

    #[must_use]
    pub fn into_backups(self, bucket: String) -> Self {
        Self { backups: Some(bucket), ..self }
    }
}

impl ImportLinks for S3Imports {
    async fn upload_link(&self, name: &ImportName, bytes: u64) -> Result<String, Unavailable> {
        let lifetime = PresigningConfig::expires_in(LINK_LIFETIME).map_err(unavailable)?;
        let put = self.client.put_object().bucket(&self.bucket).key(upload(name));
        // Signed with the rest: an upload of another length is refused.
        let put = put.content_length(bytes.try_into().map_err(unavailable)?);
        Ok(put.presigned(lifetime).await.map_err(unavailable)?.uri().to_owned())
    }
}

impl Imports for S3Imports {
    async fn fetch(
        &self,
        name: &ImportName,
        max_bytes: u64,
        to: &Path,
    ) -> Result<Fetched, Unavailable> {
        let got = self.client.get_object().bucket(&self.bucket).key(upload(name)).send().await;
        let mut found = match got {
            Ok(found) => found,
            // Who may not list what is there, as nobody may here, is not told that something is not.
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "AccessDenied")) => {
                return Ok(Fetched::Missing);
            }
            Err(error) => return Err(unavailable(error)),
        };
        let bytes = found.content_length().and_then(|it| it.try_into().ok()).unwrap_or(u64::MAX);
        if bytes > max_bytes {
            return Ok(Fetched::TooLarge(bytes));
        }
        let mut file = File::create(to).map_err(unavailable)?;
        while let Some(chunk) = found.body.next().await {
            file.write_all(&chunk.map_err(unavailable)?).map_err(unavailable)?;
        }
        Ok(Fetched::Here)
    }

    async fn keep(
        &self,
        backup: &BackupName,
        from: &Path,
        sha256: &[u8; 32],
    ) -> Result<(), Unavailable> {
        let bucket = self.backups.as_ref().ok_or_else(|| unavailable("no bucket of backups"))?;
        let body = ByteStream::from_path(from).await.map_err(unavailable)?;
        let put = self.client.put_object().bucket(bucket).key(key(backup)).body(body);
        let put = put.checksum_sha256(BASE64_STANDARD.encode(sha256));
        put.send().await.map(drop).map_err(unavailable)
    }
}

fn upload(name: &ImportName) -> String {
    format!("imports/{}/{}.tar.gz", name.project, name.id)
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the store of imports", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    #[tokio::test]
    async fn a_link_takes_one_archive_of_one_length_for_a_quarter_of_an_hour() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"));
        let client = Client::from_conf(config.build());
        let store = S3Imports { client, bucket: "bundles".to_owned(), backups: None };
        let name = ImportName {
            project: "prj_a".parse().expect("an id"),
            id: "imp_b".parse().expect("an id"),
        };
        let link = store.upload_link(&name, 4_096).await.expect("signs without asking anybody");
        assert!(link.contains("/imports/prj_a/imp_b.tar.gz?"), "{link}");
        assert!(link.contains("X-Amz-Expires=900"), "{link}");
        assert!(link.contains("X-Amz-SignedHeaders=content-length%3Bhost&"), "{link}");
    }
}
