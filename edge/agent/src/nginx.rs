//! nginx's control socket.

use domain::route::HostName;
use reqwest::{Client, Method, StatusCode};
use std::{path::Path, time::Duration};

/// A hundred thousand routes take a fifth of a second.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The socket is the address; the name is only what HTTP wants.
const URL: &str = "http://nginx/routes";
const WAKES: &str = "http://nginx/wakes";

#[derive(Debug)]
pub(crate) struct Nginx {
    client: Client,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum NginxError {
    #[error("nginx cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    /// It serves another table than the changes start from, or was restarted.
    #[error("nginx serves another table")]
    Conflict,
    #[error("nginx refuses the routes with status {status}: {reason}")]
    Refused { status: StatusCode, reason: String },
}

/// Which life of nginx serves which table: `{generation}/{incarnation}.{epoch}.{sequence}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Serving(String);

impl Nginx {
    pub(crate) fn behind(dir: &Path) -> Result<Self, reqwest::Error> {
        let socket = dir.join("control.sock");
        let client = Client::builder().unix_socket(socket).timeout(TIMEOUT).build()?;
        Ok(Self { client })
    }

    pub(crate) async fn serving(&self) -> Result<Serving, NginxError> {
        self.ask(Method::GET, None, String::new()).await
    }

    /// Makes `table` all that nginx serves.
    pub(crate) async fn replace(&self, table: String) -> Result<Serving, NginxError> {
        self.ask(Method::PUT, None, table).await
    }

    /// Applies `changes` if nginx still serves `base`.
    pub(crate) async fn change(
        &self,
        base: &Serving,
        changes: String,
    ) -> Result<Serving, NginxError> {
        self.ask(Method::PATCH, Some(base), changes).await
    }

    /// The hosts that somebody came to while their instance is asleep. Each is said once.
    pub(crate) async fn take_wakes(&self) -> Result<Vec<HostName>, NginxError> {
        let answer = self.client.get(WAKES).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status != StatusCode::OK {
            return Err(NginxError::Refused { status, reason: text.trim_end().to_owned() });
        }
        Ok(text.lines().filter_map(|it| it.to_owned().try_into().ok()).collect())
    }

    async fn ask(
        &self,
        method: Method,
        base: Option<&Serving>,
        body: String,
    ) -> Result<Serving, NginxError> {
        let mut request = self.client.request(method, URL).body(body);
        if let Some(Serving(base)) = base {
            request = request.header("x-base", base);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        match status {
            StatusCode::OK => Ok(Serving(text)),
            StatusCode::CONFLICT => Err(NginxError::Conflict),
            status => Err(NginxError::Refused { status, reason: text.trim_end().to_owned() }),
        }
    }
}
