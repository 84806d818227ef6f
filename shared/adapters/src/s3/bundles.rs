//! [`Bundles`] on S3.

use crate::aws;
use aws_sdk_s3::{Client, presigning::PresigningConfig, primitives::ByteStream, types::Object};
use domain::worker::Holder;
use jiff::Timestamp;
use ports::{
    Unavailable,
    bundles::{Bundle, Bundles},
};
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
        holder: &Holder,
        attempt: u32,
        version: u32,
        configuration: &str,
    ) -> Result<String, Unavailable> {
        let key = key(holder, attempt, version);
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

    async fn withdraw(
        &self,
        holder: &Holder,
        attempt: u32,
        version: u32,
    ) -> Result<(), Unavailable> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key(holder, attempt, version))
            .send()
            .await
            .map(|_| ())
            .map_err(unavailable)
    }

    async fn list(&self) -> Result<Vec<Bundle>, Unavailable> {
        let listing = self.client.list_objects_v2().bucket(&self.bucket).prefix(PREFIX);
        let mut pages = listing.into_paginator().send();
        let mut bundles = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page.map_err(unavailable)?.contents.unwrap_or_default();
            bundles.extend(objects.iter().filter_map(bundle));
        }
        Ok(bundles)
    }
}

const PREFIX: &str = "bundles/";

fn key(holder: &Holder, attempt: u32, version: u32) -> String {
    format!("{PREFIX}{holder}/{attempt}-{version}.json")
}

/// Whose bundle is stored at `key`. `None`: it is none of ours.
fn read_key(key: &str) -> Option<(Holder, u32, u32)> {
    let (holder, file) = key.strip_prefix(PREFIX)?.split_once('/')?;
    let (attempt, version) = file.strip_suffix(".json")?.split_once('-')?;
    Some((holder.to_owned().try_into().ok()?, attempt.parse().ok()?, version.parse().ok()?))
}

fn bundle(object: &Object) -> Option<Bundle> {
    let (holder, attempt, version) = read_key(object.key()?)?;
    let stored_at = Timestamp::from_second(object.last_modified()?.secs()).ok()?;
    Some(Bundle { holder, attempt, version, stored_at })
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the bundle store", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_bundle_it_is_and_nothing_else_is_taken_for_one() {
        for holder in ["prj_a1b2", "blk_c3"] {
            let holder: Holder = holder.to_owned().try_into().unwrap();
            assert_eq!(read_key(&key(&holder, 7, 2)), Some((holder, 7, 2)));
        }
        let others = [
            "images/a.tar",
            "bundles/",
            "bundles/prj_a/x-1.json",
            "bundles/prj_a/1.json",
            "bundles/wrk_a/1-0.json",
        ];
        for other in others {
            assert_eq!(read_key(other), None, "{other}");
        }
    }
}
