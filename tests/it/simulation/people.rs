//! Customers, owners and operators.

use super::sim::Sim;
use contracts::{configure::Saga as ConfigureSaga, provision::Saga};
use domain::{
    configuration::Configuration,
    id::{UserId, WorkerId},
    plan::PlanId,
    project::{Project, State},
};
use ports::{
    clock::Clock, configurations::Configurations, intents::Intents, projects::Projects,
    sagas::Sagas,
};
use serde_json::json;
use std::time::Duration;
use testkit::make;

/// How long somebody who opened the New Project page is expected to buy.
const INTENT: Duration = Duration::from_mins(10);

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
        let mut failed = self.world.projects.all();
        failed.retain(|it| it.state == State::Error);
        let Some(project) = self.chaos.choose(&failed) else { return };
        let project = self.world.projects.request_retry(&project.id).await.expect("it has failed");
        let name = Saga::execution_name(&project.id, project.attempt);
        let input = serde_json::to_string(&Saga::of(&project)).expect("the saga is JSON");
        self.world.sagas.provision.ensure_started(&name, &input).await.expect("it is up");
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
            let input = serde_json::to_string(&saga).expect("the saga is JSON");
            let name = saga.execution_name();
            self.world.sagas.configure.ensure_started(&name, &input).await.expect("it is up");
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
