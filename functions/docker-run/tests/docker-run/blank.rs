//! A blank: launched for nobody, closed with a token that nobody knows.

use crate::bench::{Bench, KEY, TOKEN, blank_id, blank_saga};
use contracts::{blank::Saga, provision::Launched};
use docker_run::{Call, LaunchError};
use domain::plan::PlanId;
use runtime::fault::{Classify, Fault};
use serde_json::Value;

fn launch() -> Call {
    Call::LaunchBlank(blank_saga())
}

fn undo() -> Call {
    Call::UndoLaunchBlank(blank_saga())
}

/// The configuration that a worker finds which never answers.
async fn configuration(bench: &Bench) -> Value {
    bench.commands.unreachable.set(true);
    assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable));
    bench.commands.unreachable.set(false);
    let stored = bench.bundles.stored.borrow();
    serde_json::from_str(&stored[&(blank_id().into(), 1, 0)]).expect("is a configuration")
}

fn token_in(configuration: &Value) -> String {
    configuration["gateway"]["auth"]["token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn launching_a_blank_twice_is_one_container_and_no_bundle_is_left() {
    let bench = Bench::new().await;
    for round in ["once", "twice"] {
        let container = format!("openclaw-{}", blank_id());
        let launched = Some(Launched { container, adopted: false, configuration: 0 });
        assert_eq!(bench.done(launch()).await, launched, "{round}");
        assert_eq!((bench.blank_running(), bench.bundles()), (Some(1), 0), "{round}");
    }
}

#[tokio::test]
async fn the_command_line_holds_all_limits_of_the_plan_and_no_token() {
    let cases = [
        (PlanId::Standard, "--memory-mib 1536 --cpus 0.750 --boot-cpus 2 --heap-mib 768"),
        (PlanId::Pro, "--memory-mib 3584 --cpus 2.000 --boot-cpus 2 --heap-mib 2560"),
    ];
    for (plan, limits) in cases {
        let bench = Bench::new().await;
        let saga = Saga { plan, ..blank_saga() };
        bench.commands.unreachable.set(true);
        assert!(bench.fault(Call::LaunchBlank(saga.clone())).await.is_some());
        let token = {
            let stored = bench.bundles.stored.borrow();
            let bundle = serde_json::from_str(&stored[&(blank_id().into(), 1, 0)]);
            token_in(&bundle.expect("is a configuration"))
        };
        // The same chance again makes the same token.
        let bench = Bench::new().await;
        bench.done(Call::LaunchBlank(saga)).await;
        let asked = bench.asked();
        let [line] = asked.as_slice() else { panic!("{asked:?}") };
        let (id, instance) = (blank_id(), blank_id().instance());
        for part in [
            format!("launch --project {id} --instance {instance} --generation 1 --port 18792"),
            limits.to_owned(),
            format!("--image agent:1 --bundle-url https://bundles.test/{id}/1-0?signed"),
            "--edge-cidr 10.0.0.0/16 --model-egress 10.0.9.9:443".to_owned(),
        ] {
            assert!(line.contains(&part), "{plan:?}: `{part}` in `{line}`");
        }
        assert!(!line.contains(&token), "{plan:?}: {line}");
    }
}

#[tokio::test]
async fn its_token_is_long_and_thrown_away_and_never_the_same() {
    let bench = Bench::new().await;
    let first = token_in(&configuration(&bench).await);
    let second = token_in(&configuration(&bench).await);
    assert_ne!(first, second);
    for token in [first, second] {
        assert_eq!(token.len(), 64, "{token}");
        assert!(token.bytes().all(|it| it.is_ascii_hexdigit()), "{token}");
    }
}

#[tokio::test]
async fn a_blank_knows_nobodys_secret_and_reads_none() {
    let bench = Bench::new().await;
    bench.projects.outage.begin(u32::MAX);
    bench.vault.outage.begin(u32::MAX);
    let configuration = configuration(&bench).await.to_string();
    assert!(!configuration.contains(TOKEN) && !configuration.contains(KEY));
    assert!(!configuration.contains("models.test"), "it is warmed by a model inside itself");
    bench.done(launch()).await;
    bench.done(undo()).await;
    assert_eq!((bench.blank_running(), bench.bundles()), (None, 0));
}

#[tokio::test]
async fn undoing_removes_the_blank_however_often() {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.done(undo()).await, None, "{round}");
        assert_eq!((bench.blank_running(), bench.bundles()), (None, 0), "{round}");
    }
    let removal = format!("remove --project {} --generation 1 --purge yes", blank_id());
    assert!(bench.asked()[1].ends_with(&removal), "{:?}", bench.asked());
    assert!(!bench.cordoned());
}

#[tokio::test]
async fn a_late_blank_after_its_undo_is_refused_and_leaves_nothing() {
    let bench = Bench::new().await;
    bench.done(undo()).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.fault(launch()).await, Some(Fault::Terminal), "{round}");
        assert_eq!((bench.blank_running(), bench.bundles()), (None, 0), "{round}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_finishes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 5] = [
        ("publishing the bundle", |it| it.bundles.outage.begin(1)),
        ("withdrawing the bundle", |it| it.bundles.outage.begin_after(1, 1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
        ("reaching the machine", |it| it.commands.unreachable.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::new().await;
        break_it(&bench);
        assert_eq!(bench.fault(launch()).await, Some(Fault::Retryable), "{case}");
        bench.commands.unreachable.set(false);
        bench.done(launch()).await;
        assert_eq!((bench.blank_running(), bench.bundles()), (Some(1), 0), "{case}");
    }
    for before in 0..2 {
        let bench = Bench::new().await;
        bench.done(launch()).await;
        let outage = if before == 0 { &bench.bundles.outage } else { &bench.commands.outage };
        outage.begin(1);
        assert_eq!(bench.fault(undo()).await, Some(Fault::Retryable), "{before}");
        bench.done(undo()).await;
        assert_eq!(bench.blank_running(), None, "{before}");
    }
}

#[tokio::test]
async fn an_undo_on_a_machine_that_takes_no_commands_cordons_its_worker() {
    let bench = Bench::new().await;
    bench.done(launch()).await;
    bench.commands.unreachable.set(true);
    bench.done(undo()).await;
    assert!(bench.cordoned());
}

#[tokio::test]
async fn without_a_place_there_is_nothing_to_launch_and_nothing_to_remove() {
    let bench = Bench::new().await;
    let nowhere = Saga { worker: None, ..blank_saga() };
    let error = bench.run(Call::LaunchBlank(nowhere.clone())).await.expect_err("goes nowhere");
    assert!(matches!(error, LaunchError::Nowhere), "{error}");
    assert_eq!((error.fault(), bench.bundles()), (Fault::Terminal, 0));
    bench.done(Call::UndoLaunchBlank(nowhere)).await;
    assert!(bench.asked().is_empty());
}
