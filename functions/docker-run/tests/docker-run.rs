//! Launching and removing over a worker that obeys, refuses or is away.

use contracts::provision::{Call, Launched, ReadyWorker, Saga};
use docker_run::{Config, LaunchError, Platform, Step, World, handle};
use domain::{
    id::{TenantId, WorkerId},
    plan::PlanId,
    project::Project,
    worker::FIRST_PORT,
};
use ports::{
    projects::SealedSecrets,
    vault::{SecretKind, Vault},
};
use runtime::fault::{Classify, Fault};
use serde_json::{Value, json};
use testkit::{
    bundles::FakeBundles, commands::FakeCommands, fleet::FakeFleet, make, projects::FakeProjects,
    vault::FakeVault,
};

const TOKEN: &str = "the-gateway-token";
const KEY: &str = "the-model-key";

struct Bench {
    projects: FakeProjects,
    vault: FakeVault,
    bundles: FakeBundles,
    commands: FakeCommands,
    fleet: FakeFleet,
    config: Config,
}

impl Bench {
    /// One project whose secrets are sealed for its tenant, and one worker.
    async fn new() -> Self {
        Self::with(make::project()).await
    }

    async fn with(project: Project) -> Self {
        let (projects, vault) = (FakeProjects::of([project.clone()]), FakeVault::default());
        let secrets = sealed(&vault, &project.tenant_id).await;
        projects.put_secrets(&project.id, secrets);
        Self {
            projects,
            vault,
            bundles: FakeBundles::default(),
            commands: FakeCommands::default(),
            fleet: FakeFleet::of([make::worker("a", 8192)]),
            config: config(),
        }
    }

    async fn run(&self, step: Step, saga: Saga) -> Result<Option<Launched>, LaunchError> {
        let Self { projects, vault, bundles, commands, fleet, config } = self;
        let world = World { projects, vault, bundles, commands, fleet, config };
        handle(&world, &Call { step, saga }).await
    }

    /// Runs a step that succeeds.
    async fn done(&self, step: Step) -> Option<Launched> {
        self.run(step, saga()).await.unwrap_or_else(|error| panic!("{step:?}: {error}"))
    }

    async fn fault(&self, step: Step) -> Option<Fault> {
        self.run(step, saga()).await.err().map(|it| it.fault())
    }

    /// The generation that runs.
    fn running(&self) -> Option<u32> {
        self.commands.containers.borrow().get(saga().project_id.as_str()).copied()
    }

    fn asked(&self) -> Vec<String> {
        self.commands.log.borrow().clone()
    }

    fn bundles(&self) -> usize {
        self.bundles.stored.borrow().len()
    }

    fn cordoned(&self) -> bool {
        self.fleet.workers.borrow()[&worker_id()].cordoned
    }
}

async fn sealed(vault: &FakeVault, tenant: &TenantId) -> SealedSecrets {
    let gateway_token = vault.seal(tenant, SecretKind::GatewayToken, TOKEN).await.expect("is up");
    let model_key = vault.seal(tenant, SecretKind::ModelKey, KEY).await.expect("is up");
    SealedSecrets { gateway_token, model_key }
}

fn config() -> Config {
    let platform = Platform {
        model_url: "https://models.test/v1".to_owned(),
        model_id: "auto".to_owned(),
        edge_cidr: "10.0.0.0/16".to_owned(),
        url_port: String::new(),
    };
    let model_egress = "10.0.9.9:443".to_owned();
    Config { platform, agent_image: "agent:1".to_owned(), model_egress }
}

fn worker_id() -> WorkerId {
    WorkerId::new("a").expect("plain")
}

/// A saga whose worker is ready.
fn saga() -> Saga {
    on_worker(&make::project())
}

fn on_worker(project: &Project) -> Saga {
    let worker = ReadyWorker {
        worker_id: worker_id(),
        machine_id: "i-a".to_owned(),
        address: [10, 0, 0, 1].into(),
        port: FIRST_PORT + 3,
    };
    Saga { worker: Some(worker), ..Saga::of(project) }
}

