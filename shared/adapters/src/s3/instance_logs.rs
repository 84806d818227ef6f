//! [`InstanceLogs`] in the bucket of the bundles, where nothing lives longer than a day.

use crate::aws;
use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation},
    error::ProvideErrorMetadata,
    operation::get_object::GetObjectError,
    presigning::PresigningConfig,
};
use ports::{
    Unavailable,
    instance_logs::{InstanceLogs, LogsName},
};
use std::time::Duration;

/// How long a link opens: as long as the worker may take, and a bit.
const LINK_LIFETIME: Duration = Duration::from_mins(3);

#[derive(Clone, Debug)]
pub struct S3InstanceLogs {
    client: Client,
    bucket: String,
}

impl S3InstanceLogs {
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
}

impl InstanceLogs for S3InstanceLogs {
    async fn upload_link(&self, name: &LogsName) -> Result<String, Unavailable> {
        let lifetime = PresigningConfig::expires_in(LINK_LIFETIME).map_err(unavailable)?;
        let put = self.client.put_object().bucket(&self.bucket).key(key(name));
        Ok(put.presigned(lifetime).await.map_err(unavailable)?.uri().to_owned())
    }

    async fn read(&self, name: &LogsName) -> Result<Option<String>, Unavailable> {
        let got = self.client.get_object().bucket(&self.bucket).key(key(name)).send().await;
        let found = match got {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(is_absent) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let bytes = found.body.collect().await.map_err(unavailable)?.into_bytes();
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Who may not list what is there, as nobody may here, is not told that something is not.
fn is_absent(error: &GetObjectError) -> bool {
    error.is_no_such_key() || error.code() == Some("AccessDenied")
}

/// `infra-cdk/lib/stacks/data-stack.ts` has what begins like this expire.
fn key(name: &LogsName) -> String {
    format!("logs/{}/{}.txt", name.project, name.id)
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the store of logs", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use domain::id::{LogsId, ProjectId};

    #[tokio::test]
    async fn a_link_opens_one_reading_of_one_project_for_minutes() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"));
        let store = S3InstanceLogs::on(Client::from_conf(config.build()), "kept".to_owned());
        let project = ProjectId::new("a").unwrap();
        let name = LogsName { project, id: LogsId::new("b").unwrap() };
        let link = store.upload_link(&name).await.expect("signs without asking anybody");
        assert!(link.contains("/logs/prj_a/log_b.txt?"), "{link}");
        assert!(link.contains("X-Amz-Expires=180"), "{link}");
        assert!(!link.to_lowercase().contains("checksum"), "{link}");
    }
}
