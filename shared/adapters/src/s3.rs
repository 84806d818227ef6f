//! [`Bundles`] on S3.

use crate::aws;
use aws_sdk_s3::{Client, presigning::PresigningConfig, primitives::ByteStream};
use domain::id::ProjectId;
use ports::{Unavailable, bundles::Bundles};
use std::time::Duration;

/// How long a link opens. A worker fetches within seconds of the command; a command that waits
/// longer than this for its turn has to be sent again.
const LINK_LIFETIME: Duration = Duration::from_mins(3);

#[derive(Clone, Debug)]
pub struct S3Bundles {
    client: Client,
    bucket: String,
}

impl S3Bundles {
    pub async fn connect(bucket: String) -> Self {
        Self { client: Client::new(&aws::config().await), bucket }
    }
}

impl Bundles for S3Bundles {
    async fn publish(
        &self,
        project: &ProjectId,
        attempt: u32,
        configuration: &str,
    ) -> Result<String, Unavailable> {
        let key = key(project, attempt);
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .content_type("application/json")
            .body(ByteStream::from(configuration.as_bytes().to_vec()))
            .send()
            .await
            .map_err(unavailable)?;
        let lifetime = PresigningConfig::expires_in(LINK_LIFETIME).map_err(unavailable)?;
        let link = self.client.get_object().bucket(&self.bucket).key(&key).presigned(lifetime);
        Ok(link.await.map_err(unavailable)?.uri().to_owned())
    }

    async fn withdraw(&self, project: &ProjectId, attempt: u32) -> Result<(), Unavailable> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key(project, attempt))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
    }
}

fn key(project: &ProjectId, attempt: u32) -> String {
    format!("bundles/{project}/{attempt}.json")
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the bundle store", error)
}
