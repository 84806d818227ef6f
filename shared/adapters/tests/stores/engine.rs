//! The local engine, and a table of its own for every test.

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType as Scalar,
    },
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

/// Like the adapters' own: the SDK does not retry, so that what a race does is seen.
fn client() -> Client {
    #[expect(clippy::disallowed_methods, reason = "the test is configured by its environment")]
    let url = std::env::var("AWS_ENDPOINT_URL")
        .expect("start the local engine and say in AWS_ENDPOINT_URL where it is");
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("randomness");
    let account = format!("{:012}", u64::from_le_bytes(bytes) % 1_000_000_000_000);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new(account, "test", None, None, "test"))
        .build();
    Client::from_conf(config)
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
}

fn text(name: &str) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name);
    attribute.attribute_type(Scalar::S).build().expect("an attribute")
}
