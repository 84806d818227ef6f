//! A stand-in for Hetzner Cloud: servers, what they may be, and what is being done to them.
//!
//! It keeps to the documented behaviour where that is unkind: names are unlike any other's, there is
//! no idempotency key, an order is accepted before it is fulfilled, a protected server cannot be
//! deleted, requests are counted, and a type that is listed may not be to be had.

mod actions;
mod admin;
mod api;
mod books;
mod catalog;
mod docker;
mod limits;
mod metal;
mod modes;
mod options;
mod order;
mod problem;
mod servers;

pub use docker::Docker;
pub use metal::{Metal, MetalError, Plan, Recorded, Work};
pub use modes::{Modes, Refuse, SoldOut};
pub use options::{Options, OptionsError, Settings};

use books::{Action, Books};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The whole stand-in. Cheap to share, alive as long as its router or some work of it is.
pub struct Hetzner {
    settings: Settings,
    metal: Arc<dyn Metal>,
    books: Mutex<Books>,
    limits: Mutex<limits::Limits>,
    modes: Mutex<Modes>,
}

impl Hetzner {
    /// Opens the books, or those that an earlier run left in the state file. A server whose metal is
    /// gone by now is gone.
    pub async fn open(
        settings: Settings,
        metal: Arc<dyn Metal>,
    ) -> Result<Arc<Self>, OptionsError> {
        let mut books = Books::open(&settings)?;
        let there = metal.names().await.map_err(OptionsError::Metal)?;
        books.servers.retain(|_, it| there.contains(&it.name));
        let modes = Modes { quota: settings.quota, ..Modes::default() };
        Ok(Arc::new(Self {
            settings,
            metal,
            books: Mutex::new(books),
            limits: Mutex::default(),
            modes: Mutex::new(modes),
        }))
    }

    /// Everything that it serves: the API under `/v1`, and what only a stand-in has.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        api::router(self).merge(admin::router()).with_state(self.clone())
    }

    fn read<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the books, and writes them down if they are to survive this process.
    fn write<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut books);
        if let Some(path) = &self.settings.state_file
            && let Err(error) = books.save(path)
        {
            tracing::error!(%error, path = %path.display(), "the books could not be saved");
        }
        result
    }

    fn modes<T>(&self, look: impl FnOnce(&mut Modes) -> T) -> T {
        look(&mut self.modes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins an action on a server, whose work goes on when the caller is long gone. Waits for it
    /// for at most `patience`, and answers with the action as it is then.
    async fn begin(
        self: &Arc<Self>,
        server: u64,
        command: &str,
        patience: Duration,
        work: impl Future<Output = Result<(), MetalError>> + Send + 'static,
    ) -> Action {
        let looks = self.modes(|it| it.slow_actions);
        let fault = self.modes(|it| it.fault_of(command));
        let id = self.write(|books| books.begin(server, command, looks));
        let hetzner = self.clone();
        let working = tokio::spawn(async move {
            let outcome = match fault {
                Some(code) => Err(code),
                None => work.await.map_err(|error| {
                    tracing::error!(%error, action = id, "the metal does not obey");
                    "action_failed".to_owned()
                }),
            };
            hetzner.write(|books| books.finish(id, outcome));
        });
        // What is still at work after that is found by asking for the action.
        let _ = tokio::time::timeout(patience, working).await;
        self.read(|books| books.actions[&id].clone())
    }
}

type Shared = axum::extract::State<Arc<Hetzner>>;
