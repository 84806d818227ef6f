//! A project's own launch.

use crate::bench::{Bench, KEY, TOKEN, launch, on_worker, saga, sealed, undo};
use contracts::provision::{Launched, Saga};
use docker_run::{Call, LaunchError};
use domain::{
    plan::PlanId,
    project::{Project, State},
};
use runtime::fault::{Classify, Fault};
use serde_json::{Value, json};
use testkit::{make, projects::FakeProjects};

#[tokio::test]
async fn the_command_line_holds_all_limits_of_the_plan_and_no_secret() {
    let cases = [
        (PlanId::Standard, "--memory-mib 1536 --cpus 0.750 --boot-cpus 2 --heap-mib 768"),
        (PlanId::Pro, "--memory-mib 3584 --cpus 2.000 --boot-cpus 2 --heap-mib 2560"),
    ];
    for (plan, limits) in cases {
        let project = Project { plan, ..make::project() };
        let bench = Bench::with(project.clone()).await;
        bench.run(Call::Launch(on_worker(&project))).await.expect("launches");
        let asked = bench.asked();
        let [line] = asked.as_slice() else { panic!("{asked:?}") };
        let (id, instance) = (&project.id, project.id.instance(1));
        for part in [
            format!("launch --project {id} --instance {instance} --generation 1 --port 18792"),
            limits.to_owned(),
            format!("--image agent:1 --bundle-url https://bundles.test/{id}/1-0?signed"),
            "--edge-cidr 10.0.0.0/16 --model-egress 10.0.9.9:443".to_owned(),
        ] {
            assert!(line.contains(&part), "{plan:?}: `{part}` in `{line}`");
        }
        for secret in [TOKEN, KEY] {
            assert!(!line.contains(secret), "{plan:?}: {line}");
        }
    }
}

#[tokio::test]
async fn the_worker_can_fetch_the_configuration_with_both_secrets() {
    let bench = Bench::new().await;
    // A worker that never answers has had the bundle in front of it.
    bench.commands.unreachable.set(true);
    assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable));
    let stored = bench.bundles.stored.borrow();
    let bundle: Value = serde_json::from_str(&stored[&(saga().project_id.into(), 1, 0)])
        .expect("is a configuration");
    assert_eq!(bundle["gateway"]["auth"]["token"], json!(TOKEN));
    assert_eq!(bundle["models"]["providers"]["platform"]["apiKey"], json!(KEY));
}

#[tokio::test]
async fn launching_twice_is_one_container_and_no_bundle_is_left() {
    let bench = Bench::new().await;
    let container = format!("openclaw-{}", saga().project_id);
    for round in ["once", "twice"] {
        let launched =
            Some(Launched { container: container.clone(), adopted: false, configuration: 0 });
        assert_eq!(bench.done(launch()).await, launched, "{round}");
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{round}");
    }
}

#[tokio::test]
async fn a_launch_whose_answer_was_lost_is_repeated() {
    let bench = Bench::new().await;
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable));
    assert_eq!(bench.running(), Some(1));
    assert!(bench.done(launch()).await.is_some());
    assert_eq!((bench.running(), bench.bundles()), (Some(1), 0));
}

#[tokio::test]
async fn a_launch_for_another_attempt_or_tenant_never_reaches_the_worker() {
    let (ours, two) = (make::project(), make::tenant_id("two"));
    let cases = [
        ("an attempt that is over", Project { attempt: 2, ..ours.clone() }, saga()),
        ("an attempt that has failed", Project { state: State::Error, ..ours.clone() }, saga()),
        ("an attempt to come", ours.clone(), Saga { attempt: 2, ..saga() }),
        ("another tenant", ours.clone(), Saga { tenant_id: two, ..saga() }),
        ("a project that is gone", make::project_called("z"), saga()),
    ];
    for (case, project, saga) in cases {
        let bench = Bench::with(project).await;
        let error = bench.run(Call::Launch(saga)).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{case}");
        assert_eq!((bench.asked().len(), bench.bundles()), (0, 0), "{case}");
    }
}

#[tokio::test]
async fn secrets_that_are_missing_or_sealed_for_somebody_else_never_reach_the_worker() {
    let missing = Bench { projects: FakeProjects::of([make::project()]), ..Bench::new().await };
    assert_eq!(missing.fault(launch()).await, Some(Fault::Terminal));
    let foreign = Bench::new().await;
    let secrets = sealed(&foreign.vault, &make::tenant_id("two")).await;
    foreign.projects.put_secrets(&saga().project_id, secrets);
    assert!(foreign.fault(launch()).await.is_some());
    for (case, bench) in [("missing", missing), ("somebody else's", foreign)] {
        assert_eq!((bench.asked().len(), bench.bundles()), (0, 0), "{case}");
    }
}

#[tokio::test]
async fn a_launch_without_a_worker_is_terminal() {
    let bench = Bench::new().await;
    let error = bench.run(Call::Launch(make::saga())).await.expect_err("goes nowhere");
    assert!(matches!(error, LaunchError::Nowhere), "{error}");
    assert_eq!((error.fault(), bench.bundles()), (Fault::Terminal, 0));
}

#[tokio::test]
async fn an_outage_at_any_call_of_a_launch_is_retryable_and_the_retry_launches_once() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 8] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("reading its secrets", |it| it.projects.outage.begin_after(1, 1)),
        ("opening the token", |it| it.vault.outage.begin(1)),
        ("opening the key", |it| it.vault.outage.begin_after(1, 1)),
        ("publishing the bundle", |it| it.bundles.outage.begin(1)),
        ("withdrawing the bundle", |it| it.bundles.outage.begin_after(1, 1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("reaching the machine", |it| it.commands.unreachable.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::new().await;
        break_it(&bench);
        assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable), "{case}");
        bench.commands.unreachable.set(false);
        bench.done(launch()).await;
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{case}");
        assert!(!bench.cordoned(), "{case}");
    }
}

#[tokio::test]
async fn a_late_launch_after_its_undo_is_refused_and_leaves_nothing() {
    let bench = Bench::new().await;
    bench.done(undo()).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.fault(launch()).await, Some(Fault::Terminal), "{round}");
        assert_eq!((bench.running(), bench.bundles()), (None, 0), "{round}");
    }
}
