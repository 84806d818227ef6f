//! Configurations, with the keys and the bot that they name.

use crate::engine;
use adapters::dynamodb::{configurations::DynamoConfigurations, provider_keys::DynamoProviderKeys};
use domain::{
    configuration::{Configuration, Failure, Telegram},
    id::{KeyId, ProjectId, TenantId},
    model::{ModelChoice, ModelProvider, ModelUse},
    telegram::BotId,
};
use jiff::Timestamp;
use ports::{
    configurations::{Configurations, ReplaceError},
    keys::{ProviderKey, ProviderKeys},
};
use testkit::make;

const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

struct Store {
    configurations: DynamoConfigurations,
    keys: DynamoProviderKeys,
}

async fn store() -> Store {
    let (client, table) = engine::table().await;
    Store {
        configurations: DynamoConfigurations::on(client.clone(), table.clone()),
        keys: DynamoProviderKeys::on(client, table),
    }
}

fn tenant() -> TenantId {
    make::tenant_id("one")
}

fn key_id(name: &str) -> KeyId {
    KeyId::new(name).expect("plain")
}

fn key(name: &str, tenant: TenantId) -> ProviderKey {
    ProviderKey {
        id: key_id(name),
        tenant,
        user: "usr_a".parse().expect("plain"),
        provider: ModelProvider::Openai,
        label: "mine".to_owned(),
        last4: "1234".to_owned(),
        sealed: vec![0, 255, 7],
        created_at: NOW,
        projects: vec![],
    }
}

fn fresh(project: &str) -> Configuration {
    Configuration::new(make::project_id(project), tenant())
}

fn under(key: &str) -> ModelChoice {
    let model = "m".to_owned().try_into().expect("plain");
    let provider = ModelProvider::Openai;
    ModelChoice::new(ModelUse { provider, model, key_id: Some(key_id(key)) }, None).expect("fits")
}

fn bot(id: &str, token: &str) -> Telegram {
    Telegram {
        bot: BotId::from(id.to_owned()),
        last4: "1234".to_owned(),
        fingerprint: token.to_owned(),
        sealed: token.as_bytes().to_vec(),
    }
}

impl Store {
    async fn replace(&self, before: &Configuration, after: &Configuration) {
        self.configurations.replace(before, after).await.expect("nothing is in the way");
    }

    async fn find(&self, project: &ProjectId) -> Configuration {
        self.configurations.find(project).await.expect("the engine is up").expect("is there")
    }

