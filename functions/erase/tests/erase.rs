//! Erasing over stores in memory.

use contracts::erase::Saga;
use domain::{
    backup::BackupName,
    configuration::{Configuration, Telegram},
    id::{KeyId, ProjectId, UserId},
    model::{ModelChoice, ModelProvider, ModelUse},
    project::{Project, State},
};
use erase::{Call, EraseError, World, handle};
use ports::{
    backups::Backups,
    configurations::Configurations,
    keys::{ProviderKey, ProviderKeys},
    projects::{Checkout, Projects, SealedSecrets},
};
use runtime::fault::{Classify, Fault};
use testkit::{
    backups::FakeBackups, configurations::FakeConfigurations, erasure::FakeErasure, make,
    projects::FakeProjects,
};

struct Bench {
    projects: FakeProjects,
    configurations: FakeConfigurations,
    backups: FakeBackups,
}

fn deleting() -> Project {
    Project { state: State::Deleting, ..make::project() }
}

fn neighbour() -> ProjectId {
    make::project_called("neighbour").id
}

impl Bench {
    /// `project` and a neighbour, each with everything that can be kept of a project.
    async fn with(project: Project) -> Self {
        let others = Project { id: neighbour(), ..make::project() };
        let bench = Self {
            projects: FakeProjects::of([project.clone(), others.clone()]),
            configurations: FakeConfigurations::default(),
            backups: FakeBackups::default(),
        };
        for (it, bot) in [(project, "111111"), (others, "222222")] {
            bench.furnish(&it, bot).await;
        }
        bench
    }

    async fn furnish(&self, project: &Project, bot: &str) {
        let secrets = SealedSecrets { gateway_token: vec![1], model_key: vec![2] };
        self.projects.put_secrets(&project.id, secrets);
        let (session_id, url) = ("cks_1".to_owned(), "https://checkout.test".to_owned());
        let (expires_at, follows, price) = (project.created_at, None, None);
        let checkout = Checkout { session_id, url, expires_at, follows, price };
        self.projects.record_checkout(&project.id, &checkout).await.expect("is up");
        for number in 0..3 {
            let name = BackupName { project: project.id.clone(), attempt: 1, number };
            self.backups.upload_link(&name).await.expect("is up");
        }
        self.configure(project, bot).await;
    }

    /// A key of the customer's own, and a bot.
    async fn configure(&self, project: &Project, bot: &str) {
        let key = key(project);
        self.configurations.keys.create(&key).await.expect("is up");
        let model = "some-model".to_owned().try_into().expect("plain");
        let uses = ModelUse { provider: key.provider, model, key_id: Some(key.id) };
        let telegram = Telegram {
            bot: bot.to_owned().into(),
            last4: "abcd".to_owned(),
            fingerprint: "ab".to_owned(),
            sealed: vec![3],
        };
        let before = Configuration::new(project.id.clone(), project.tenant_id.clone());
        let choice = ModelChoice::new(uses, None).expect("is one");
        let after = before.with_model(choice).with_telegram(Some(telegram));
        self.configurations.replace(&before, &after).await.expect("nobody else does");
    }

    async fn erase(&self) -> Result<(), EraseError> {
        let erasure =
            FakeErasure { projects: &self.projects, configurations: &self.configurations };
        let world = World {
            projects: &self.projects,
            configurations: &self.configurations,
            backups: &self.backups,
            erasure: &erasure,
        };
        handle(&world, &Call::EraseData(Saga::of(&deleting()))).await
    }

    /// What is kept: secrets, checkout, configuration, backups, and whether its key and its bot are
    /// claimed.
    async fn kept(&self, project: &ProjectId, bot: &str) -> [usize; 6] {
        let bot = bot.to_owned().into();
        let owner = Project { id: project.clone(), ..make::project() };
        let key = key(&owner);
        let key = self.configurations.keys.find(&key.tenant, &key.id).await.expect("is up");
        let backups = self.backups.stored.borrow().keys().filter(|(of, ..)| of == project).count();
        [
            usize::from(self.projects.secrets(project).await.expect("is up").is_some()),
            usize::from(self.projects.checkout(project).await.expect("is up").is_some()),
            usize::from(self.configurations.find(project).await.expect("is up").is_some()),
            backups,
            key.map_or(0, |it| it.projects.len()),
            usize::from(self.configurations.owner_of(&bot).is_some()),
        ]
    }
}

fn key(project: &Project) -> ProviderKey {
    ProviderKey {
        id: KeyId::new(project.id.body()).expect("plain"),
        tenant: project.tenant_id.clone(),
        user: UserId::new("u").expect("plain"),
        provider: ModelProvider::Anthropic,
        label: "mine".to_owned(),
        last4: "abcd".to_owned(),
        sealed: vec![4],
        created_at: project.created_at,
        projects: Vec::new(),
    }
}

const ALL: [usize; 6] = [1, 1, 1, 3, 1, 1];
const NOTHING: [usize; 6] = [0; 6];

#[tokio::test]
async fn nothing_is_kept_but_the_projects_own_record_however_often() {
    let bench = Bench::with(deleting()).await;
    assert_eq!(bench.kept(&deleting().id, "111111").await, ALL);
    for round in ["once", "twice"] {
        bench.erase().await.expect("erases");
        assert_eq!(bench.kept(&deleting().id, "111111").await, NOTHING, "{round}");
    }
    let record = bench.projects.find(&deleting().id).await.expect("is up");
    assert_eq!(record, Some(deleting()));
    assert_eq!(bench.kept(&neighbour(), "222222").await, ALL);
}

#[tokio::test]
async fn a_project_that_is_not_being_deleted_keeps_everything() {
    let cases = [
        ("it runs", Project { state: State::Running, ..deleting() }),
        ("it is suspended", Project { state: State::Suspended, ..deleting() }),
        ("another attempt", Project { attempt: 2, ..deleting() }),
        ("another tenant", Project { tenant_id: make::tenant_id("two"), ..deleting() }),
    ];
    for (case, project) in cases {
        let bench = Bench::with(project).await;
        let error = bench.erase().await.expect_err(case);
        assert_eq!(error.fault(), Fault::Terminal, "{case}: {error}");
        assert_eq!(bench.kept(&deleting().id, "111111").await[..4], ALL[..4], "{case}");
    }
}

#[tokio::test]
async fn a_late_call_for_a_project_that_is_deleted_is_done() {
    let bench = Bench::with(Project { state: State::Deleted, ..deleting() }).await;
    bench.erase().await.expect("it was done");
}

#[tokio::test]
async fn an_outage_at_any_call_is_retryable_and_the_retry_erases() {
    type Break = fn(&Bench);
    let cases: [(&str, Break); 5] = [
        ("reading the project", |it| it.projects.outage.begin(1)),
        ("reading the configuration", |it| it.configurations.outage.begin(1)),
        ("giving back what it claims", |it| it.configurations.outage.begin_after(1, 1)),
        ("deleting the backups", |it| it.backups.outage.begin(1)),
        ("deleting the rest", |it| it.projects.outage.begin_after(1, 1)),
    ];
    for (case, break_it) in cases {
        let bench = Bench::with(deleting()).await;
        break_it(&bench);
        let error = bench.erase().await.expect_err(case);
        assert_eq!(error.fault(), Fault::Retryable, "{case}: {error}");
        bench.erase().await.expect(case);
        assert_eq!(bench.kept(&deleting().id, "111111").await, NOTHING, "{case}");
    }
}
