//! What an owner has set comes to the instance that runs.

use super::{FAILURES, Fault, Plan, provision};
use crate::world::{OWN_KEY, World};
use contracts::configure::Saga;
use domain::{
    configuration::Configuration,
    id::KeyId,
    model::{ModelChoice, ModelProvider, ModelUse},
    project::State,
};
use jiff::Timestamp;
use ports::{
    keys::{ProviderKey, ProviderKeys},
    vault::{SecretKind, Vault},
};
use serde_json::Value;
use testkit::make;

const STEPS: [&str; 2] = ["Configure", "RecordApplied"];

/// A project that runs, and whose owner has just set something: version 1.
async fn set() -> World {
    let world = World::new().await;
    provision::plan().complete(&world).await;
    choose(&world).await;
    world
}

async fn choose(world: &World) {
    let project = make::project();
    let (tenant, id) = (project.tenant_id.clone(), KeyId::new("a").expect("plain"));
    let sealed = world.vault.seal(&tenant, SecretKind::ProviderKey, OWN_KEY).await;
    let key = ProviderKey {
        id: id.clone(),
        tenant: tenant.clone(),
        user: "usr_a".parse().expect("plain"),
        provider: ModelProvider::Openai,
        label: "mine".to_owned(),
        last4: "-key".to_owned(),
        sealed: sealed.expect("is up"),
        created_at: Timestamp::UNIX_EPOCH,
        projects: vec![],
    };
    world.configurations.keys.create(&key).await.expect("is up");
    let model = "gpt-5.4".to_owned().try_into().expect("plain");
    let primary = ModelUse { provider: ModelProvider::Openai, model, key_id: Some(id) };
    let choice = ModelChoice::new(primary, None).expect("sensible");
    world.configurations.put(Configuration::new(project.id, tenant).with_model(choice));
}

fn stored(world: &World) -> Configuration {
    world.configurations.of(&make::project().id)
}

fn plan(world: &World) -> Plan {
    Plan::of("configure", &Saga::of(&stored(world)))
}

/// The version of what the instance has.
fn in_force(world: &World) -> u32 {
    let configurations = world.commands.configurations.borrow();
    let [version] = configurations.values().copied().collect::<Vec<_>>()[..] else {
        panic!("{configurations:?}")
    };
    version
}

async fn assert_applied(world: &World, version: u32, case: &str) {
    let stored = stored(world);
    assert_eq!((in_force(world), stored.applied_version), (version, version), "{case}");
    assert!(stored.applied_at.is_some(), "{case}");
    assert_eq!(stored.failure(), None, "{case}");
    world.assert_running(case).await;
}

#[tokio::test]
async fn what_is_set_is_in_force_and_each_step_is_taken_once() {
    let world = set().await;
    let ended = plan(&world).complete(&world).await;
    assert_eq!(ended.entered, STEPS);
    assert!(!format!("{:?}", ended.inputs).contains(OWN_KEY), "no secret is in the state");
    assert_applied(&world, 1, "undisturbed").await;
}

#[tokio::test]
async fn every_step_twice_is_once() {
    let world = set().await;
    assert_eq!(plan(&world).execute(&world, None, 2).await.at, "Done");
    assert_applied(&world, 1, "every step twice").await;
}

#[tokio::test]
async fn a_lost_answer_anywhere_is_asked_again_and_changes_nothing() {
    for step in STEPS {
        let world = set().await;
        let ended = plan(&world).execute(&world, Some((step, Fault::AnswerLost)), 1).await;
        assert_eq!(ended.at, "Done", "{step}");
        assert_applied(&world, 1, step).await;
    }
}

/// The instance goes on, with the one or the other, and its owner knows that something is wrong.
#[tokio::test]
async fn a_failure_at_any_step_is_told_to_the_owner_and_the_next_version_heals_it() {
    for step in STEPS {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = set().await;
            let ended = plan(&world).execute(&world, Some((step, fault)), times).await;
            assert_eq!(ended.at, "Failed", "{case}");
            let came_through = (step, fault) == ("RecordApplied", Fault::After);
            assert_eq!(stored(&world).failure().is_none(), came_through, "{case}");
            world.assert_running(&case).await;

            world.configurations.put(stored(&world).again());
            plan(&world).complete(&world).await;
            assert_applied(&world, 2, &case).await;
        }
    }
}

#[tokio::test]
async fn what_the_gateway_does_not_accept_is_the_owners_to_change_and_no_failure() {
    let world = set().await;
    world.commands.next_exit.set(Some(65));
    plan(&world).complete(&world).await;
    assert!(stored(&world).failure().is_some());
    assert_eq!((in_force(&world), stored(&world).applied_version), (0, 0));
    world.assert_running("refused").await;
}

#[tokio::test]
async fn an_older_execution_that_comes_late_takes_nothing_back() {
    let world = set().await;
    let older = plan(&world);
    world.configurations.put(stored(&world).again());
    plan(&world).complete(&world).await;
    assert_applied(&world, 2, "the newer one").await;
    older.complete(&world).await;
    assert_applied(&world, 2, "the older one after it").await;
    // And one that read before the newer one was written.
    let newest = stored(&world);
    world.configurations.put(Configuration { version: 1, ..newest.clone() });
    older.complete(&world).await;
    assert_eq!(in_force(&world), 2, "the worker refuses it");
    world.configurations.put(newest);
    assert_applied(&world, 2, "nothing was noted of it").await;
}

#[tokio::test]
async fn a_launch_brings_what_was_set_before_it() {
    let world = World::new().await;
    choose(&world).await;
    provision::plan().complete(&world).await;
    assert_applied(&world, 1, "set before the launch").await;
    assert!(world.sagas.configure.started().is_empty(), "nothing is left to bring");
}

#[tokio::test]
async fn what_is_set_while_it_is_launched_is_brought_when_it_runs() {
    for before in ["CheckHealth", "Publish", "Finish"] {
        let world = World::new().await;
        let never = ("Nothing", Fault::Before);
        let ended = provision::plan()
            .execute_with(&world, never, before, async || {
                choose(&world).await;
                // The execution that its owner's request would start finds nothing that runs.
                plan(&world).complete(&world).await;
                assert_eq!(world.project().await.state, State::Provisioning);
            })
            .await;
        assert_eq!(ended.at, "Done", "{before}");
        assert_eq!(in_force(&world), 0, "{before}");
        let [(name, input)] = world.sagas.configure.started().try_into().expect("one execution");
        assert_eq!(name, format!("configure-{}-1", make::project().id), "{before}");
        let input: Value = serde_json::from_str(&input).expect("JSON");
        Plan::of("configure", &input).complete(&world).await;
        assert_applied(&world, 1, before).await;
    }
}
