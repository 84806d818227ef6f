//! Whose request it is, as far as an address tells.
//!
//! Customers come through a front door of ours: `CloudFront`, or locally the edge. It says who called it,
//! and by a secret that it is the one who says so. But anybody may call the gateway's own address with
//! any header, also through a `CloudFront` of their own, and so without the secret only the end of the
//! connection counts, which nobody can choose. `X-Forwarded-For` would not do: behind the front door
//! the caller is its last entry but one, on a direct call the last, and nothing in it tells which.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName};
use lambda_http::request::RequestContext;
use sha2::{Digest, Sha256};
use std::{fmt, net::IpAddr};

/// Both are written at the front door, over what a caller wrote there.
const ADDRESS: HeaderName = HeaderName::from_static("x-client-address");
const SECRET: HeaderName = HeaderName::from_static("x-front-secret");

const MIN_SECRET_LEN: usize = 32;

/// By what the front doors are known.
#[derive(Clone)]
pub struct FrontDoor {
    hash: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
#[error("the secret of the front doors is shorter than {MIN_SECRET_LEN} bytes")]
pub struct WeakSecret;

impl FrontDoor {
    /// Fails with a secret that can be guessed, such as none.
    pub fn new(secret: &str) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET_LEN {
            return Err(WeakSecret);
        }
        Ok(Self { hash: Sha256::digest(secret).into() })
    }

    /// Hashes are compared, so that the time it takes says nothing of the secret.
    fn is(&self, secret: &[u8]) -> bool {
        self.hash == <[u8; 32]>::from(Sha256::digest(secret))
    }
}

impl fmt::Debug for FrontDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrontDoor").finish_non_exhaustive()
    }
}

/// The address that a request came from, if that is known; an extension of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

/// Notes the [`ClientAddress`]. The secret goes no further than this.
pub(crate) async fn recognise(
    State(door): State<FrontDoor>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<RequestContext>().and_then(peer);
    let address = client(&door, request.headers(), peer);
    request.headers_mut().remove(SECRET);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// Whom API Gateway was called by: the end of a connection, not a header.
fn peer(context: &RequestContext) -> Option<IpAddr> {
    match context {
        RequestContext::ApiGatewayV2(it) => it.http.source_ip.as_ref()?.parse().ok(),
        _ => None,
    }
}

fn client(door: &FrontDoor, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<IpAddr> {
    let believed = headers.get(SECRET).is_some_and(|it| door.is(it.as_bytes()));
    let said = headers.get(ADDRESS).and_then(|it| it.to_str().ok()?.parse().ok());
    let address: IpAddr = said.filter(|_| believed).or(peer)?;
    // One customer, one address: `::ffff:203.0.113.7` is 203.0.113.7.
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Extension, Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";
    const CALLER: &str = "203.0.113.7";
    const PEER: &str = "130.176.0.1";

    fn door() -> FrontDoor {
        FrontDoor::new(GOOD).expect("a good secret")
    }

    #[test]
    fn only_a_front_door_is_believed_who_calls() {
        let cases = [
            ("the front door", Some(GOOD), Some(CALLER), Some(PEER), Some(CALLER)),
            ("a lie without the secret", None, Some(CALLER), Some(PEER), Some(PEER)),
            ("a lie with another one", Some("guessed"), Some(CALLER), Some(PEER), Some(PEER)),
            ("a lie with an empty one", Some(""), Some(CALLER), Some(PEER), Some(PEER)),
            ("a front door that says nothing", Some(GOOD), None, Some(PEER), Some(PEER)),
            ("noise", Some(GOOD), Some("203.0.113.7, 1.1.1.1"), Some(PEER), Some(PEER)),
            ("IPv6", Some(GOOD), Some("2001:db8::7"), None, Some("2001:db8::7")),
            ("IPv4 in IPv6", Some(GOOD), Some("::ffff:203.0.113.7"), None, Some(CALLER)),
            ("nobody knows", None, Some(CALLER), None, None),
        ];
        for (case, secret, said, peer, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in [(SECRET, secret), (ADDRESS, said)] {
                value.map(|it| headers.insert(name, it.parse().expect("a header")));
            }
            // What everybody can write counts for nothing.
            headers.insert("x-forwarded-for", "198.51.100.1".parse().expect("a header"));
            let parsed = |it: &str| it.parse::<IpAddr>().expect("an address");
            let found = client(&door(), &headers, peer.map(parsed));
            assert_eq!(found, expected.map(parsed), "{case}");
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        assert!(FrontDoor::new("").is_err());
        assert!(FrontDoor::new(&GOOD[1..]).is_err());
    }

    #[tokio::test]
    async fn handlers_learn_the_address_and_not_the_secret() {
        let handler = async |Extension(address): Extension<ClientAddress>, headers: HeaderMap| {
            format!("{:?} {}", address.0, headers.contains_key(SECRET))
        };
        let router =
            Router::new().route("/", get(handler)).layer(from_fn_with_state(door(), recognise));
        let request = Request::get("/").header(SECRET, GOOD).header(ADDRESS, CALLER);
        let request = request.body(Body::empty()).expect("a request");
        let answer = router.oneshot(request).await.expect("it never fails");
        let body = axum::body::to_bytes(answer.into_body(), 1024).await.expect("a body");
        assert_eq!(body, "Some(203.0.113.7) false");
    }
}
