//! A worker and its life.

use crate::{
    capacity::Capacity,
    id::{ProjectId, ReservationId, WorkerId},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// The first port that an instance is published on.
pub const FIRST_PORT: u16 = 18789;
/// Ports of one worker. No machine type that we buy holds more instances.
pub const PORTS: u16 = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    pub id: WorkerId,
    pub state: State,
    /// Operator's wish, orthogonal to [`State`]: a cordoned worker keeps what it runs.
    pub cordoned: bool,
    pub total: Capacity,
    pub free: Capacity,
    /// The provider's name of the machine, once it has been bought.
    pub machine_id: Option<String>,
    /// Where the edge reaches its instances.
    pub address: Option<Ipv4Addr>,
    pub reservations: BTreeMap<ProjectId, Reservation>,
}

/// A claim on a worker's capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: ReservationId,
    pub demand: Capacity,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Provisioning,
    Ready,
    Draining,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Booted,
    DrainRequested,
    Emptied,
    /// It is given back before anything ran on it: its purchase is undone.
    Returned,
    Lost,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot happen to a worker that is {from:?}")]
pub struct IllegalTransition {
    pub from: State,
    pub event: Event,
}

impl State {
    /// The only place where a worker changes state. Repeating an event is not an error.
    pub fn after(self, event: Event) -> Result<State, IllegalTransition> {
        use {Event as E, State as S};
        match (self, event) {
            (S::Provisioning | S::Ready, E::Booted) => Ok(S::Ready),
            (S::Ready | S::Draining, E::DrainRequested) => Ok(S::Draining),
            (S::Draining | S::Terminated, E::Emptied)
            | (S::Provisioning | S::Ready | S::Terminated, E::Returned)
            | (S::Provisioning | S::Ready | S::Draining | S::Terminated, E::Lost) => {
                Ok(S::Terminated)
            }
            (S::Draining | S::Terminated, E::Booted)
            | (S::Provisioning | S::Terminated, E::DrainRequested)
            | (S::Provisioning | S::Ready, E::Emptied)
            | (S::Draining, E::Returned) => Err(IllegalTransition { from: self, event }),
        }
    }
}

impl Worker {
    /// Whether new instances may be placed here.
    pub fn admits(&self) -> bool {
        self.state == State::Ready && !self.cordoned
    }

    /// The lowest port that no reservation holds.
    pub fn free_port(&self) -> Option<u16> {
        (FIRST_PORT..FIRST_PORT + PORTS)
            .find(|port| self.reservations.values().all(|it| it.port != *port))
    }
}
