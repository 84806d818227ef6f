//! Where a request comes from: what it says of its browser, and the address that we believe.

use crate::front_door::ClientAddress;
use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use ports::sessions::Device;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
};

const MAX_USER_AGENT_LEN: usize = 256;

/// The device that a request was sent from.
pub(crate) struct OnDevice(pub(crate) Device);

impl<S: Send + Sync> FromRequestParts<S> for OnDevice {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get().and_then(|ClientAddress(it)| *it);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
        Ok(Self(Device {
            user_agent: agent.unwrap_or_default().chars().take(MAX_USER_AGENT_LEN).collect(),
            ip: address.map_or_else(String::new, |it: IpAddr| it.to_string()),
        }))
    }
}

/// Under which name the tries from `ip` are counted. Everybody with IPv6 has a network of 64 bits to
/// choose addresses from, so that counts as one. What has no address shares one count.
pub(crate) fn network(device: &Device) -> String {
    match device.ip.parse() {
        // An IPv4 address in the form of IPv6 is one of IPv4 already: see `front_door`.
        Ok(IpAddr::V4(it)) => it.to_string(),
        Ok(IpAddr::V6(it)) => {
            let [a, b, c, d, ..] = it.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_counts_as_one() {
        let cases = [
            ("203.0.113.7", "203.0.113.7"),
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
