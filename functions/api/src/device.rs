//! Where a request comes from: what it says of its browser, and the address that we believe.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use lambda_http::request::RequestContext;
use ports::sessions::Device;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
};

/// Proxies of ours before API Gateway: CloudFront, or locally the edge. Each writes behind
/// `X-Forwarded-For` whom it was called by; what stands further to the left was written by the caller
/// and is worth nothing.
///
/// Whoever calls the gateway's own address passes by CloudFront, and its place in the header is
/// theirs to fill. What they gain is another count of tries for each lie; the counts by account, and
/// the lid on all requests that the gateway itself keeps, hold all the same. A secret header that
/// CloudFront adds and the gateway insists on would close it.
const PROXIES_IN_FRONT: usize = 1;

const FORWARDED: &str = "x-forwarded-for";
const MAX_USER_AGENT_LEN: usize = 256;

/// The device that a request was sent from.
pub(crate) struct OnDevice(pub(crate) Device);

impl<S: Send + Sync> FromRequestParts<S> for OnDevice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<RequestContext>().and_then(source_ip);
        let address = client(&forwarded(&parts.headers), peer);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
        Ok(Self(Device {
            user_agent: agent.unwrap_or_default().chars().take(MAX_USER_AGENT_LEN).collect(),
            ip: address.map_or_else(String::new, |it| it.to_string()),
        }))
    }
}

/// Whom API Gateway was called by: the end of a connection, not a header.
fn source_ip(context: &RequestContext) -> Option<IpAddr> {
    match context {
        RequestContext::ApiGatewayV2(it) => it.http.source_ip.as_ref()?.parse().ok(),
        _ => None,
    }
}

fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED).iter().filter_map(|it| it.to_str().ok());
    lines.flat_map(|it| it.split(',')).map(|it| it.trim().parse().ok()).collect()
}

/// The client's address: as many steps from the end as there are proxies of ours.
fn client(forwarded: &[Option<IpAddr>], peer: Option<IpAddr>) -> Option<IpAddr> {
    let mut hops = forwarded.to_vec();
    // The gateway adds its caller to the header by itself; a stand-in may not.
    if peer.is_some() && hops.last() != Some(&peer) {
        hops.push(peer);
    }
    let seen = hops.iter().rev().nth(PROXIES_IN_FRONT).or(hops.last());
    seen.copied().flatten()
}

/// Under which name the tries from `ip` are counted. Everybody with IPv6 has a network of 64 bits to
/// choose addresses from, so that counts as one. What has no address shares one count.
pub(crate) fn network(device: &Device) -> String {
    match device.ip.parse() {
        Ok(IpAddr::V4(it)) => it.to_string(),
        Ok(IpAddr::V6(it)) => it.to_ipv4_mapped().map_or_else(
            || {
                let [a, b, c, d, ..] = it.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            },
            |it| it.to_string(),
        ),
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_what_our_own_proxies_say_counts() {
        let cases = [
            ("through CloudFront", "203.0.113.7, 130.176.0.1", Some("130.176.0.1"), "203.0.113.7"),
            ("with a lie", "1.1.1.1, 203.0.113.7, 130.176.0.1", Some("130.176.0.1"), "203.0.113.7"),
            ("a gateway that adds nothing", "203.0.113.7", Some("127.0.0.1"), "203.0.113.7"),
            ("a stand-in that knows the client", "203.0.113.7", Some("203.0.113.7"), "203.0.113.7"),
            ("straight to the gateway", "", Some("203.0.113.7"), "203.0.113.7"),
            ("noise in its place", "unknown, 130.176.0.1", Some("130.176.0.1"), ""),
            ("IPv6", "2001:db8::7, 130.176.0.1", Some("130.176.0.1"), "2001:db8::7"),
            ("nothing at all", "", None, ""),
        ];
        for (case, header, peer, expected) in cases {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert(FORWARDED, HeaderValue::from_str(header).unwrap());
            }
            let found = client(&forwarded(&headers), peer.map(|it| it.parse().unwrap()));
            let found = found.map_or_else(String::new, |it| it.to_string());
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_network_counts_as_one() {
        let cases = [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("", "unknown"),
        ];
        for (ip, expected) in cases {
            let device = Device { user_agent: String::new(), ip: ip.to_owned() };
            assert_eq!(network(&device), expected, "{ip}");
        }
    }
}
