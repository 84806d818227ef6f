//! A stand-in for Dodo Payments: its API, its checkout page and its webhooks.
//!
//! It keeps to the documented behaviour where that is unkind: webhooks arrive in any order and
//! carry the state at *delivery*, a session is used up by its first payment even if the card was
//! declined, requests are limited, and there is no idempotency key.
//!
//! It has a clock of its own: moving it on brings renewals, failed charges, the end of a grace period
//! and the repeats of webhooks, each in its turn, so that a test lives a year in a second.

mod admin;
mod api;
mod books;
mod card_page;
mod catalog;
mod checkout_page;
mod checkouts;
mod customers;
mod delivery;
mod disputes;
pub mod events;
mod invoices;
mod life;
mod limits;
mod operator;
mod options;
mod outage;
mod paging;
mod payments;
mod plan_change;
mod portal;
mod problem;
mod records;
mod refunds;
mod sender;
pub mod signature;
mod subscriptions;

pub use delivery::{Attempt, Delivery, Outcome};
pub use options::{Options, OptionsError, Settings};
pub use outage::Outage;
pub use records::{Card, Customer, Dispute, Payment, PaymentStatus, Refund, Session, Subscription};

use books::Books;
use jiff::Timestamp;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, watch};

/// Dodo waits this long for an endpoint before it counts the attempt as failed.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// How many deliveries are under way at once.
const SENDERS: usize = 32;

/// The whole stand-in. Cheap to share, alive as long as its router or a delivery is.
pub struct Dodo {
    settings: Settings,
    books: Mutex<Books>,
    unsaved: AtomicBool,
    limits: Mutex<limits::Limits>,
    outage: Mutex<Outage>,
    /// Told whenever the clock is moved: deliveries wait by it.
    moved: watch::Sender<()>,
    /// An attempt needs one: whatever else is to be sent waits here, not at the receiver.
    senders: Semaphore,
    http: reqwest::Client,
}

impl Dodo {
    /// Opens the books, or the ones that an earlier run left in the state file, and goes on with
    /// the deliveries that were still due.
    pub fn open(settings: Settings) -> Result<Arc<Self>, OptionsError> {
        let books = Books::open(&settings)?;
        let unfinished = books.unfinished_deliveries();
        let dodo = Arc::new(Self {
            http: settings.http_client(WEBHOOK_TIMEOUT)?,
            limits: Mutex::default(),
            outage: Mutex::default(),
            moved: watch::Sender::new(()),
            senders: Semaphore::new(SENDERS),
            books: Mutex::new(books),
            unsaved: AtomicBool::new(false),
            settings,
        });
        for id in unfinished {
            sender::send_later(&dodo, id);
        }
        life::go_on(&dodo);
        Ok(dodo)
    }

    /// Everything that it serves: the API, the pages, and what only a stand-in has.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        api::router(self)
            .merge(checkout_page::router())
            .merge(card_page::router())
            .merge(portal::pages())
            .layer(axum::middleware::from_fn_with_state(self.clone(), outage::suffer))
            .merge(admin::router())
            .merge(operator::router())
            .with_state(self.clone())
    }

    fn read<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        look(&self.books.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the books. They are written down a moment later, see [`Dodo::save`].
    fn write<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        self.unsaved.store(true, Ordering::Relaxed);
        change(&mut books)
    }

    /// Writes the books down if they are to survive this process and have changed. Not at every change:
    /// a burst of a thousand webhooks would be a thousand files.
    pub fn save(&self) {
        let Some(path) = &self.settings.state_file else { return };
        if self.unsaved.swap(false, Ordering::Relaxed)
            && let Err(error) = self.read(|books| books.save(path))
        {
            tracing::error!(%error, path = %path.display(), "the books could not be saved");
        }
    }

    /// Tells the merchant, if there is an endpoint to tell.
    fn announce(self: &Arc<Self>, events: Vec<Delivery>) {
        for delivery in events {
            let id = delivery.id.clone();
            self.write(|books| books.deliveries.insert(id.clone(), delivery));
            sender::send_later(self, id);
        }
    }

    /// The time as this service tells it.
    fn now(&self) -> Timestamp {
        self.read(Books::now)
    }

    fn outage(&self) -> Outage {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_outage(&self, outage: Outage) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = outage;
    }
}

type Shared = axum::extract::State<Arc<Dodo>>;
