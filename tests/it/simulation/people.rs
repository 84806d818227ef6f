//! Customers, owners and operators.

use super::sim::Sim;
use contracts::{
    configure::Saga as ConfigureSaga, halt::Saga as HaltSaga, provision::Saga,
    restart::Saga as RestartSaga,
};
use domain::{
    configuration::Configuration,
    id::{UserId, WorkerId},
    plan::PlanId,
    project::{Project, Purpose, State},
    route::{Page, Target},
};
use ports::{
    clock::Clock, configurations::Configurations, intents::Intents, projects::Projects,
    sagas::Sagas,
};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use testkit::{make, sagas::FakeSagas};

/// How long somebody who opened the New Project page is expected to buy.
const INTENT: Duration = Duration::from_mins(10);

/// What the API does: an execution of that name, or the one that there is.
async fn start(sagas: &FakeSagas, name: &str, saga: &impl Serialize) {
    let input = serde_json::to_string(saga).expect("the saga is JSON");
    sagas.ensure_started(name, &input).await.expect("it is up");
}

impl Sim {
    pub(super) async fn customer_pays(&mut self) {
        self.customers += 1;
        let plan = match self.chaos.below(10) {
            0 => PlanId::Dedicated,
            1..=4 => PlanId::Pro,
            _ => PlanId::Standard,
        };
        let unpaid = make::project_called(&format!("customer{}", self.customers));
        let (state, subscription_id) = (State::PendingPayment, None);
        let project = Project { plan, state, attempt: 0, subscription_id, ..unpaid };
        self.world.admit(&project).await;
        self.post_payment(&project);
    }

    /// The page tells the warm pool, which looks at once.
    pub(super) async fn somebody_means_to_buy(&mut self) {
        let user: UserId = "usr_a".parse().expect("the id is plain");
        let until = self.world.clock.now() + INTENT;
        self.world.intents.record(&user, PlanId::Standard, until).await.expect("it is up");
        let _ = self.call("warm-pool", &json!({})).await;
    }

    pub(super) async fn owner_retries(&mut self) {
        let Some(project) = self.anyone_in(State::Error) else { return };
        let project = self.world.projects.request_retry(&project.id).await.expect("it has failed");
        self.provision(&project).await;
    }

    async fn provision(&self, project: &Project) {
        let name = Saga::execution_name(&project.id, project.attempt);
        start(&self.world.sagas.provision, &name, &Saga::of(project)).await;
    }

    /// Somebody's project in `state`.
    fn anyone_in(&self, state: State) -> Option<Project> {
        let mut projects = self.world.projects.all();
        projects.retain(|it| it.state == state);
        self.chaos.choose(&projects).cloned()
    }

    pub(super) async fn owner_stops(&mut self) {
        let Some(project) = self.anyone_in(State::Running) else { return };
        // As the API does: what brought it there may take it back until it has ended.
        if self.executions.is_running(&Saga::execution_name(&project.id, project.attempt)) {
            return;
        }
        self.tally.count("instance stopped by its owner");
        let saga = HaltSaga::of(&project, Purpose::Stop);
        start(&self.world.sagas.halt, &saga.execution_name(), &saga).await;
    }

    pub(super) async fn owner_starts(&mut self) {
        let Some(project) = self.anyone_in(State::Stopped) else { return };
        self.tally.count("instance started by its owner");
        let started = self.world.projects.request_start(&project.id).await.expect("it is stopped");
        self.provision(&started).await;
    }

    /// An edge says so, and what it says is delivered again until it is taken. By then it may run.
    pub(super) async fn somebody_comes_to_a_sleeper(&mut self) {
        let shows_asleep = |it: &&Project| {
            let route = self.world.routes.route(&it.host);
            route.is_some_and(|it| it.change.target == Some(Target::Page(Page::Asleep)))
        };
        let projects = self.world.projects.all();
        let sleepers: Vec<_> = projects.iter().filter(shows_asleep).collect();
        let Some(project) = self.chaos.choose(&sleepers) else { return };
        self.tally.count("instance that sleeps visited");
        let body = json!({ "host": project.host }).to_string();
        let wakes = json!({ "Records": [{ "body": body }] });
        let _ = self.call("sleep-watch", &wakes).await;
    }

    pub(super) async fn owner_keeps_awake(&mut self) {
        let projects = self.world.projects.all();
        let Some(project) = self.chaos.choose(&projects) else { return };
        let keep_awake = !project.keep_awake;
        self.world.projects.set_keep_awake(&project.id, keep_awake).await.expect("it is up");
    }

    pub(super) async fn owner_restarts(&mut self) {
        let Some(project) = self.anyone_in(State::Running) else { return };
        self.tally.count("instance restarted by its owner");
        let saga = RestartSaga::of(&project, self.world.clock.now());
        start(&self.world.sagas.restart, &saga.execution_name(), &saga).await;
    }

    /// What the API does: the next version, then its execution if the instance runs by then.
    pub(super) async fn owner_configures(&mut self) {
        let projects = self.world.projects.all();
        let Some(project) = self.chaos.choose(&projects) else { return };
        let configurations = &self.world.configurations;
        let before = configurations.find(&project.id).await.expect("it is up");
        let (id, tenant) = (project.id.clone(), project.tenant_id.clone());
        let before = before.unwrap_or_else(|| Configuration::new(id, tenant));
        let after = before.again();
        configurations.replace(&before, &after).await.expect("nobody else sets it");
        if project.state == State::Running {
            let saga = ConfigureSaga::of(&after);
            start(&self.world.sagas.configure, &saga.execution_name(), &saga).await;
        }
    }

    /// By `scripts/ops`, on any worker that there is.
    pub(super) async fn operate(&mut self, command: &str) {
        let workers: Vec<WorkerId> = self.world.fleet.workers.borrow().keys().cloned().collect();
        let Some(worker_id) = self.chaos.choose(&workers) else { return };
        let command = json!({ "command": command, "worker_id": worker_id });
        let _ = self.call("operator", &command).await;
    }
}
