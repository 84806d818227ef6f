//! HTTP as a customer's machine speaks it: names under the domain lead to the edge, its certificate
//! is checked, and redirects are looked at instead of followed.

use crate::{environment::Environment, failure::Failure};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde::de::DeserializeOwned;
use std::time::Duration;
use support::loopback::Loopback;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(40);
/// Of an unexpected answer, as much as a person reads.
const MAX_SHOWN_CHARS: usize = 400;

pub fn build(environment: &Environment) -> Result<Client, Failure> {
    let authority = match &environment.ca_file {
        None => None,
        Some(path) => {
            let path_text = path.display().to_string();
            let pem = std::fs::read(path)
                .map_err(|source| Failure::Authority { path: path_text, source })?;
            Some(Certificate::from_pem(&pem)?)
        }
    };
    let edge = Loopback::of(&environment.domain, environment.edge_address);
    Ok(Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .dns_resolver(edge)
        .tls_certs_merge(authority)
        .build()?)
}

/// Sends, and insists on one status. `what` names the request in errors, without secrets.
pub async fn send(
    request: RequestBuilder,
    what: &str,
    expected: StatusCode,
) -> Result<Response, Failure> {
    let response = request
        .send()
        .await
        .map_err(|source| Failure::NoAnswer { request: what.to_owned(), source })?;
    let status = response.status();
    if status == expected {
        return Ok(response);
    }
    let body = response.text().await.unwrap_or_default();
    let shown: String = body.chars().take(MAX_SHOWN_CHARS).collect();
    Err(Failure::unexpected(what, &expected.to_string(), format!("{status} {}", shown.trim())))
}

/// [`send`], and reads the answer. An answer that does not fit is not shown: it may hold a secret.
pub async fn fetch<T: DeserializeOwned>(
    request: RequestBuilder,
    what: &str,
    expected: StatusCode,
) -> Result<T, Failure> {
    let response = send(request, what, expected).await?;
    let body = response
        .bytes()
        .await
        .map_err(|source| Failure::NoAnswer { request: what.to_owned(), source })?;
    serde_json::from_slice(&body).map_err(|error| {
        let got = format!("{} bytes that do not fit: {error}", body.len());
        Failure::unexpected(what, std::any::type_name::<T>(), got)
    })
}
