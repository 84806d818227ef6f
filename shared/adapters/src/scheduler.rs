//! [`Timers`] on the scheduler of AWS: one schedule a timer, which deletes itself once it went off.

use crate::aws;
use aws_sdk_scheduler::{
    Client,
    operation::{
        create_schedule::CreateScheduleError, delete_schedule::DeleteScheduleError,
        update_schedule::UpdateScheduleError,
    },
    types::{
        ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, SqsParameters, Target,
    },
};
use contracts::ordered::Ordered;
use jiff::{Timestamp, tz::TimeZone};
use ports::{Unavailable, timers::Timers};
use serde::{Deserialize, Serialize};
use std::{error::Error, marker::PhantomData};

/// Timers whose messages go to one FIFO queue.
#[derive(Debug)]
pub struct SchedulerTimers<M> {
    client: Client,
    settings: Settings,
    messages: PhantomData<fn(M)>,
}

/// As the stage's template says it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The schedule group, so that one right is about these timers and no others.
    pub group: String,
    pub queue_arn: String,
    /// As whom it sends.
    pub role_arn: String,
}

impl<M> SchedulerTimers<M> {
    pub async fn connect(settings: Settings) -> Self {
        let client = Client::new(&aws::config().await);
        Self { client, settings, messages: PhantomData }
    }
}

impl<M: Ordered + Serialize> SchedulerTimers<M> {
    fn target(&self, message: &M) -> Result<Target, Unavailable> {
        let group = SqsParameters::builder().message_group_id(message.group()).build();
        Target::builder()
            .arn(&self.settings.queue_arn)
            .role_arn(&self.settings.role_arn)
            .input(serde_json::to_string(message).map_err(unavailable)?)
            .sqs_parameters(group)
            .build()
            .map_err(unavailable)
    }

    /// `false` if there is one of that name.
    async fn create(
        &self,
        name: &str,
        at: Timestamp,
        target: &Target,
    ) -> Result<bool, Unavailable> {
        let created = self
            .client
            .create_schedule()
            .name(name)
            .group_name(&self.settings.group)
            .schedule_expression(expression(at))
            .flexible_time_window(to_the_minute()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target.clone())
            .send()
            .await;
        match created {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CreateScheduleError::is_conflict_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// `false` if there is none of that name.
    async fn update(
        &self,
        name: &str,
        at: Timestamp,
        target: &Target,
    ) -> Result<bool, Unavailable> {
        let updated = self
            .client
            .update_schedule()
            .name(name)
            .group_name(&self.settings.group)
            .schedule_expression(expression(at))
            .flexible_time_window(to_the_minute()?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(target.clone())
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateScheduleError::is_resource_not_found_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

impl<M: Ordered + Serialize + Sync> Timers<M> for SchedulerTimers<M> {
    /// To the minute: it is not more exact.
    async fn set(&self, name: &str, at: Timestamp, message: &M) -> Result<(), Unavailable> {
        let target = self.target(message)?;
        // It may go off and delete itself between the two.
        if self.create(name, at, &target).await?
            || self.update(name, at, &target).await?
            || self.create(name, at, &target).await?
        {
            return Ok(());
        }
        Err(unavailable("a schedule comes and goes"))
    }

    async fn clear(&self, name: &str) -> Result<(), Unavailable> {
        let deleted =
            self.client.delete_schedule().name(name).group_name(&self.settings.group).send().await;
        match deleted {
            Err(error)
                if !error
                    .as_service_error()
                    .is_some_and(DeleteScheduleError::is_resource_not_found_exception) =>
            {
                Err(unavailable(error))
            }
            _ => Ok(()),
        }
    }
}

/// In UTC, which is what a schedule without a zone means.
fn expression(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("at(%Y-%m-%dT%H:%M:%S)").to_string()
}

fn to_the_minute() -> Result<FlexibleTimeWindow, Unavailable> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(unavailable)
}

fn unavailable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("the scheduler", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_scheduler_reads_it() {
        assert_eq!(expression(Timestamp::UNIX_EPOCH), "at(1970-01-01T00:00:00)");
    }
}
