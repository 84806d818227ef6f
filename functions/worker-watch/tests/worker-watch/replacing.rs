//! Who was backed up goes on elsewhere when its worker is lost.

use crate::bench::{Bench, FAILED};
use contracts::{halt::Saga as HaltSaga, provision::Saga as ProvisionSaga};
use domain::{
    backup::Backup,
    plan::PlanId,
    project::{Project, Purpose, State as ProjectState},
};
use ports::{
    clock::Clock,
    sagas::{Course, Sagas},
};
use worker_watch::Trigger;

fn backed_up(project: Project) -> Project {
    let taken_at = project.created_at;
    let backup = Backup {
        attempt: 1,
        number: 1_795_262_400,
        sha256: Some("00".into()),
        bytes: 1,
        taken_at,
        replaces: None,
    };
    Project { backup: Some(backup), ..project }
}

/// Worker `0` with these projects, lost, and another one.
async fn bereft(projects: impl IntoIterator<Item = (&str, ProjectState)>) -> (Bench, Vec<Project>) {
    let mut bench = Bench::with_workers(2);
    let mut there = Vec::new();
    for (body, state) in projects {
        there.push(backed_up(bench.put(body, state, "0").await));
    }
    bench.know(there.clone());
    bench.lose("0");
    bench.hush();
    bench.beat("1");
    (bench, there)
}

#[tokio::test]
async fn who_was_backed_up_goes_on_elsewhere_from_the_newest_backup() {
    let (bench, projects) = bereft([("a", ProjectState::Running)]).await;
    for round in ["once", "twice"] {
        bench.look().await;
        bench.assert_settled("0");
        let now = bench.project(&projects[0]).await;
        assert_eq!((now.state, now.attempt, &now.reason), (ProjectState::Pending, 2, &None));
        let [(name, input)] = bench.provisions.started().try_into().expect("one execution");
        assert_eq!(name, "provision-prj_a-2", "{round}");
        let saga: ProvisionSaga = serde_json::from_str(&input).expect("an input of the saga");
        assert_eq!(saga.restore.as_deref(), projects[0].backup.as_ref());
    }
    assert_ne!(bench.shows(&projects[0]), FAILED, "its provisioning shows that it gets ready");
    let counted = bench.fleet.counted.borrow();
    assert!(counted[&PlanId::Standard].is_empty(), "or the next attempt might be one too many");
}

#[tokio::test]
async fn a_machine_full_of_instances_is_no_storm_of_boots() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let (bench, _) = bereft(names.map(|it| (it, ProjectState::Running))).await;
    for replaced in [3, 6, 7] {
        bench.look().await;
        assert_eq!(bench.replaced().len(), replaced);
        assert_eq!(bench.worker("0").reservations.len(), 7 - replaced);
    }
    bench.assert_settled("0");
}

#[tokio::test]
async fn what_a_halt_may_still_bring_to_safety_is_left_to_it() {
    let (bench, projects) = bereft([("a", ProjectState::Halting)]).await;
    let halt = HaltSaga::of(&projects[0], Purpose::Suspend).execution_name();
    bench.halts.ensure_started(&halt, "{}").await.expect("is up");
    for _ in 0..2 {
        bench.look().await;
        assert_eq!(bench.project(&projects[0]).await, projects[0]);
        assert_eq!(bench.worker("0").reservations.len(), 1);
    }
    bench.halts.set_course(&halt, Course::Ended { at: bench.clock.now() });
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.replaced(), ["provision-prj_a-2"], "it ended without an effect");
}

/// Its data was complete when the machine went, and its saga has come no further.
#[tokio::test]
async fn what_was_about_to_go_on_elsewhere_does() {
    let (mut bench, projects) = bereft([("a", ProjectState::Halting)]).await;
    bench.know([Project { state: ProjectState::Pending, attempt: 2, ..projects[0].clone() }]);
    bench.look().await;
    bench.assert_settled("0");
    assert_eq!(bench.replaced(), ["provision-prj_a-2"]);
}

#[tokio::test]
async fn a_replacement_that_breaks_off_anywhere_is_finished_by_later_looks() {
    type Break = fn(&Bench, u32, u32);
    let breaks: [(&str, Break); 4] = [
        ("the fleet", |it, after, calls| it.fleet.outage.begin_after(after, calls)),
        ("the projects", |it, after, calls| it.projects.outage.begin_after(after, calls)),
        ("the answers", |it, after, calls| it.projects.lost_answers.begin_after(after, calls)),
        ("the state machine", |it, after, calls| it.provisions.outage.begin_after(after, calls)),
    ];
    for (case, break_it) in breaks {
        let mut has_failed = 0;
        for after in 0..12 {
            let running = [("a", ProjectState::Running), ("b", ProjectState::Running)];
            let (bench, projects) = bereft(running).await;
            break_it(&bench, after, 1);
            for _ in 0..3 {
                has_failed += usize::from(bench.run(&Trigger::Look).await.is_err());
            }
            break_it(&bench, 0, 0);
            bench.assert_settled("0");
            let expected = ["provision-prj_a-2", "provision-prj_b-2"];
            let mut replaced = bench.replaced();
            replaced.sort();
            assert_eq!(replaced, expected, "{case} after {after}");
            for project in &projects {
                let now = bench.project(project).await;
                assert_eq!((now.state, now.attempt), (ProjectState::Pending, 2), "{case} {after}");
            }
        }
        assert!(has_failed > 0, "{case} is never asked");
    }
}