    async fn users(&self, name: &str) -> Vec<ProjectId> {
        let key = self.keys.find(&tenant(), &key_id(name)).await.expect("the engine is up");
        key.expect("is there").projects
    }
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_configuration_is_read_as_it_was_written() {
    let store = store().await;
    assert!(store.keys.create(&key("a", tenant())).await.unwrap());
    let after = fresh("p").with_model(under("a")).with_telegram(Some(bot("123456", "t")));
    let after = Configuration { version: 1, ..after };
    store.replace(&fresh("p"), &after).await;
    assert_eq!(store.find(&after.project_id).await, after);
    let nobodys = store.configurations.find(&make::project_id("q")).await.unwrap();
    assert_eq!(nobodys, None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn of_two_writers_of_a_version_one_wins() {
    let store = store().await;
    let one = fresh("p").with_telegram(Some(bot("123456", "t")));
    store.replace(&fresh("p"), &one).await;
    let two = one.with_telegram(None);
    store.replace(&one, &two).await;
    for (before, after) in [(fresh("p"), one.clone()), (one, two.again())] {
        let lost = store.configurations.replace(&before, &after).await;
        assert!(matches!(lost, Err(ReplaceError::LostRace)), "{lost:?}");
    }
    assert_eq!(store.find(&two.project_id).await.version, 2);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_key_knows_who_uses_it_and_is_not_deleted_meanwhile() {
    let store = store().await;
    for name in ["a", "b"] {
        assert!(store.keys.create(&key(name, tenant())).await.unwrap());
    }
    let (p, q) = (fresh("p").with_model(under("a")), fresh("q").with_model(under("a")));
    store.replace(&fresh("p"), &p).await;
    store.replace(&fresh("q"), &q).await;
    assert_eq!(store.users("a").await, [make::project_id("p"), make::project_id("q")]);
    assert!(!store.keys.delete(&tenant(), &key_id("a")).await.unwrap(), "it is used");

    store.replace(&p, &p.with_model(under("b"))).await;
    store.replace(&q, &q.with_model(under("b"))).await;
    assert_eq!(store.users("a").await, []);
    assert_eq!(store.users("b").await.len(), 2);
    for round in ["once", "twice"] {
        assert!(store.keys.delete(&tenant(), &key_id("a")).await.unwrap(), "{round}");
    }
    let gone = store.configurations.replace(&fresh("r"), &fresh("r").with_model(under("a"))).await;
    assert!(matches!(gone, Err(ReplaceError::KeyGone)), "{gone:?}");
    assert_eq!(store.configurations.find(&make::project_id("r")).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn another_tenants_key_is_none() {
    let store = store().await;
    let theirs = make::tenant_id("two");
    assert!(store.keys.create(&key("a", theirs.clone())).await.unwrap());
    assert_eq!(store.keys.find(&tenant(), &key_id("a")).await.unwrap(), None);
    assert_eq!(store.keys.list(&tenant()).await.unwrap(), []);
    assert!(!store.keys.replace(&tenant(), &key_id("a"), &[1], "x").await.unwrap());
    assert!(store.keys.delete(&tenant(), &key_id("a")).await.unwrap(), "there is none");
    let gone = store.configurations.replace(&fresh("p"), &fresh("p").with_model(under("a"))).await;
    assert!(matches!(gone, Err(ReplaceError::KeyGone)), "{gone:?}");
    assert_eq!(store.keys.list(&theirs).await.unwrap(), [key("a", theirs.clone())]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_key_is_made_once_and_replaced_with_its_users_kept() {
    let store = store().await;
    assert!(store.keys.create(&key("a", tenant())).await.unwrap());
    let other = ProviderKey { label: "other".to_owned(), ..key("a", tenant()) };
    assert!(!store.keys.create(&other).await.unwrap());
    store.replace(&fresh("p"), &fresh("p").with_model(under("a"))).await;
    assert!(store.keys.replace(&tenant(), &key_id("a"), &[9], "9999").await.unwrap());
    let expected = ProviderKey {
        sealed: vec![9],
        last4: "9999".to_owned(),
        projects: vec![make::project_id("p")],
        ..key("a", tenant())
    };
    assert_eq!(store.keys.list(&tenant()).await.unwrap(), [expected]);
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn a_bot_speaks_for_one_project_and_is_free_when_it_left() {
    let store = store().await;
    let p = fresh("p").with_telegram(Some(bot("123456", "t")));
    store.replace(&fresh("p"), &p).await;
    let q = fresh("q").with_telegram(Some(bot("123456", "other")));
    let taken = store.configurations.replace(&fresh("q"), &q).await;
    assert!(matches!(taken, Err(ReplaceError::BotTaken)), "{taken:?}");
    let newer = p.with_telegram(Some(bot("123456", "newer")));
    store.replace(&p, &newer).await;
    let another = newer.with_telegram(Some(bot("654321", "t")));
    store.replace(&newer, &another).await;
    store.replace(&fresh("q"), &q).await;
    store.replace(&another, &another.with_telegram(None)).await;
    let r = fresh("r").with_telegram(Some(bot("654321", "t")));
    store.replace(&fresh("r"), &r).await;
}

#[tokio::test]
#[ignore = "needs the local engine"]
async fn what_became_of_versions_is_kept_beside_them_and_never_goes_back() {
    let store = store().await;
    let project = make::project_id("p");
    store.configurations.record_applied(&project, 1, NOW).await.unwrap();
    let failure = |version| Failure { version, reason: format!("no {version}") };
    store.configurations.record_failed(&project, &failure(1)).await.unwrap();
    let nobodys = store.configurations.find(&project).await.unwrap();
    assert_eq!(nobodys, None, "a note makes no configuration");

    let one = fresh("p").with_telegram(Some(bot("123456", "t")));
    store.replace(&fresh("p"), &one).await;
    store.configurations.record_applied(&project, 1, NOW).await.unwrap();
    let two = one.with_telegram(None);
    store.replace(&one, &two).await;
    store.configurations.record_failed(&project, &failure(2)).await.unwrap();
    store.configurations.record_failed(&project, &failure(1)).await.unwrap();
    store.configurations.record_applied(&project, 0, Timestamp::UNIX_EPOCH).await.unwrap();
    let found = store.find(&project).await;
    assert_eq!((found.version, found.applied_version, found.applied_at), (2, 1, Some(NOW)));
    assert_eq!(found.failure(), Some("no 2"));
}