#[tokio::test]
async fn the_command_line_holds_all_limits_of_the_plan_and_no_secret() {
    let cases = [
        (PlanId::Standard, "--memory-mib 1536 --cpus 0.750 --boot-cpus 2 --heap-mib 1280"),
        (PlanId::Pro, "--memory-mib 3584 --cpus 2.000 --boot-cpus 2 --heap-mib 3072"),
    ];
    for (plan, limits) in cases {
        let project = Project { plan, ..make::project() };
        let bench = Bench::with(project.clone()).await;
        bench.run(Step::Launch, on_worker(&project)).await.expect("launches");
        let asked = bench.asked();
        let [line] = asked.as_slice() else { panic!("{asked:?}") };
        let (id, instance) = (&project.id, project.id.instance(1));
        for part in [
            format!("launch --project {id} --instance {instance} --generation 1 --port 18792"),
            limits.to_owned(),
            format!("--image agent:1 --bundle-url https://bundles.test/{id}/1?signed"),
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
    assert_eq!(bench.fault(Step::Launch).await, Some(Fault::Retryable));
    let stored = bench.bundles.stored.borrow();
    let bundle: Value =
        serde_json::from_str(&stored[&(saga().project_id, 1)]).expect("is a configuration");
    assert_eq!(bundle["gateway"]["auth"]["token"], json!(TOKEN));
    assert_eq!(bundle["models"]["providers"]["platform"]["apiKey"], json!(KEY));
}

#[tokio::test]
async fn launching_twice_is_one_container_and_no_bundle_is_left() {
    let bench = Bench::new().await;
    let container = format!("openclaw-{}", saga().project_id);
    for round in ["once", "twice"] {
        let launched = Some(Launched { container: container.clone() });
        assert_eq!(bench.done(Step::Launch).await, launched, "{round}");
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{round}");
    }
}

#[tokio::test]
async fn a_launch_whose_answer_was_lost_is_repeated() {
    let bench = Bench::new().await;
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.fault(Step::Launch).await, Some(Fault::Retryable));
    assert_eq!(bench.running(), Some(1));
    assert!(bench.done(Step::Launch).await.is_some());
    assert_eq!((bench.running(), bench.bundles()), (Some(1), 0));
}

#[tokio::test]
async fn each_exit_code_of_a_launch_says_whether_to_repeat_and_the_bundle_goes_either_way() {
    let cases = [
        ("launched", 0, None),
        ("a command line that it does not understand", 64, Some(Fault::Terminal)),
        ("a configuration that the gateway refuses", 65, Some(Fault::Terminal)),
        ("the gateway ended", 70, Some(Fault::Terminal)),
        ("a later generation was here", 73, Some(Fault::Terminal)),
        ("busy", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
        ("killed", 137, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let bench = Bench::new().await;
        bench.commands.next_exit.set(Some(exit_code));
        assert_eq!(bench.fault(Step::Launch).await, expected, "{case}");
        assert_eq!(bench.bundles(), 0, "{case}");
    }
}

#[tokio::test]
async fn a_launch_for_another_attempt_or_tenant_never_reaches_the_worker() {
    let (ours, two) = (make::project(), make::tenant_id("two"));
    let cases = [
        ("an attempt that is over", Project { attempt: 2, ..ours.clone() }, saga()),
        ("an attempt to come", ours.clone(), Saga { attempt: 2, ..saga() }),
        ("another tenant", ours.clone(), Saga { tenant_id: two, ..saga() }),
        ("a project that is gone", make::project_called("z"), saga()),
    ];
    for (case, project, saga) in cases {
        let bench = Bench::with(project).await;
        let error = bench.run(Step::Launch, saga).await.expect_err(case);
        assert!(matches!(error, LaunchError::NotOurs), "{case}: {error}");
        assert_eq!(error.fault(), Fault::Terminal, "{case}");
        assert_eq!((bench.asked().len(), bench.bundles()), (0, 0), "{case}");
    }
}

#[tokio::test]
async fn secrets_that_are_missing_or_sealed_for_somebody_else_never_reach_the_worker() {
    let missing = Bench { projects: FakeProjects::of([make::project()]), ..Bench::new().await };
    assert_eq!(missing.fault(Step::Launch).await, Some(Fault::Terminal));
    let foreign = Bench::new().await;
    let secrets = sealed(&foreign.vault, &make::tenant_id("two")).await;
    foreign.projects.put_secrets(&saga().project_id, secrets);
    assert!(foreign.fault(Step::Launch).await.is_some());
    for (case, bench) in [("missing", missing), ("somebody else's", foreign)] {
        assert_eq!((bench.asked().len(), bench.bundles()), (0, 0), "{case}");
    }
}

#[tokio::test]
async fn a_launch_without_a_worker_is_terminal() {
    let bench = Bench::new().await;
    let error = bench.run(Step::Launch, make::saga()).await.expect_err("goes nowhere");
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
        assert_eq!(bench.fault(Step::Launch).await, Some(Fault::Retryable), "{case}");
        bench.commands.unreachable.set(false);
        bench.done(Step::Launch).await;
        assert_eq!((bench.running(), bench.bundles()), (Some(1), 0), "{case}");
        assert!(!bench.cordoned(), "{case}");
    }
}

#[tokio::test]
async fn undoing_removes_the_container_and_the_bundle_however_often() {
    let bench = Bench::new().await;
    bench.done(Step::Launch).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.done(Step::UndoLaunch).await, None, "{round}");
        assert_eq!((bench.running(), bench.bundles()), (None, 0), "{round}");
    }
    let removal = format!("remove --project {} --generation 1 --purge yes", saga().project_id);
    assert!(bench.asked()[1].ends_with(&removal), "{:?}", bench.asked());
    assert!(!bench.cordoned());
}

