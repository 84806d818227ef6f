//! What a customer brings along becomes a backup, and the project goes on from it.

use super::{FAILURES, Fault, Plan, books::Books, provision};
use crate::world::World;
use contracts::import::{Checked, Saga, TakenOver};
use domain::id::ImportId;
use flate2::{Compression, write::GzEncoder};
use ports::{clock::Clock, imports::ImportName};
use serde_json::Value;
use std::io::Write;
use testkit::make;

const STEPS: [&str; 2] = ["CheckArchive", "TakeOver"];

/// A project that runs, whose owner has uploaded `upload`.
async fn running(upload: Vec<u8>) -> World {
    let world = World::new().await;
    provision::plan().complete(&world).await;
    let name = ImportName { project: make::project().id, id: id() };
    world.imports.put(name, upload);
    world
}

fn id() -> ImportId {
    ImportId::new("a").expect("plain")
}

async fn plan(world: &World) -> Plan {
    Plan::of("import", &Saga::of(&world.project().await, id(), world.clock.now()))
}

fn archive(name: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_mode(0o600);
    header.set_size(0);
    header.set_cksum();
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    builder.append(&header, std::io::empty()).expect("into memory");
    let mut packed = builder.into_inner().expect("into memory");
    packed.flush().expect("into memory");
    packed.finish().expect("into memory")
}

fn good() -> Vec<u8> {
    archive("./workspace/AGENTS.md")
}

fn ended(state: &Value) -> (Option<Checked>, Option<TakenOver>) {
    let saga: Saga = serde_json::from_value(state.clone()).expect("the state is the saga's");
    (saga.checked, saga.taken_over)
}

fn halts(world: &World) -> usize {
    world.sagas.halt.started().len()
}

#[tokio::test]
async fn what_is_good_is_a_backup_and_the_instance_is_halted_for_it() {
    let world = running(good()).await;
    let ended_at = plan(&world).await.complete(&world).await;
    assert_eq!(ended_at.entered, STEPS);
    let (checked, taken_over) = ended(&ended_at.state);
    assert!(matches!(checked, Some(Checked::Accepted { .. })), "{checked:?}");
    assert_eq!(taken_over, Some(TakenOver::AtOnce));
    assert_eq!((world.imports.kept().len(), halts(&world)), (1, 1));
}

#[tokio::test]
async fn what_is_bad_changes_nothing_and_wakes_nobody() {
    let world = running(archive("../x")).await;
    let before = Books::of(&world);
    let ended_at = plan(&world).await.complete(&world).await;
    let (checked, taken_over) = ended(&ended_at.state);
    assert!(matches!(checked, Some(Checked::Refused(_))), "{checked:?}");
    assert_eq!(taken_over, Some(TakenOver::Nothing));
    assert_eq!(Books::of(&world), before);
    assert_eq!((world.imports.kept().len(), halts(&world)), (0, 0));
}

#[tokio::test]
async fn every_step_twice_is_once_and_a_lost_answer_is_asked_again() {
    let lost = STEPS.map(|step| (Some((step, Fault::AnswerLost)), 1));
    for (fault, times) in [(None, 2)].into_iter().chain(lost) {
        let world = running(good()).await;
        let end = plan(&world).await.execute(&world, fault, times).await;
        assert_eq!(end.at, "Done", "{fault:?}");
        assert_eq!((world.imports.kept().len(), halts(&world)), (1, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_failure_at_any_step_leaves_what_runs_alone_and_the_next_import_succeeds() {
    for step in STEPS {
        for (fault, times) in FAILURES {
            let case = format!("{step} fails, {fault:?}, calls made {times} times");
            let world = running(good()).await;
            let before = Books::of(&world);
            let end = plan(&world).await.execute(&world, Some((step, fault)), times).await;
            assert_eq!(end.at, "Failed", "{case}");
            assert_eq!(Books::of(&world), before, "{case}");
            world.assert_running(&case).await;
            plan(&world).await.complete(&world).await;
            assert_eq!((world.imports.kept().len(), halts(&world)), (1, 1), "{case}");
        }
    }
}
