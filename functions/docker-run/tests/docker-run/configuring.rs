//! An instance that runs gets another configuration.

use crate::bench::{Bench, KEY, TOKEN, launch, saga};
use contracts::configure::{Configured, Saga};
use docker_run::{Answer, Call, LaunchError};
use domain::{
    configuration::{Configuration, Telegram},
    id::KeyId,
    model::{ModelChoice, ModelProvider, ModelUse},
    project::{Project, State},
    telegram::BotId,
    worker::{Holder, Reservation},
};
use jiff::Timestamp;
use ports::{
    configurations::Configurations,
    keys::{ProviderKey, ProviderKeys},
    vault::{SecretKind, Vault},
};
use runtime::fault::{Classify, Fault};
use serde_json::{Value, json};
use testkit::make;

const OWN_KEY: &str = "sk-ant-the-customers-own";
const BOT_TOKEN: &str = "123456:the-bots-token";

fn key_id() -> KeyId {
    KeyId::new("a").expect("plain")
}

fn choice() -> ModelChoice {
    let of = |provider, model: &str, key_id| ModelUse {
        provider,
        model: model.to_owned().try_into().expect("plain"),
        key_id,
    };
    let primary = of(ModelProvider::Anthropic, "claude-sonnet-4-6", Some(key_id()));
    ModelChoice::new(primary, Some(of(ModelProvider::Platform, "auto", None))).expect("sensible")
}

async fn store_key(bench: &Bench, provider: ModelProvider) {
    let tenant = make::tenant_id("one");
    let sealed = bench.vault.seal(&tenant, SecretKind::ProviderKey, OWN_KEY).await.expect("is up");
    let key = ProviderKey {
        id: key_id(),
        tenant,
        user: "usr_a".parse().expect("plain"),
        provider,
        label: "mine".to_owned(),
        last4: "-own".to_owned(),
        sealed,
        created_at: Timestamp::UNIX_EPOCH,
        projects: vec![],
    };
    bench.configurations.keys.create(&key).await.expect("is up");
}

fn fresh() -> Configuration {
    Configuration::new(make::project().id, make::project().tenant_id)
}

/// An instance that runs on a worker, and a configuration for it with everything in it.
async fn running() -> Bench {
    let bench = Bench::with(Project { state: State::Running, ..make::project() }).await;
    bench.done(launch()).await;
    bench.commands.log.borrow_mut().clear();
    reserve(&bench);
    store_key(&bench, ModelProvider::Anthropic).await;
    let tenant = make::tenant_id("one");
    let sealed = bench.vault.seal(&tenant, SecretKind::TelegramToken, BOT_TOKEN).await;
    let telegram = Telegram {
        bot: BotId::from("123456".to_owned()),
        last4: "oken".to_owned(),
        fingerprint: "f".to_owned(),
        sealed: sealed.expect("is up"),
    };
    bench.configurations.put(fresh().with_model(choice()).with_telegram(Some(telegram)));
    bench
}

fn reserve(bench: &Bench) {
    let project = make::project();
    let claim = Reservation {
        id: project.id.reservation(project.attempt),
        demand: project.plan.plan().limits,
        port: 18792,
        plan: project.plan,
        since: Timestamp::UNIX_EPOCH,
        warm: false,
        blank: None,
    };
    let mut workers = bench.fleet.workers.borrow_mut();
    let worker = workers.values_mut().next().expect("there is one");
    worker.node_id = Some(crate::bench::NODE.to_owned());
    worker.reservations.insert(Holder::from(project.id), claim);
}

fn configure_saga() -> Saga {
    Saga {
        project_id: make::project().id,
        tenant_id: make::project().tenant_id,
        version: 1,
        configured: None,
        error: None,
    }
}

fn configure() -> Call {
    Call::Configure(configure_saga())
}

