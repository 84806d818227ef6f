//! The two steps over stores in memory.

use crate::build::{archive, file, good};
use contracts::{
    halt,
    import::{Checked, MAX_BYTES, Saga, TakenOver},
};
use domain::{
    id::ImportId,
    project::{Project, Purpose, State},
};
use import::{Answer, Call, ImportError, Version, World, handle};
use ports::{imports::ImportName, projects::Projects};
use runtime::fault::{Classify, Fault};
use std::path::PathBuf;
use testkit::{
    clock::FakeClock, imports::FakeImports, make, projects::FakeProjects, sagas::FakeSagas,
};

struct Bench {
    projects: FakeProjects,
    imports: FakeImports,
    halts: FakeSagas,
    clock: FakeClock,
    version: Version,
    scratch: PathBuf,
}

impl Bench {
    /// A project in `state` whose owner has uploaded `upload`. `name` is the test's own.
    fn with(name: &str, state: State, upload: Option<Vec<u8>>) -> Self {
        Self::of(name, Project { state, ..make::project() }, upload)
    }

    fn of(name: &str, project: Project, upload: Option<Vec<u8>>) -> Self {
        let scratch = std::env::temp_dir().join(format!("import-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).expect("a test may write");
        let bench = Self {
            projects: FakeProjects::of([project]),
            imports: FakeImports::default(),
            halts: FakeSagas::default(),
            clock: FakeClock::default(),
            version: "2026.9.6".parse().expect("a version"),
            scratch,
        };
        if let Some(upload) = upload {
            let name = ImportName { project: make::project().id, id: id() };
            bench.imports.put(name, upload);
        }
        bench
    }

    async fn call(&self, call: Call) -> Result<Answer, ImportError> {
        let world = World {
            projects: &self.projects,
            imports: &self.imports,
            halts: &self.halts,
            clock: &self.clock,
            version: &self.version,
            scratch: &self.scratch,
        };
        handle(&world, &call).await
    }

    async fn check(&self) -> Checked {
        match self.call(Call::CheckArchive(self.saga())).await.expect("is up") {
            Answer::Checked(checked) => checked,
            other @ Answer::TakenOver(_) => panic!("no check: {other:?}"),
        }
    }

    async fn take_over(&self, checked: Checked) -> TakenOver {
        let saga = Saga { checked: Some(checked), ..self.saga() };
        match self.call(Call::TakeOver(saga)).await.expect("is up") {
            Answer::TakenOver(taken) => taken,
            other @ Answer::Checked(_) => panic!("nothing taken over: {other:?}"),
        }
    }

    fn saga(&self) -> Saga {
        use ports::clock::Clock;
        Saga::of(&make::project(), id(), self.clock.now())
    }

    fn is_tidy(&self) -> bool {
        std::fs::read_dir(&self.scratch).expect("is there").next().is_none()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

fn id() -> ImportId {
    ImportId::new("a").expect("plain")
}

fn upload() -> Vec<u8> {
    archive(&good(".openclaw/"))
}

#[tokio::test]
async fn what_is_good_is_kept_as_a_backup_twice_or_once() {
    let bench = Bench::with("good", State::Running, Some(upload()));
    let first = bench.check().await;
    let Checked::Accepted { choice, sha256, report } = &first else { panic!("{first:?}") };
    let kept = bench.imports.kept();
    let key = (make::project().id, choice.attempt, choice.number);
    assert_eq!(kept.keys().collect::<Vec<_>>(), [&key]);
    assert_eq!((kept[&key].len() as u64, sha256.len(), report.files), (choice.bytes, 64, 2));
    assert_eq!(bench.check().await, first, "a repeat");
    assert_eq!(bench.imports.kept(), kept);
    assert!(bench.is_tidy());
}

#[tokio::test]
async fn what_is_bad_or_missing_changes_nothing() {
    let bad = Some(archive(&[file("../x", "x")]));
    let large = Some(vec![0; usize::try_from(MAX_BYTES).expect("fits") + 1]);
    for (case, upload, reason) in
        [("bad", bad, "`..`"), ("missing", None, "nothing was uploaded"), ("large", large, "bytes")]
    {
        let bench = Bench::with(case, State::Running, upload);
        let checked = bench.check().await;
        let Checked::Refused(refused) = &checked else { panic!("{case}: {checked:?}") };
        assert!(refused.reason.contains(reason), "{case}: {refused:?}");
        assert_eq!(bench.take_over(checked).await, TakenOver::Nothing, "{case}");
        assert!(bench.imports.kept().is_empty() && bench.halts.started().is_empty(), "{case}");
        assert!(bench.is_tidy(), "{case}");
    }
}

#[tokio::test]
async fn what_runs_is_halted_once_and_goes_on_from_it() {
    let bench = Bench::with("runs", State::Running, Some(upload()));
    let checked = bench.check().await;
    for _ in 0..2 {
        assert_eq!(bench.take_over(checked.clone()).await, TakenOver::AtOnce);
    }
    let [(name, input)] = bench.halts.started().try_into().expect("one halt");
    let saga: halt::Saga = serde_json::from_str(&input).expect("as agreed");
    let Checked::Accepted { choice, .. } = checked else { panic!("was accepted") };
    assert_eq!((name, saga.purpose), (saga.execution_name(), Purpose::Restore { choice }));

    // The answer is lost, and by the repeat it has started from it.
    let before = Project { state: State::Running, ..make::project() };
    let after = before.halting(1, 0).unwrap().halted(1, saga.purpose, None).unwrap();
    assert_eq!(after.attempt, 2);
    let moved = Bench::of("moved", after, None);
    let report = contracts::import::Report::default();
    let checked = Checked::Accepted { choice, sha256: String::new(), report };
    assert_eq!(moved.take_over(checked).await, TakenOver::AtOnce);
    assert!(moved.halts.started().is_empty());
}

#[tokio::test]
async fn what_rests_starts_from_it_the_next_time_and_what_is_elsewhere_does_not() {
    for state in [State::Stopped, State::Error] {
        let bench = Bench::with("rests", state, Some(upload()));
        let checked = bench.check().await;
        for _ in 0..2 {
            assert_eq!(bench.take_over(checked.clone()).await, TakenOver::WithTheNextStart);
        }
        let found = bench.projects.find(&make::project().id).await.unwrap().unwrap();
        let Checked::Accepted { choice, .. } = checked else { panic!("was accepted") };
        assert_eq!(found.backup.map(|it| it.number), Some(choice.number), "{state:?}");
    }
    for state in [State::Pending, State::Provisioning, State::Suspended, State::Deleted] {
        let bench = Bench::with("elsewhere", state, Some(upload()));
        let checked = bench.check().await;
        assert_eq!(bench.take_over(checked).await, TakenOver::NotNow, "{state:?}");
        assert!(bench.halts.started().is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn what_is_away_is_asked_again_and_leaves_no_file() {
    let bench = Bench::with("away", State::Running, Some(upload()));
    for calls in 0..2 {
        bench.imports.outage.begin_after(calls, 1);
        let away = bench.call(Call::CheckArchive(bench.saga())).await.expect_err("is away");
        assert_eq!(away.fault(), Fault::Retryable);
        assert!(bench.is_tidy());
    }
    let checked = bench.check().await;
    for outage in [&bench.projects.outage, &bench.halts.outage] {
        outage.begin(1);
        let saga = Saga { checked: Some(checked.clone()), ..bench.saga() };
        let away = bench.call(Call::TakeOver(saga)).await.expect_err("is away");
        assert_eq!(away.fault(), Fault::Retryable);
    }
    assert_eq!(bench.take_over(checked).await, TakenOver::AtOnce);
}
