//! [`Sagas`] on Step Functions.

use crate::aws;
use aws_sdk_sfn::{
    Client,
    operation::{
        describe_execution::{DescribeExecutionError, DescribeExecutionOutput},
        get_execution_history::GetExecutionHistoryError,
        start_execution::StartExecutionError,
    },
    primitives::DateTime,
    types::{ExecutionListItem, ExecutionStatus, HistoryEvent, HistoryEventType as T},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    sagas::{Course, Outcome, Sagas, StepRun},
};

/// Failed executions that are read at once, and how often.
const PAGE: i32 = 100;
const MAX_PAGES: usize = 5;

/// In which every saga ends that cannot be undone: `UNDO_FAILED` in `infra-cdk/lib/constructs/saga.ts`.
const UNDO_FAILED: &str = "UndoFailed";

#[derive(Clone, Debug)]
pub struct StepFunctions {
    client: Client,
    state_machine_arn: String,
}

impl StepFunctions {
    pub async fn connect(state_machine_arn: String) -> Self {
        Self { client: Client::new(&aws::config().await), state_machine_arn }
    }

    fn execution_arn(&self, name: &str) -> String {
        format!("{}:{name}", self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1))
    }

    /// `None` if it never started.
    async fn describe(&self, name: &str) -> Result<Option<DescribeExecutionOutput>, Unavailable> {
        let described = self.client.describe_execution().execution_arn(self.execution_arn(name));
        match described.send().await {
            Ok(it) => Ok(Some(it)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn events(&self, name: &str) -> Result<Vec<HistoryEvent>, Unavailable> {
        let mut events = Vec::new();
        let mut pages = self
            .client
            .get_execution_history()
            .execution_arn(self.execution_arn(name))
            .include_execution_data(false)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => events.extend(page.events),
                Err(error) if error.as_service_error().is_some_and(never_started) => break,
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(events)
    }
}

fn never_started(error: &GetExecutionHistoryError) -> bool {
    error.is_execution_does_not_exist()
}

impl Sagas for StepFunctions {
    async fn ensure_started(&self, name: &str, input: &str) -> Result<(), Unavailable> {
        let started = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine_arn)
            .name(name)
            .input(input)
            .send()
            .await;
        match started {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn history(&self, name: &str) -> Result<Vec<StepRun>, Unavailable> {
        Ok(step_runs(&self.events(name).await?))
    }

    async fn course(&self, name: &str) -> Result<Option<Course>, Unavailable> {
        let described = self.describe(name).await?;
        Ok(described.map(|it| course(it.status(), it.error(), it.stop_date())))
    }

    async fn result(&self, name: &str) -> Result<Option<String>, Unavailable> {
        let described = self.describe(name).await?;
        let succeeded = described.filter(|it| *it.status() == ExecutionStatus::Succeeded);
        Ok(succeeded.and_then(|it| it.output))
    }

    async fn failures_since(&self, since: Timestamp) -> Result<Vec<Timestamp>, Unavailable> {
        let mut failures = Vec::new();
        let mut pages = self
            .client
            .list_executions()
            .state_machine_arn(&self.state_machine_arn)
            .status_filter(ExecutionStatus::Failed)
            .max_results(PAGE)
            .into_paginator()
            .send();
        for _ in 0..MAX_PAGES {
            let Some(page) = pages.next().await else { break };
            let recent = failed_since(&page.map_err(unavailable)?.executions, since);
            // Whatever began last comes first: behind a page of old failures there are older ones.
            if recent.is_empty() {
                break;
            }
            failures.extend(recent);
        }
        failures.sort_unstable_by(|a, b| b.cmp(a));
        Ok(failures)
    }
}

/// `error` is the name under which it failed.
fn course(status: &ExecutionStatus, error: Option<&str>, stop_date: Option<&DateTime>) -> Course {
    match (status, stop_date) {
        (ExecutionStatus::Failed, _) if error == Some(UNDO_FAILED) => Course::Stuck,
        (ExecutionStatus::Running | ExecutionStatus::PendingRedrive, _) | (_, None) => {
            Course::Running
        }
        (_, Some(at)) => Course::Ended { at: moment(at) },
    }
}

/// The moments of these executions' ends that are not before `since`.
fn failed_since(executions: &[ExecutionListItem], since: Timestamp) -> Vec<Timestamp> {
    let ends = executions.iter().filter_map(|it| it.stop_date()).map(moment);
    ends.filter(|it| *it >= since).collect()
}

/// Folds events into one run per entered task state.
fn step_runs(events: &[HistoryEvent]) -> Vec<StepRun> {
    let mut runs: Vec<StepRun> = Vec::new();
    for event in events {
        let at = timestamp(event);
        match event.r#type() {
            T::TaskStateEntered => {
                let name = event.state_entered_event_details().map_or("", |it| it.name());
                let name = name.to_owned();
                runs.push(StepRun {
                    name,
                    outcome: Outcome::Running,
                    began_at: at,
                    ended_at: None,
                });
            }
            T::TaskStateExited => end(&mut runs, event, Outcome::Done, at),
            _ => (),
        }
    }
    fail_left_behind(&mut runs, events);
    runs
}

/// A task that failed leaves by its catcher: Step Functions writes `TaskStateExited` for it too,
/// but only after a failure that no retry followed.
fn end(runs: &mut [StepRun], event: &HistoryEvent, outcome: Outcome, at: Timestamp) {
    let name = event.state_exited_event_details().map_or("", |it| it.name());
    if let Some(run) = runs.iter_mut().rev().find(|it| it.name == name && it.ended_at.is_none()) {
        run.ended_at = Some(at);
        run.outcome = outcome;
    }
}

fn fail_left_behind(runs: &mut [StepRun], events: &[HistoryEvent]) {
    let over = events.iter().rev().find(|it| is_end(it.r#type()));
    let count = runs.len();
    for index in 0..count {
        let next_began = runs.get(index + 1).map(|it| it.began_at);
        let undone_next = runs.get(index + 1).is_some_and(|it| it.name.starts_with("Undo"));
        let run = &mut runs[index];
        if undone_next && !run.name.starts_with("Undo") {
            run.outcome = Outcome::Failed;
        }
        if run.ended_at.is_none() && (next_began.is_some() || over.is_some()) {
            run.outcome = Outcome::Failed;
            run.ended_at = next_began.or(over.map(timestamp));
        }
    }
}

fn is_end(kind: &T) -> bool {
    matches!(
        kind,
        T::ExecutionFailed | T::ExecutionAborted | T::ExecutionTimedOut | T::ExecutionSucceeded
    )
}

fn timestamp(event: &HistoryEvent) -> Timestamp {
    moment(event.timestamp())
}

fn moment(at: &DateTime) -> Timestamp {
    Timestamp::new(at.secs(), at.subsec_nanos().cast_signed()).unwrap_or_default()
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("step functions", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_fails_when_it_ends_and_not_when_it_begins() {
        let item = |name: &str, start_s: i64, stop_s: Option<i64>| {
            ExecutionListItem::builder()
                .execution_arn(name)
                .state_machine_arn("blank")
                .name(name)
                .status(ExecutionStatus::Failed)
                .start_date(DateTime::from_secs(start_s))
                .set_stop_date(stop_s.map(DateTime::from_secs))
                .build()
                .unwrap()
        };
        let all = [
            item("began and ended since", 110, Some(120)),
            item("no end is known", 105, None),
            item("ended since", 90, Some(100)),
            item("ended before", 80, Some(99)),
        ];
        let second = |it| Timestamp::from_second(it).unwrap();
        assert_eq!(failed_since(&all, second(100)), [second(120), second(100)]);
    }

    #[test]
    fn only_what_could_not_be_undone_waits_for_a_person() {
        use ExecutionStatus as S;
        let stopped = DateTime::from_secs(120);
        let ended = Course::Ended { at: Timestamp::from_second(120).unwrap() };
        let cases = [
            ("it runs", S::Running, None, None, Course::Running),
            ("it is gone on with", S::PendingRedrive, None, Some(&stopped), Course::Running),
            ("it is done", S::Succeeded, None, Some(&stopped), ended),
            ("it was undone", S::Failed, Some("Terminal"), Some(&stopped), ended),
            ("it took too long", S::TimedOut, None, Some(&stopped), ended),
            ("somebody stopped it", S::Aborted, None, Some(&stopped), ended),
            ("it is left half done", S::Failed, Some("UndoFailed"), Some(&stopped), Course::Stuck),
        ];
        for (case, status, error, stop_date, expected) in cases {
            assert_eq!(course(&status, error, stop_date), expected, "{case}");
        }
    }
}
