//! What servers are made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, MetalError>> + Send + 'a>>;

#[derive(Debug, thiserror::Error)]
pub enum MetalError {
    #[error("cannot run `{program}`")]
    Start { program: String, source: std::io::Error },
    #[error("`{command}` failed: {said}")]
    Failed { command: String, said: String },
    #[error("there is no server `{0}`")]
    Missing(String),
}

/// A server that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: String,
    pub user_data: String,
    pub labels: BTreeMap<String, String>,
}

/// Servers are known by their names.
pub trait Metal: Send + Sync {
    /// Makes a server, starts it, and has it run its user data. Answers once it has an address.
    fn boot(&self, plan: Plan) -> Work<'_, Ipv4Addr>;

    fn power_on(&self, name: String) -> Work<'_, Ipv4Addr>;

    /// Lets the system end by itself first, unless it is to be done `at_once`.
    fn power_off(&self, name: String, at_once: bool) -> Work<'_, ()>;

    /// Takes the server and its disk away. What is not there is gone already.
    fn scrap(&self, name: String) -> Work<'_, ()>;

    /// All servers that there are, on or off.
    fn names(&self) -> Work<'_, BTreeSet<String>>;
}

/// Servers on paper, for tests: it writes down what they were told.
#[derive(Debug, Default)]
pub struct Recorded {
    servers: Mutex<BTreeMap<String, Paper>>,
}

#[derive(Debug)]
struct Paper {
    plan: Plan,
    address: Ipv4Addr,
    is_on: bool,
}

impl Recorded {
    fn servers(&self) -> MutexGuard<'_, BTreeMap<String, Paper>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plans of all servers that there are.
    pub fn plans(&self) -> Vec<Plan> {
        self.servers().values().map(|it| it.plan.clone()).collect()
    }

    /// Whether the server called `name` is on. `None`: there is no such server.
    pub fn is_on(&self, name: &str) -> Option<bool> {
        self.servers().get(name).map(|it| it.is_on)
    }

    fn switch(&self, name: &str, is_on: bool) -> Result<Ipv4Addr, MetalError> {
        let mut servers = self.servers();
        let paper = servers.get_mut(name).ok_or_else(|| MetalError::Missing(name.to_owned()))?;
        paper.is_on = is_on;
        Ok(paper.address)
    }
}

impl Metal for Recorded {
    fn boot(&self, plan: Plan) -> Work<'_, Ipv4Addr> {
        Box::pin(async move {
            let mut servers = self.servers();
            let number = u8::try_from(servers.len() + 1).unwrap_or(u8::MAX);
            let address = Ipv4Addr::new(192, 0, 2, number);
            servers.insert(plan.name.clone(), Paper { plan, address, is_on: true });
            Ok(address)
        })
    }

    fn power_on(&self, name: String) -> Work<'_, Ipv4Addr> {
        Box::pin(async move { self.switch(&name, true) })
    }

    fn power_off(&self, name: String, _at_once: bool) -> Work<'_, ()> {
        Box::pin(async move { self.switch(&name, false).map(|_| ()) })
    }

    fn scrap(&self, name: String) -> Work<'_, ()> {
        Box::pin(async move {
            self.servers().remove(&name);
            Ok(())
        })
    }

    fn names(&self) -> Work<'_, BTreeSet<String>> {
        Box::pin(async move { Ok(self.servers().keys().cloned().collect()) })
    }
}