#[tokio::test]
async fn a_late_launch_after_its_undo_is_refused_and_leaves_nothing() {
    let bench = Bench::new().await;
    bench.done(Step::UndoLaunch).await;
    for round in ["once", "twice"] {
        assert_eq!(bench.fault(Step::Launch).await, Some(Fault::Terminal), "{round}");
        assert_eq!((bench.running(), bench.bundles()), (None, 0), "{round}");
    }
}

#[tokio::test]
async fn undoing_a_launch_whose_answer_was_lost_removes_what_it_left() {
    let bench = Bench::new().await;
    bench.commands.lose_answer.set(true);
    assert_eq!(bench.fault(Step::Launch).await, Some(Fault::Retryable));
    assert_eq!((bench.running(), bench.bundles()), (Some(1), 1));
    bench.done(Step::UndoLaunch).await;
    assert_eq!((bench.running(), bench.bundles()), (None, 0));
}

#[tokio::test]
async fn an_undo_leaves_the_next_attempts_container_alone() {
    let bench = Bench::with(Project { attempt: 2, ..make::project() }).await;
    let second = on_worker(&Project { attempt: 2, ..make::project() });
    bench.run(Step::Launch, second).await.expect("launches");
    bench.done(Step::UndoLaunch).await;
    assert_eq!(bench.running(), Some(2));
}

#[tokio::test]
async fn an_undo_without_a_worker_asks_no_worker_and_withdraws_the_bundle() {
    let bench = Bench::new().await;
    let published = ((saga().project_id, 1), String::new());
    bench.bundles.stored.borrow_mut().extend([published]);
    bench.run(Step::UndoLaunch, make::saga()).await.expect("nothing was launched");
    assert_eq!((bench.asked().len(), bench.bundles(), bench.cordoned()), (0, 0, false));
}

#[tokio::test]
async fn an_undo_on_a_machine_that_takes_no_commands_cordons_its_worker() {
    let bench = Bench::new().await;
    bench.done(Step::Launch).await;
    bench.commands.unreachable.set(true);
    bench.fleet.outage.begin(1);
    assert_eq!(bench.fault(Step::UndoLaunch).await, Some(Fault::Retryable), "the fleet is away");
    for round in ["once", "twice"] {
        bench.done(Step::UndoLaunch).await;
        assert!(bench.cordoned(), "{round}");
        assert_eq!(bench.bundles(), 0, "{round}");
    }
}

#[tokio::test]
async fn each_exit_code_of_a_removal_says_whether_anything_is_left_to_do() {
    let cases = [
        ("removed", 0, None),
        ("a later generation owns it", 73, None),
        ("a command line that it does not understand", 64, Some(Fault::Retryable)),
        ("the removal crashed", 70, Some(Fault::Retryable)),
        ("busy", 75, Some(Fault::Retryable)),
        ("the program is not there", 127, Some(Fault::Retryable)),
    ];
    for (case, exit_code, expected) in cases {
        let bench = Bench::new().await;
        bench.done(Step::Launch).await;
        bench.commands.next_exit.set(Some(exit_code));
        assert_eq!(bench.fault(Step::UndoLaunch).await, expected, "{case}");
        bench.done(Step::UndoLaunch).await;
        assert_eq!((bench.running(), bench.cordoned()), (None, false), "{case}");
    }
}

#[tokio::test]
async fn an_outage_at_any_call_of_an_undo_is_retryable_and_the_retry_removes() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 3] = [
        ("withdrawing the bundle", |it| it.bundles.outage.begin(1)),
        ("sending the command", |it| it.commands.outage.begin(1)),
        ("its answer is lost", |it| it.commands.lose_answer.set(true)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::new().await;
        bench.done(Step::Launch).await;
        break_it(&bench);
        assert_eq!(bench.fault(Step::UndoLaunch).await, Some(Fault::Retryable), "{case}");
        bench.done(Step::UndoLaunch).await;
        assert_eq!((bench.running(), bench.cordoned()), (None, false), "{case}");
    }
}

#[tokio::test]
async fn an_undo_needs_neither_the_project_nor_its_secrets() {
    let bench = Bench::new().await;
    bench.done(Step::Launch).await;
    bench.projects.outage.begin(u32::MAX);
    bench.vault.outage.begin(u32::MAX);
    bench.done(Step::UndoLaunch).await;
    assert_eq!(bench.running(), None);
}
