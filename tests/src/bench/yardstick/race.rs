//! Many placers at a time, and how each of their placements went.

use super::YardstickError;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use support::clock;
use tokio::{sync::Barrier, task::JoinSet};

/// A client of one store, which does one thing after another. Each has its own connection.
pub trait Placer: Send + 'static {
    /// Places the project of this number, however often it must try.
    fn place(&mut self, number: u32) -> impl Future<Output = Result<Tries, YardstickError>> + Send;

    /// The least that a placement could be: reads and writes one item that nobody else touches.
    fn touch(&mut self) -> impl Future<Output = Result<(), YardstickError>> + Send;
}

/// What one placement took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tries {
    /// Conditional writes, or transactions.
    pub writes: u32,
    /// Everything that was sent to the store and awaited.
    pub round_trips: u32,
    /// How often the answer was that the fleet is full.
    pub full: u32,
    /// How often it lost so many races that it was left to the saga to try later.
    pub contended: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub tries: Tries,
    pub took: Duration,
}

#[derive(Debug)]
pub struct Race {
    pub samples: Vec<Sample>,
    /// From the start of all until the last was done.
    pub took: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Place,
    Touch,
}

/// Does `act` so many times, shared among `placers`, which start together.
pub async fn race<P: Placer>(
    placers: Vec<P>,
    act: Act,
    times: u32,
) -> Result<Race, YardstickError> {
    let next = Arc::new(AtomicU32::new(0));
    let start = Arc::new(Barrier::new(placers.len() + 1));
    let mut running = JoinSet::new();
    for mut placer in placers {
        let (next, start) = (next.clone(), start.clone());
        running.spawn(async move {
            // Connects, so that no connection is part of what is measured.
            let connected = placer.touch().await;
            start.wait().await;
            connected?;
            take_part(placer, act, &next, times).await
        });
    }
    start.wait().await;
    let started = clock::stopwatch();
    let mut samples = Vec::new();
    while let Some(done) = running.join_next().await {
        samples.extend(done??);
    }
    Ok(Race { samples, took: started.elapsed() })
}

async fn take_part<P: Placer>(
    mut placer: P,
    act: Act,
    next: &AtomicU32,
    times: u32,
) -> Result<Vec<Sample>, YardstickError> {
    let mut samples = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= times {
            return Ok(samples);
        }
        let started = clock::stopwatch();
        let tries = match act {
            Act::Place => placer.place(number).await?,
            Act::Touch => placer.touch().await.map(|()| Tries::default())?,
        };
        samples.push(Sample { tries, took: started.elapsed() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, sync::Mutex};

    struct Notebook(Arc<Mutex<Vec<u32>>>);

    impl Placer for Notebook {
        async fn place(&mut self, number: u32) -> Result<Tries, YardstickError> {
            self.0.lock().unwrap().push(number);
            Ok(Tries { writes: 1, ..Tries::default() })
        }

        async fn touch(&mut self) -> Result<(), YardstickError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_number_is_placed_once() {
        let placed = Arc::new(Mutex::new(Vec::new()));
        let placers = (0..7).map(|_| Notebook(placed.clone())).collect();
        let race = race(placers, Act::Place, 50).await.unwrap();
        assert_eq!(race.samples.len(), 50);
        assert!(race.samples.iter().all(|it| it.tries.writes == 1));
        let placed = placed.lock().unwrap();
        let numbers: BTreeSet<u32> = placed.iter().copied().collect();
        assert_eq!(numbers, (0..50).collect());
        assert_eq!(placed.len(), 50);
    }
}
