//! A worker and its life.

use crate::{
    capacity::Capacity,
    id::{BlankId, MalformedId, ProjectId, ReservationId, WorkerId},
    offering::{Architecture, Provider, Purchase},
    plan::PlanId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, net::Ipv4Addr};

/// The first port that an instance is published on.
pub const FIRST_PORT: u16 = 18789;
/// Ports of one worker. No machine type that we buy holds more instances.
pub const PORTS: u16 = 128;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    pub id: WorkerId,
    pub state: State,
    /// Who keeps new instances off it, if anybody does. Orthogonal to [`State`]: a cordoned worker
    /// keeps what it runs.
    pub cordon: Option<Cordon>,
    pub origin: Origin,
    pub total: Capacity,
    pub free: Capacity,
    /// The provider's name of the machine, once it has been bought.
    pub machine_id: Option<String>,
    /// The name under which the machine takes commands, once it has joined.
    pub node_id: Option<String>,
    /// Where the edge reaches its instances.
    pub address: Option<Ipv4Addr>,
    pub reservations: BTreeMap<Holder, Reservation>,
    /// When something was last placed here, taken from here, a cordon lifted, or the state changed.
    /// A drain that was planned for an earlier moment is late.
    pub changed_at: Timestamp,
}

/// Who admits nothing more to a worker, and why. Each outranks those before it: a cordon takes the place
/// of a weaker one and never of a stronger one, and is lifted by its equal or better.
///
/// The platform's own cordons end by themselves: a worker under one of them is given back as soon as it
/// is empty. An operator's ends when an operator says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cordon {
    /// It holds so little that all of it finds room elsewhere.
    Consolidation,
    /// It sends no heartbeats, or its Docker does not answer. Lifted when it is heard of again.
    Silent,
    /// It took no command to remove something, which may run there still.
    Unreachable,
    /// Its machine could not be started.
    Unstartable,
    /// Its provider expects to take the machine back.
    Rebalance,
    /// Its provider takes the machine back in minutes.
    Interruption,
    Operator,
}

impl Cordon {
    pub const ALL: [Cordon; 7] = [
        Cordon::Consolidation,
        Cordon::Silent,
        Cordon::Unreachable,
        Cordon::Unstartable,
        Cordon::Rebalance,
        Cordon::Interruption,
        Cordon::Operator,
    ];

    /// Whether it takes the place of `there`.
    pub fn replaces(self, there: Option<Cordon>) -> bool {
        there.is_none_or(|it| it < self)
    }

    /// Whether the platform moves away what is on the worker without being asked to. From one that does
    /// not answer nothing can be moved; what an operator cordoned waits for an operator's drain.
    pub fn moves_away(self) -> bool {
        match self {
            Self::Consolidation | Self::Rebalance | Self::Interruption => true,
            Self::Silent | Self::Unreachable | Self::Unstartable | Self::Operator => false,
        }
    }

    /// Whether it may lift `there`.
    pub fn lifts(self, there: Cordon) -> bool {
        there <= self
    }
}

/// What was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub provider: Provider,
    pub machine_type: String,
    pub purchase: Purchase,
    pub architecture: Architecture,
    pub region: String,
}

/// Who holds a reservation: a project, or a blank instance that waits for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Holder {
    Project(ProjectId),
    Blank(BlankId),
}

impl Holder {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Project(id) => id.as_str(),
            Self::Blank(id) => id.as_str(),
        }
    }

    pub fn project(&self) -> Option<&ProjectId> {
        match self {
            Self::Project(id) => Some(id),
            Self::Blank(_) => None,
        }
    }

    pub fn blank(&self) -> Option<&BlankId> {
        match self {
            Self::Project(_) => None,
            Self::Blank(id) => Some(id),
        }
    }
}

impl TryFrom<String> for Holder {
    type Error = MalformedId;

    fn try_from(id: String) -> Result<Self, MalformedId> {
        if id.starts_with(BlankId::PREFIX) {
            id.try_into().map(Self::Blank)
        } else {
            id.try_into().map(Self::Project)
        }
    }
}

impl From<Holder> for String {
    fn from(holder: Holder) -> String {
        match holder {
            Holder::Project(id) => id.into(),
            Holder::Blank(id) => id.into(),
        }
    }
}

impl From<ProjectId> for Holder {
    fn from(id: ProjectId) -> Self {
        Self::Project(id)
    }
}

