//! Which browser left for Google: a cookie binds it to its return.

use super::PENDING_TTL;
use crate::cookie;
use http::{HeaderMap, HeaderValue, header::InvalidHeaderValue};

/// Browsers take a cookie of such a name only from its own host, over TLS and for every path.
const NAME: &str = "__Host-oauth";

/// `Lax`: it has to come along when Google sends the browser back, which `Strict` forbids.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

pub(super) fn remember(state: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let max_age_s = PENDING_TTL.as_secs();
    let cookie = format!("{NAME}={state}; {ATTRIBUTES}; Max-Age={max_age_s}");
    let mut cookie = HeaderValue::from_str(&cookie)?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

pub(super) fn forget() -> HeaderValue {
    HeaderValue::from_static("__Host-oauth=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// Whether the browser that sent `headers` is the one that left with `state`.
pub(super) fn left_with(headers: &HeaderMap, state: &str) -> bool {
    cookie::find(headers, NAME) == Some(state)
}
