//! Switching a server off and on.

use super::{
    HetznerMachines, server_id,
    wire::{Server, Status},
};
use crate::errors::Failure;
use ports::clock::Clock;
use std::time::Duration;

/// Workers stop their instances first, each with a grace of its own.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_secs(3);

impl<C: Clock> HetznerMachines<C> {
    pub(super) async fn power_off(&self, machine_id: &str) -> Result<(), Failure> {
        let server = self.known(machine_id).await?;
        if server.status == Status::Off {
            return Ok(());
        }
        self.act(server.id, "shutdown", None).await?;
        if !self.ended_by_itself(machine_id).await? {
            tracing::warn!(machine.id = machine_id, "does not shut down, and is switched off");
            self.act(server.id, "poweroff", None).await?;
        }
        Ok(())
    }

    pub(super) async fn power_on(&self, machine_id: &str) -> Result<(), Failure> {
        let server = self.known(machine_id).await?;
        match server.status {
            Status::Running | Status::Starting | Status::Initializing | Status::Migrating => Ok(()),
            _ => self.act(server.id, "poweron", None).await,
        }
    }

    async fn ended_by_itself(&self, machine_id: &str) -> Result<bool, Failure> {
        let deadline = self.api.clock().now() + SHUTDOWN_PATIENCE;
        while self.api.clock().now() < deadline {
            if self.known(machine_id).await?.status == Status::Off {
                return Ok(true);
            }
            self.api.clock().sleep(POLL).await;
        }
        Ok(false)
    }

    /// A server of ours that is there to stay.
    async fn known(&self, machine_id: &str) -> Result<Server, Failure> {
        let found = match server_id(machine_id) {
            Some(id) => self.get(id).await?,
            None => None,
        };
        let there = found.filter(|it| self.is_ours(it) && it.status != Status::Deleting);
        let missing = || Failure::refused("hetzner", format!("there is no machine `{machine_id}`"));
        there.ok_or_else(missing)
    }
}
