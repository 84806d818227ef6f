//! Where an instance is, for those who only look at it.

use crate::handler::PlaceError;
use contracts::{
    inspect::{Located, Wanted},
    provision::ReadyWorker,
};
use domain::worker::State;
use ports::fleet::Fleet;

/// On a worker that is lost there is nothing to be looked at.
pub(crate) async fn find(fleet: &impl Fleet, wanted: &Wanted) -> Result<Located, PlaceError> {
    let workers = fleet.workers().await?;
    let mut there = workers.iter().filter(|it| it.state != State::Error);
    let worker = there.find_map(|it| ReadyWorker::at(it, &wanted.reservation_id));
    Ok(Located { worker })
}