impl From<BlankId> for Holder {
    fn from(id: BlankId) -> Self {
        Self::Blank(id)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A claim on a worker's capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: ReservationId,
    pub demand: Capacity,
    pub port: u16,
    pub plan: PlanId,
    /// Ages are counted from here: a claim that no project backs is reaped when it is old.
    pub since: Timestamp,
    /// Whether a blank can be claimed already. Always `false` for a project.
    #[serde(default)]
    pub warm: bool,
    /// The blank that a project took over with this claim.
    #[serde(default)]
    pub blank: Option<BlankId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being bought, or booting for the first time.
    Provisioning,
    Ready,
    /// About to be given back or stopped: admits nothing.
    Draining,
    /// Stopped and kept, with its images on its disk.
    WarmStopped,
    /// On its way from [`State::WarmStopped`] to [`State::Ready`].
    Starting,
    /// Its machine is gone. What it held is being settled.
    Error,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Booted,
    DrainRequested,
    /// A drain was called off.
    DrainCancelled,
    Stopped,
    StartRequested,
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
    pub const ALL: [State; 7] = [
        State::Provisioning,
        State::Ready,
        State::Draining,
        State::WarmStopped,
        State::Starting,
        State::Error,
        State::Terminated,
    ];

    /// The only place where a worker changes state. Repeating an event is not an error.
    pub fn after(self, event: Event) -> Result<State, IllegalTransition> {
        use {Event as E, State as S};
        let illegal = Err(IllegalTransition { from: self, event });
        match event {
            E::Booted => match self {
                S::Provisioning | S::Starting | S::Ready => Ok(S::Ready),
                S::Draining | S::WarmStopped | S::Error | S::Terminated => illegal,
            },
            E::DrainRequested => match self {
                S::Ready | S::Draining => Ok(S::Draining),
                S::Provisioning | S::WarmStopped | S::Starting | S::Error | S::Terminated => {
                    illegal
                }
            },
            E::DrainCancelled => match self {
                S::Ready | S::Draining => Ok(S::Ready),
                S::Provisioning | S::WarmStopped | S::Starting | S::Error | S::Terminated => {
                    illegal
                }
            },
            E::Stopped => match self {
                S::Draining | S::WarmStopped => Ok(S::WarmStopped),
                S::Provisioning | S::Ready | S::Starting | S::Error | S::Terminated => illegal,
            },
            E::StartRequested => match self {
                S::WarmStopped | S::Starting => Ok(S::Starting),
                S::Provisioning | S::Ready | S::Draining | S::Error | S::Terminated => illegal,
            },
            E::Emptied => match self {
                S::Draining | S::WarmStopped | S::Error | S::Terminated => Ok(S::Terminated),
                S::Provisioning | S::Ready | S::Starting => illegal,
            },
            E::Returned => match self {
                S::Provisioning | S::Ready | S::Terminated => Ok(S::Terminated),
                S::Draining | S::WarmStopped | S::Starting | S::Error => illegal,
            },
            E::Lost => match self {
                S::Provisioning
                | S::Ready
                | S::Draining
                | S::WarmStopped
                | S::Starting
                | S::Error => Ok(S::Error),
                S::Terminated => illegal,
            },
        }
    }

    /// The states that `event` may happen in, and the one that it leads to: what a conditional
    /// write needs to know.
    pub fn before(event: Event) -> Vec<State> {
        Self::ALL.into_iter().filter(|it| it.after(event).is_ok()).collect()
    }
}

impl Worker {
    /// Whether new instances may be placed here.
    pub fn admits(&self) -> bool {
        self.state == State::Ready && !self.is_cordoned()
    }

    pub fn is_cordoned(&self) -> bool {
        self.cordon.is_some()
    }

    /// Whether the platform keeps new instances off it, and so wants it back once it is empty. What an
    /// operator cordoned is the operator's.
    pub fn is_leaving(&self) -> bool {
        self.cordon.is_some_and(|it| it < Cordon::Operator)
    }

    /// Whether what is on it may be moved away now: it serves, and whoever keeps others off it wants it
    /// empty, or may have asked for that.
    pub fn may_be_emptied(&self) -> bool {
        let wants = |it: Cordon| it.moves_away() || it == Cordon::Operator;
        self.state == State::Ready && self.cordon.is_some_and(wants)
    }

    /// Whether an instance that belongs to somebody has a place on it.
    pub fn has_tenants(&self) -> bool {
        self.reservations.keys().any(|it| it.project().is_some())
    }

    /// A port that no reservation holds. `salt` says where to look first: placements that race for
    /// one worker collide only for room, not because both want its lowest port.
    pub fn free_port(&self, salt: u64) -> Option<u16> {
        let start = u16::try_from(salt % u64::from(PORTS)).unwrap_or(0);
        (0..PORTS)
            .map(|offset| FIRST_PORT + (start + offset) % PORTS)
            .find(|port| self.reservations.values().all(|it| it.port != *port))
    }

    /// What its reservations add up to.
    pub fn reserved(&self) -> Capacity {
        self.reservations.values().fold(Capacity::default(), |sum, it| sum.plus(it.demand))
    }

