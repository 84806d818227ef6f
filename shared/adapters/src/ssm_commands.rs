//! [`Commands`] on SSM Run Command, with the stock document that runs a shell script.

use crate::aws;
use aws_sdk_ssm::{
    Client,
    operation::{
        get_command_invocation::{GetCommandInvocationError, GetCommandInvocationOutput},
        send_command::SendCommandError,
    },
    types::CommandInvocationStatus as Status,
};
use ports::{
    Unavailable,
    clock::Clock,
    commands::{CommandError, Commands, Finished},
};
use std::time::Duration;

const DOCUMENT: &str = "AWS-RunShellScript";
/// The shortest that SSM allows. A machine that has not taken the command by then is not there.
const DELIVERY_TIMEOUT_S: i32 = 30;
/// Details of a command that never reached its machine.
const UNDELIVERED: [&str; 3] = ["DeliveryTimedOut", "Undeliverable", "Terminated"];
const FIRST_POLL: Duration = Duration::from_millis(100);
const SLOWEST_POLL: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub struct SsmCommands<C> {
    client: Client,
    clock: C,
}

impl<C: Clock> SsmCommands<C> {
    pub async fn connect(clock: C) -> Self {
        Self { client: Client::new(&aws::config().await), clock }
    }

    async fn send(
        &self,
        machine_id: &str,
        script: String,
        patience: Duration,
    ) -> Result<String, CommandError> {
        self.client
            .send_command()
            .document_name(DOCUMENT)
            .instance_ids(machine_id)
            .timeout_seconds(DELIVERY_TIMEOUT_S)
            .parameters("commands", vec![script])
            .parameters("executionTimeout", vec![patience.as_secs().max(1).to_string()])
            .send()
            .await
            .map_err(|error| match error.as_service_error() {
                Some(it) if is_unreachable(it) => CommandError::Unreachable(machine_id.to_owned()),
                _ => unavailable(error).into(),
            })?
            .command
            .and_then(|it| it.command_id)
            .ok_or_else(|| unavailable("the answer names no command").into())
    }

    /// `None` while it is not over.
    async fn ended(
        &self,
        machine_id: &str,
        command_id: &str,
    ) -> Result<Option<Finished>, CommandError> {
        let invocation = self
            .client
            .get_command_invocation()
            .command_id(command_id)
            .instance_id(machine_id)
            .send()
            .await;
        match invocation {
            Ok(invocation) => outcome(machine_id, &invocation),
            // It takes a moment until a command that was accepted can be read.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetCommandInvocationError::is_invocation_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable(error).into()),
        }
    }
}

impl<C: Clock> Commands for SsmCommands<C> {
    async fn run(
        &self,
        machine_id: &str,
        argv: &[String],
        patience: Duration,
    ) -> Result<Finished, CommandError> {
        let command_id = self.send(machine_id, script(argv)?, patience).await?;
        let deadline = self.clock.now() + patience;
        let mut pause = FIRST_POLL;
        while self.clock.now() < deadline {
            self.clock.sleep(pause).await;
            match self.ended(machine_id, &command_id).await {
                Ok(Some(finished)) => return Ok(finished),
                // It runs, whether we can ask or not: sent once more it would only wait for itself.
                Ok(None) | Err(CommandError::Unavailable(_)) => (),
                Err(error) => return Err(error),
            }
            pause = (pause * 3 / 2).min(SLOWEST_POLL);
        }
        Err(CommandError::TimedOut)
    }
}

/// `argv` as one line of shell: every word quoted, nothing expanded.
fn script(argv: &[String]) -> Result<String, CommandError> {
    let words = argv.iter().map(String::as_str);
    let line = shlex::try_join(words).map_err(unavailable)?;
    Ok(format!("exec {line}"))
}

fn outcome(
    machine_id: &str,
    invocation: &GetCommandInvocationOutput,
) -> Result<Option<Finished>, CommandError> {
    let details = invocation.status_details().unwrap_or_default();
    match invocation.status() {
        // It was accepted for a machine that turned out not to be there.
        Some(_) if UNDELIVERED.contains(&details) => {
            Err(CommandError::Unreachable(machine_id.to_owned()))
        }
        Some(Status::Success | Status::Failed) => Ok(Some(Finished {
            exit_code: invocation.response_code(),
            stdout: invocation.standard_output_content().unwrap_or_default().to_owned(),
            stderr: invocation.standard_error_content().unwrap_or_default().to_owned(),
        })),
        Some(Status::TimedOut | Status::Cancelled) => Err(CommandError::TimedOut),
        _ => Ok(None),
    }
}

fn is_unreachable(error: &SendCommandError) -> bool {
    // The engine of local stages and AWS spell it alike, the SDK's type covers both.
    error.is_invalid_instance_id()
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("run command", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(status: Status, details: &str) -> GetCommandInvocationOutput {
        let invocation = GetCommandInvocationOutput::builder();
        invocation.status(status).status_details(details).response_code(3).build()
    }

    #[test]
    fn what_failed_what_never_arrived_and_what_nobody_knows_are_told_apart() {
        let told = |status, details| match outcome("i-1", &invocation(status, details)) {
            Ok(Some(finished)) => format!("ended with {}", finished.exit_code),
            Ok(None) => "runs".to_owned(),
            Err(CommandError::Unreachable(_)) => "never arrived".to_owned(),
            Err(CommandError::TimedOut) => "nobody knows".to_owned(),
            Err(CommandError::Unavailable(_)) => "no answer".to_owned(),
        };
        let cases = [
            (Status::Success, "Success", "ended with 3"),
            (Status::Failed, "Failed", "ended with 3"),
            (Status::Pending, "Pending", "runs"),
            (Status::InProgress, "InProgress", "runs"),
            (Status::Delayed, "Delayed", "runs"),
            (Status::Cancelling, "Cancelling", "runs"),
            (Status::TimedOut, "DeliveryTimedOut", "never arrived"),
            (Status::Failed, "Undeliverable", "never arrived"),
            (Status::Cancelled, "Terminated", "never arrived"),
            (Status::TimedOut, "ExecutionTimedOut", "nobody knows"),
            (Status::Cancelled, "Cancelled", "nobody knows"),
        ];
        for (status, details, expected) in cases {
            assert_eq!(told(status, details), expected, "{details}");
        }
    }
}
