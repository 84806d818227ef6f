//! Names that end in `.localhost` are this machine (RFC 6761), also where the system's resolver
//! does not know it.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Answers for one domain and everything under it itself, and asks the system for the rest.
#[derive(Clone, Debug)]
pub struct Loopback {
    domain: String,
    address: IpAddr,
}

impl Loopback {
    /// `localhost` and everything under it, on this machine.
    pub fn localhost() -> Self {
        Self::of("localhost", Ipv4Addr::LOCALHOST.into())
    }

    /// `domain` and everything under it, at `address`.
    pub fn of(domain: &str, address: IpAddr) -> Self {
        Self { domain: domain.to_owned(), address }
    }

    fn covers(&self, host: &str) -> bool {
        host.strip_suffix(&self.domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.covers(name.as_str()).then_some(self.address);
        Box::pin(async move {
            if let Some(address) = known {
                return Ok(Box::new([SocketAddr::new(address, 0)].into_iter()) as Addrs);
            }
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_covers_itself_and_its_children_only() {
        let loopback = Loopback::of("1mins.localhost", Ipv4Addr::LOCALHOST.into());
        let cases = [
            ("itself", "1mins.localhost", true),
            ("a child", "bot-4k2x.1mins.localhost", true),
            ("a longer word", "not1mins.localhost", false),
            ("its parent", "localhost", false),
        ];
        for (case, host, covered) in cases {
            assert_eq!(loopback.covers(host), covered, "{case}");
        }
    }
}
