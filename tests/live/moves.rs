//! Instances move when their worker goes, and know afterwards what they knew before.

use crate::{
    customer::{Customer, PROVISIONED_WITHIN},
    machine::{container_of, docker},
    operator::{invoke, ops},
};
use adapters::clock::SystemClock;
use e2e::{
    executions::{Landing, landing},
    wire::{Project, State},
};
use ports::clock::Clock;
use std::time::Duration;

/// The stand-in for the model tells then what the conversation began with.
const RECALL: &str = "What did I say first?";
const LOOK_EVERY: Duration = Duration::from_secs(2);

#[tokio::test]
#[ignore = "needs a running stack"]
async fn what_runs_on_a_worker_that_is_drained_goes_on_elsewhere() {
    let ada = Customer::arrives().await;
    let (project, word) = converses(&ada, "drained").await;
    let before = place(&ada, &project, 1).await;
    let told = ops(&["drain", &before.worker_id, "--yes"]);
    assert!(told.contains(&project.id), "it is said to move: {told}");

    let after = arrives(&ada, &project).await;
    assert_ne!(after.worker_id, before.worker_id, "it runs elsewhere");
    remembers(&ada, &project, &word).await;
    // It is given back after five more minutes, in which its drain can be stopped.
    let listed = ops(&["workers"]);
    let line = listed.lines().find(|it| it.contains(&before.worker_id)).expect("it is still there");
    assert!(line.contains("cordoned (operator)"), "{line}");
    ada.leaves().await;
}

#[tokio::test]
#[ignore = "needs a running stack"]
async fn what_was_backed_up_comes_back_by_itself_when_its_worker_dies() {
    let ada = Customer::arrives().await;
    let (project, word) = converses(&ada, "survives").await;
    // Everything that runs, now instead of within the hour.
    invoke(ada.journey.environment(), "backup").await;
    let before = place(&ada, &project, 1).await;
    let machine = container_of(&before.node_id);
    docker(&["kill", &machine]).expect("the machine runs");

    let after = arrives(&ada, &project).await;
    assert_ne!(after.worker_id, before.worker_id, "it runs elsewhere");
    remembers(&ada, &project, &word).await;
    let is_told = async || {
        let letters = ada.journey.letters(&ada.email).await.expect("the mailbox can be read");
        letters.iter().any(|it| it.subject.contains("runs again, from its backup of")).then_some(())
    };
    until("the owner is told from when the data is", PROVISIONED_WITHIN, is_told).await;
    ada.leaves().await;
}

/// A project that runs, and what its conversation began with.
async fn converses(ada: &Customer, name: &str) -> (Project, String) {
    let project = ada.buys(name).await;
    let project = ada.waits_until_running(&project).await;
    let word = format!("zebra-{}", project.id);
    ada.chats(&project, &format!("My animal is a {word}.")).await;
    (project, word)
}

async fn remembers(ada: &Customer, project: &Project, word: &str) {
    let answer = ada.chats(project, RECALL).await;
    assert!(answer.contains(word), "the conversation is another one: {answer}");
}

async fn place(ada: &Customer, project: &Project, attempt: u32) -> Landing {
    let found = landing(ada.journey.environment(), &project.id, attempt).await;
    found.expect("the execution says where it is")
}

/// Nobody asks for it: the second attempt runs.
async fn arrives(ada: &Customer, project: &Project) -> Landing {
    let environment = ada.journey.environment();
    let is_there = async || {
        let landing = landing(environment, &project.id, 2).await?;
        let now = ada.journey.project(&project.id).await.ok()?;
        (now.state == State::Running).then_some(landing)
    };
    until("it runs elsewhere", PROVISIONED_WITHIN, is_there).await
}

async fn until<T>(what: &str, within: Duration, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = SystemClock.now() + within;
    while SystemClock.now() < deadline {
        if let Some(found) = look().await {
            return found;
        }
        SystemClock.sleep(LOOK_EVERY).await;
    }
    panic!("not after {within:?}: {what}");
}
