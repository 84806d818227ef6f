//! The local engine's DynamoDB, and a table there that nobody else sees.

use super::{YardstickError, requests::Requests};
use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{
        AttributeDefinition, AttributeValue as A, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType as Scalar,
    },
};

pub(super) const TABLE: &str = "yardstick";
const ACCOUNTS: u64 = 1_000_000_000_000;

/// An account of its own at the engine, which keeps a world for each access key of twelve digits,
/// with the table [`TABLE`] in it.
#[derive(Clone, Debug)]
pub(super) struct World {
    url: String,
    account: String,
}

impl World {
    /// `url` is where the engine is.
    pub(super) async fn create(url: &str) -> Result<Self, YardstickError> {
        let account = getrandom::u64().map_err(|_| YardstickError::NoChance)? % ACCOUNTS;
        let world = Self { url: url.to_owned(), account: format!("{account:012}") };
        let created = world
            .client(&Requests::default())
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("pk", KeyType::Hash)?)
            .key_schema(key("sk", KeyType::Range)?)
            .attribute_definitions(text("pk")?)
            .attribute_definitions(text("sk")?)
            .send()
            .await;
        created.map_err(|error| YardstickError::engine(url, error))?;
        Ok(world)
    }

    /// Gives the table back; the world stays, empty, until the engine stops.
    pub(super) async fn remove(self) -> Result<(), YardstickError> {
        let client = self.client(&Requests::default());
        let deleted = client.delete_table().table_name(TABLE).send().await;
        deleted.map(drop).map_err(|error| YardstickError::engine(&self.url, error))
    }

    /// A client with connections of its own, whose requests are counted. Like the functions' own it
    /// does not retry, so that what a race does is seen.
    pub(super) fn client(&self, requests: &Requests) -> Client {
        let credentials = Credentials::new(&self.account, "test", None, None, "yardstick");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&self.url)
            .retry_config(RetryConfig::disabled())
            .credentials_provider(credentials)
            .interceptor(requests.clone())
            .build();
        Client::from_conf(config)
    }

    /// Reads and writes item `number`, which is there for nothing else.
    pub(super) async fn touch(&self, client: &Client, number: u32) -> Result<(), YardstickError> {
        let (pk, sk) = (A::S(format!("FLOOR#{number}")), A::S("FLOOR".to_owned()));
        let read = client
            .get_item()
            .table_name(TABLE)
            .key("pk", pk.clone())
            .key("sk", sk.clone())
            .consistent_read(true);
        read.send().await.map_err(|error| YardstickError::engine(&self.url, error))?;
        let write = client
            .update_item()
            .table_name(TABLE)
            .key("pk", pk)
            .key("sk", sk)
            .update_expression("ADD touched :one")
            .expression_attribute_values(":one", A::N("1".to_owned()));
        write.send().await.map(drop).map_err(|error| YardstickError::engine(&self.url, error))
    }
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, YardstickError> {
    let element = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    element.map_err(|error| YardstickError::engine("the key", error))
}

fn text(name: &str) -> Result<AttributeDefinition, YardstickError> {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(Scalar::S);
    attribute.build().map_err(|error| YardstickError::engine("the key", error))
}
