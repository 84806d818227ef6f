//! The one cookie: what prolongs a session. Scripts cannot read it, and no other site can send it.

use crate::{refusal::Refusal, session::IDLE_TTL};
use axum::{
    extract::FromRequestParts,
    response::{IntoResponseParts, ResponseParts},
};
use domain::id::{SessionId, UserId};
use http::{HeaderMap, HeaderValue, header, request::Parts};
use jiff::Timestamp;
use ports::sessions::Session;
use std::convert::Infallible;

/// Browsers take a cookie of such a name only from its own host, over TLS and for every path.
const NAME: &str = "__Host-refresh";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// Says that a request comes from a program of ours: no form and no link can set a header, and a
/// script of another site has to ask first.
const PROGRAM: &str = "x-requested-with";
const PROGRAM_NAME: &str = "1mins";

/// Far longer than any of ours.
const MAX_SECRET_LEN: usize = 128;

/// What the browser is to keep, or to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetCookie(HeaderValue);

impl SetCookie {
    /// Kept as long as the session lives if nobody refreshes it.
    pub(crate) fn refresh(session: &Session, secret: &str, now: Timestamp) -> Self {
        let left_s = session.expires_at.as_second() - now.as_second();
        let idle_s = i64::try_from(IDLE_TTL.as_secs()).unwrap_or(i64::MAX);
        let max_age_s = left_s.clamp(0, idle_s);
        let value = format!("{}.{}.{secret}", session.user, session.id);
        Self::of(&format!("{NAME}={value}; {ATTRIBUTES}; Max-Age={max_age_s}"))
    }

    pub(crate) fn forget() -> Self {
        Self::of(&format!("{NAME}=; {ATTRIBUTES}; Max-Age=0"))
    }

    fn of(cookie: &str) -> Self {
        let mut cookie = HeaderValue::from_str(cookie).expect("ids and base64 fit a header");
        cookie.set_sensitive(true);
        Self(cookie)
    }

    pub(crate) fn value(self) -> HeaderValue {
        self.0
    }
}

impl IntoResponseParts for SetCookie {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().append(header::SET_COOKIE, self.0);
        Ok(response)
    }
}

/// What a browser shows of a session that it kept: whose, which, and the secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) secret: String,
}

impl Kept {
    fn read(value: &str) -> Option<Self> {
        let (user, rest) = value.split_once('.')?;
        let (session, secret) = rest.split_once('.')?;
        let fits = (1..=MAX_SECRET_LEN).contains(&secret.len());
        fits.then_some(())?;
        Some(Self {
            user: user.parse().ok()?,
            session: session.parse().ok()?,
            secret: secret.to_owned(),
        })
    }
}

/// What the browser kept, if it sent any and the request is our own site's.
///
/// The cookie comes by itself, so whoever makes the browser send a request would have it: `SameSite`
/// keeps other sites from that, and this does where a browser should not. `Origin` was compared with
/// our own before, see `origin`; here one of the two has to be there.
pub(crate) struct Cookie(pub(crate) Option<Kept>);

impl<S: Send + Sync> FromRequestParts<S> for Cookie {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let Some(value) = find(&parts.headers) else {
            return Ok(Self(None));
        };
        let program = parts.headers.get(PROGRAM).is_some_and(|it| it == PROGRAM_NAME);
        if !program && !parts.headers.contains_key(header::ORIGIN) {
            return Err(Refusal::WrongOrigin);
        }
        Ok(Self(Kept::read(value)))
    }
}

/// The value of our cookie among all that came.
fn find(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let pairs = lines.flat_map(|it| it.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_cookie_is_read() {
        let long = format!("usr_1.ses_1.{}", "s".repeat(MAX_SECRET_LEN + 1));
        let cases = [
            ("ours", "usr_1.ses_1.s3cret", true),
            ("dots in the secret", "usr_1.ses_1.a.b", true),
            ("nothing", "", false),
            ("no secret", "usr_1.ses_1", false),
            ("an empty secret", "usr_1.ses_1.", false),
            ("an endless secret", &long, false),
            ("the wrong way round", "ses_1.usr_1.s3cret", false),
            ("another kind", "prj_1.ses_1.s3cret", false),
        ];
        for (case, value, good) in cases {
            assert_eq!(Kept::read(value).is_some(), good, "{case}");
        }
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        let cases = [
            ("alone", vec!["__Host-refresh=a"], Some("a")),
            ("second", vec!["theme=dark; __Host-refresh=a=b"], Some("a=b")),
            ("in a second line", vec!["theme=dark", "__Host-refresh=a"], Some("a")),
            ("a similar name", vec!["x__Host-refresh=a; __Host-Refresh=b"], None),
            ("none", vec![], None),
        ];
        for (case, lines, value) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_static(line));
            }
            assert_eq!(find(&headers), value, "{case}");
        }
    }
}
