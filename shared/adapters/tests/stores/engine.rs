//! The local engine, and a table or a bucket of its own for every test.

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType as Scalar,
    },
};
use aws_sdk_s3::{
    config::RequestChecksumCalculation,
    types::{BucketVersioningStatus, VersioningConfiguration},
};

const TABLE: &str = "store";

/// A new table and how to reach it. The engine keeps a world for each access key of twelve digits,
/// so that no test sees another's.
pub(crate) async fn table() -> (Client, String) {
    let client = client();
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .send()
        .await
        .expect("the engine at AWS_ENDPOINT_URL creates a table");
    (client, TABLE.to_owned())
}

/// A new bucket that keeps versions, and how to reach it.
pub(crate) async fn bucket() -> (aws_sdk_s3::Client, String) {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(url())
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .credentials_provider(Credentials::new(account(), "test", None, None, "test"))
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let name = format!("backups-{}", account());
    client.create_bucket().bucket(&name).send().await.expect("the engine creates a bucket");
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let kept = client.put_bucket_versioning().bucket(&name);
    kept.versioning_configuration(versions.build()).send().await.expect("which keeps versions");
    (client, name)
}

/// Like the adapters' own: the SDK does not retry, so that what a race does is seen.
fn client() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url())
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new(account(), "test", None, None, "test"))
        .build();
    Client::from_conf(config)
}

fn url() -> String {
    #[expect(clippy::disallowed_methods, reason = "the test is configured by its environment")]
    let url = std::env::var("AWS_ENDPOINT_URL");
    url.expect("start the local engine and say in AWS_ENDPOINT_URL where it is")
}

/// Nobody has had it before.
fn account() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("randomness");
    format!("{:012}", u64::from_le_bytes(bytes) % 1_000_000_000_000)
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
}

fn text(name: &str) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name);
    attribute.attribute_type(Scalar::S).build().expect("an attribute")
}
