//! The function over fakes.

use operator::{OperatorError, Ports, World, handle};
use serde_json::{Value, json};
use testkit::{
    audit::FakeAudit, clock::FakeClock, fleet::FakeFleet, instance_logs::FakeInstanceLogs,
    placements::FakePlacements, projects::FakeProjects, random::FakeRandom, sagas::FakeSagas,
};

#[derive(Default)]
pub(crate) struct Bench {
    pub(crate) fleet: FakeFleet,
    pub(crate) placements: FakePlacements,
    pub(crate) projects: FakeProjects,
    pub(crate) instance_logs: FakeInstanceLogs,
    pub(crate) audit: FakeAudit,
    pub(crate) drains: FakeSagas,
    pub(crate) readings: FakeSagas,
    pub(crate) execs: FakeSagas,
    pub(crate) clock: FakeClock,
    pub(crate) random: FakeRandom,
}

enum Fakes {}

impl Ports for Fakes {
    type Fleet = FakeFleet;
    type Placements = FakePlacements;
    type Projects = FakeProjects;
    type InstanceLogs = FakeInstanceLogs;
    type Audit = FakeAudit;
    type Sagas = FakeSagas;
    type Clock = FakeClock;
    type Random = FakeRandom;
}

impl Bench {
    pub(crate) async fn try_ask(&self, command: &Value) -> Result<Value, OperatorError> {
        let world = World::<Fakes> {
            fleet: &self.fleet,
            placements: &self.placements,
            projects: &self.projects,
            instance_logs: &self.instance_logs,
            audit: &self.audit,
            drains: &self.drains,
            readings: &self.readings,
            execs: &self.execs,
            clock: &self.clock,
            random: &self.random,
        };
        let answer = handle(&world, command).await?;
        Ok(serde_json::to_value(answer).expect("an answer is JSON"))
    }

    pub(crate) async fn ask(&self, command: Value) -> Value {
        self.try_ask(&command).await.expect("is answered")
    }
}

pub(crate) fn refused(field: &str, answer: &Value) -> String {
    assert_eq!((&answer["answer"], &answer["field"]), (&json!("refused"), &json!(field)));
    answer["reason"].as_str().expect("a reason").to_owned()
}