    /// The reservation of this id, whoever holds it.
    pub fn find_reservation(&self, id: &ReservationId) -> Option<(&Holder, &Reservation)> {
        self.reservations.iter().find(|(_, it)| it.id == *id)
    }

    /// The project's reservation.
    pub fn held_by(&self, project: &ProjectId) -> Option<&Reservation> {
        self.reservations.get(&Holder::Project(project.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_goes_through_its_life_and_no_other_way() {
        use {Event as E, State as S};
        let lives: &[(&str, State, &[Event], Option<State>)] = &[
            (
                "bought and given back empty",
                S::Provisioning,
                &[E::Booted, E::DrainRequested, E::Emptied],
                Some(S::Terminated),
            ),
            (
                "stopped and started",
                S::Ready,
                &[E::DrainRequested, E::Stopped, E::StartRequested, E::Booted],
                Some(S::Ready),
            ),
            ("a stopped one is given back", S::WarmStopped, &[E::Emptied], Some(S::Terminated)),
            (
                "a drain is called off",
                S::Ready,
                &[E::DrainRequested, E::DrainCancelled],
                Some(S::Ready),
            ),
            ("lost, then settled", S::Ready, &[E::Lost, E::Emptied], Some(S::Terminated)),
            ("a purchase is undone", S::Provisioning, &[E::Returned], Some(S::Terminated)),
            ("nothing brings it back", S::Terminated, &[E::Booted], None),
            ("not from under its instances", S::Ready, &[E::Emptied], None),
            ("a lost one does not come back by itself", S::Error, &[E::Booted], None),
        ];
        for (case, from, events, to) in lives {
            let end = events.iter().try_fold(*from, |state, event| state.after(*event));
            assert_eq!(end.ok(), *to, "{case}");
        }
    }

    #[test]
    fn repeating_an_event_changes_nothing() {
        use Event as E;
        let events = [
            E::Booted,
            E::DrainRequested,
            E::DrainCancelled,
            E::Stopped,
            E::StartRequested,
            E::Emptied,
            E::Returned,
            E::Lost,
        ];
        for event in events {
            for from in State::before(event) {
                let to = from.after(event).unwrap();
                assert_eq!(to.after(event), Ok(to), "{event:?} twice from {from:?}");
            }
        }
    }

    #[test]
    fn a_cordon_gives_way_to_a_stronger_one_only() {
        for (at, weaker) in Cordon::ALL.into_iter().enumerate() {
            assert!(weaker.replaces(None) && weaker.lifts(weaker), "{weaker:?}");
            assert!(!weaker.replaces(Some(weaker)), "{weaker:?} is there already");
            for stronger in Cordon::ALL.into_iter().skip(at + 1) {
                assert!(stronger.replaces(Some(weaker)) && stronger.lifts(weaker), "{stronger:?}");
                assert!(!weaker.replaces(Some(stronger)) && !weaker.lifts(stronger), "{weaker:?}");
            }
        }
        assert_eq!(Cordon::ALL.last(), Some(&Cordon::Operator), "nothing outranks a person");
    }

    #[test]
    fn only_what_answers_is_emptied_and_only_while_somebody_wants_it_empty() {
        let free = crate::capacity::Capacity::default();
        let worker = |state, cordon| Worker {
            id: WorkerId::new("a").unwrap(),
            state,
            cordon,
            origin: Origin {
                provider: Provider::Ec2,
                machine_type: "m".to_owned(),
                purchase: Purchase::Spot,
                architecture: Architecture::X86,
                region: "here".to_owned(),
            },
            total: free,
            free,
            machine_id: None,
            node_id: None,
            address: None,
            reservations: BTreeMap::new(),
            changed_at: Timestamp::UNIX_EPOCH,
        };
        let cases = [
            (None, false),
            (Some(Cordon::Consolidation), true),
            (Some(Cordon::Silent), false),
            (Some(Cordon::Unreachable), false),
            (Some(Cordon::Unstartable), false),
            (Some(Cordon::Rebalance), true),
            (Some(Cordon::Interruption), true),
            (Some(Cordon::Operator), true),
        ];
        for (cordon, expected) in cases {
            assert_eq!(worker(State::Ready, cordon).may_be_emptied(), expected, "{cordon:?}");
            for state in State::ALL.into_iter().filter(|it| *it != State::Ready) {
                assert!(!worker(state, cordon).may_be_emptied(), "{state:?}, {cordon:?}");
            }
        }
    }

    #[test]
    fn a_holder_is_read_by_its_prefix() {
        let read = |id: &str| Holder::try_from(id.to_owned());
        assert!(matches!(read("prj_a"), Ok(Holder::Project(_))));
        assert!(matches!(read("blk_a"), Ok(Holder::Blank(_))));
        assert!(read("wrk_a").is_err());
    }
}