async fn configured(bench: &Bench) -> Configured {
    match bench.answer(configure()).await {
        Ok(Answer::Configured(configured)) => configured,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_newest_version_comes_whichever_was_asked_for_and_twice_is_once() {
    let bench = running().await;
    for round in ["once", "twice"] {
        assert_eq!(configured(&bench).await, Configured::Applied { version: 2 }, "{round}");
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{round}");
    }
    assert_eq!(bench.verbs(), ["configure", "configure"]);
    let id = make::project().id;
    let asked = bench.asked();
    for part in [
        format!("configure --project {id} --generation 1 --image agent:1"),
        format!("--bundle-url https://bundles.test/{id}/1-2?signed --configuration 2 --wait 60"),
    ] {
        assert!(asked[0].contains(&part), "`{part}` in `{}`", asked[0]);
    }
    for secret in [TOKEN, KEY, OWN_KEY, BOT_TOKEN] {
        assert!(!asked[0].contains(secret), "{}", asked[0]);
    }
}

#[tokio::test]
async fn the_bundle_has_everything_that_the_owner_has_set_and_the_instances_own_secrets() {
    let bench = running().await;
    bench.bundles.keep.set(true);
    configured(&bench).await;
    let stored = bench.bundles.stored.borrow();
    let whole: Value =
        serde_json::from_str(&stored[&(saga().project_id.into(), 1, 2)]).expect("a configuration");
    assert_eq!(whole["gateway"]["auth"]["token"], TOKEN);
    assert_eq!(whole["models"]["providers"]["platform"]["apiKey"], KEY);
    assert_eq!(whole["models"]["providers"]["anthropic"]["apiKey"], OWN_KEY);
    let model = json!({ "primary": "anthropic/claude-sonnet-4-6", "fallbacks": ["platform/auto"] });
    assert_eq!(whole["agents"]["defaults"]["model"], model);
    assert_eq!(whole["channels"]["telegram"]["botToken"], BOT_TOKEN);
}

#[tokio::test]
async fn a_launch_brings_the_newest_version_and_says_which_the_container_has() {
    let bench = running().await;
    bench.commands.containers.borrow_mut().clear();
    let launched = bench.done(launch()).await.expect("launches");
    assert_eq!(launched.configuration, 2);
    // Somebody sets something while the launch is repeated: the container has what it had.
    let newer = bench.configurations.of(&make::project().id).again();
    bench.configurations.put(newer);
    assert_eq!(bench.done(launch()).await.expect("is there").configuration, 2);
}

#[tokio::test]
async fn what_does_not_run_is_passed_by_and_the_worker_is_not_asked() {
    for state in [State::PendingPayment, State::Pending, State::Provisioning, State::Error] {
        let bench = Bench::with(Project { state, ..make::project() }).await;
        bench.configurations.put(fresh().with_model(choice()));
        assert_eq!(configured(&bench).await, Configured::Passed, "{state:?}");
        assert_eq!((bench.asked().len(), bench.bundles()), (0, 0), "{state:?}");
    }
    let bench = Bench::with(Project { state: State::Running, ..make::project() }).await;
    assert_eq!(configured(&bench).await, Configured::Passed, "it has no place");
}

#[tokio::test]
async fn each_exit_code_says_what_became_of_it() {
    let cases = [
        ("the gateway refuses it", 65, Configured::Refused { version: 2 }),
        ("something newer is there", 73, Configured::Passed),
    ];
    for (case, exit, expected) in cases {
        let bench = running().await;
        bench.commands.next_exit.set(Some(exit));
        assert_eq!(configured(&bench).await, expected, "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
    }
    let faults = [
        ("a command line that it does not understand", 64, Fault::Terminal),
        ("the gateway ended", 70, Fault::Terminal),
        ("not taken over yet", 75, Fault::Retryable),
        ("the program is not there", 127, Fault::Retryable),
    ];
    for (case, exit, fault) in faults {
        let bench = running().await;
        bench.commands.next_exit.set(Some(exit));
        let error = bench.answer(configure()).await.expect_err(case);
        assert_eq!((error.fault(), bench.bundles()), (fault, 0), "{case}");
        assert_eq!(configured(&bench).await, Configured::Applied { version: 2 }, "{case}");
    }
}

#[tokio::test]
async fn an_older_configuration_never_takes_the_place_of_a_newer_one() {
    let bench = running().await;
    let newer = bench.configurations.of(&make::project().id).again();
    let older = bench.configurations.of(&make::project().id);
    bench.configurations.put(newer);
    assert_eq!(configured(&bench).await, Configured::Applied { version: 3 });
    bench.configurations.put(older);
    assert_eq!(configured(&bench).await, Configured::Passed, "it read before the newer one came");
    assert_eq!(*bench.commands.configurations.borrow().values().next().expect("noted"), 3);
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_brings_it() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 11] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("reading its place", |it| it.fleet.outage.begin(1)),
        ("reading its secrets", |it| it.projects.outage.begin_after(1, 1)),
        ("opening its secrets", |it| it.vault.outage.begin(1)),
        ("reading the configuration", |it| it.configurations.outage.begin(1)),
        ("reading the key", |it| it.configurations.keys.outage.begin(1)),
        ("opening the key", |it| it.vault.outage.begin_after(2, 1)),
        ("publishing the bundle", |it| it.bundles.outage.begin(1)),
        ("withdrawing the bundle", |it| it.bundles.outage.begin_after(1, 1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("reaching the machine", |it| it.commands.unreachable.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = running().await;
        break_it(&bench);
        let error = bench.answer(configure()).await.expect_err(case);
        assert_eq!(error.fault(), Fault::Retryable, "{case}");
        bench.commands.unreachable.set(false);
        assert_eq!(configured(&bench).await, Configured::Applied { version: 2 }, "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
    }
}

#[tokio::test]
async fn another_tenants_configuration_and_a_key_for_another_provider_never_reach_the_worker() {
    let bench = running().await;
    let foreign = Saga { tenant_id: make::tenant_id("two"), ..configure_saga() };
    let error = bench.answer(Call::Configure(foreign)).await.expect_err("is not theirs");
    assert!(matches!(error, LaunchError::NotOurs), "{error}");

    let bench = Bench::with(Project { state: State::Running, ..make::project() }).await;
    reserve(&bench);
    store_key(&bench, ModelProvider::Openai).await;
    bench.configurations.put(fresh().with_model(choice()));
    let error = bench.answer(configure()).await.expect_err("there is no such key");
    assert!(matches!(error, LaunchError::NoKey(_)), "{error}");
    assert_eq!((error.fault(), bench.asked().len()), (Fault::Terminal, 0));

    let stored = bench.configurations.find(&make::project().id).await.expect("is up");
    let theirs = Configuration { tenant_id: make::tenant_id("two"), ..stored.expect("is there") };
    bench.configurations.put(theirs);
    let error = bench.answer(configure()).await.expect_err("it was never launched here");
    assert_eq!(error.fault(), Fault::Retryable);
    let asked = bench.asked();
    assert!(asked[0].contains("--configuration 0 "), "nothing of theirs is used: {asked:?}");
}
