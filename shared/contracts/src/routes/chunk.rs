//! A part of the table, as one parameter holds it: `1mc1 {prefix} {body}`.

use super::{
    MAX_PARAMETER_CHARS, Malformed, Routes,
    pack::{pack, unpack},
    partition::Prefix,
    rows,
};

const FORMAT: &str = "1mc1";

/// A chunk, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub prefix: Prefix,
    pub text: String,
}

/// `routes`, all of which `prefix` holds, in as few chunks as they fit into.
///
/// Measured with hosts such as `atlas-bot17-4k2x9q7hzd` spread over 5,000 workers: 23.4 characters
/// a route, 175 routes in a full chunk, 100,000 routes in 930 chunks. Their versions, however far
/// apart, take 2,200 characters of the head, which leaves room for 85 changes.
pub fn encode(prefix: Prefix, routes: Routes) -> Result<Vec<Chunk>, TooDeep> {
    if routes.len() <= rows::MAX_ROWS {
        let name = prefix.name();
        let text = format!("{FORMAT} {name} {}", pack(&rows::write_routes(&routes)));
        if text.len() <= MAX_PARAMETER_CHARS {
            return Ok(vec![Chunk { prefix, text }]);
        }
    }
    let [left, right] = prefix.halves().ok_or(TooDeep)?;
    let (on_the_left, on_the_right) =
        routes.into_iter().partition(|(host, _): &(_, _)| left.holds(host));
    let mut chunks = encode(left, on_the_left)?;
    chunks.extend(encode(right, on_the_right)?);
    Ok(chunks)
}

/// Hosts whose hashes agree in so many bits were chosen by somebody, not met.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("routes cannot be spread over more chunks")]
pub struct TooDeep;

/// Never panics, whatever `text` is.
pub fn decode(prefix: Prefix, text: &str) -> Result<Routes, Malformed> {
    let body = text
        .strip_prefix(FORMAT)
        .and_then(|it| it.strip_prefix(' '))
        .ok_or(Malformed("not a chunk of this format"))?;
    let (name, body) = body.split_once(' ').ok_or(Malformed("chunk without a body"))?;
    let routes = rows::read_routes(&unpack(body)?)?;
    if name == prefix.name() && routes.keys().all(|host| prefix.holds(host)) {
        Ok(routes)
    } else {
        Err(Malformed("another chunk than the head names"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::route::{HostName, Target};
    use proptest::{collection::btree_map, prelude::*};
    use std::net::Ipv4Addr;

    /// As an owner names a bot, and the platform numbers it.
    fn hosts() -> impl Strategy<Value = HostName> {
        ("(atlas|bot|mail|family|acme|luna)(-[a-z]{3,7}|[0-9]{1,3})?", "[a-z0-9]{10}")
            .prop_map(|(name, id)| format!("{name}-{id}.1mins.in").try_into().unwrap())
    }

    fn targets() -> impl Strategy<Value = Target> {
        (0..5_000_u32, 0..20_u16).prop_map(|(worker, slot)| Target::Upstream {
            address: Ipv4Addr::from((10 << 24) + worker),
            port: 18_789 + slot,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn chunks_hold_what_was_put_into_them(routes in btree_map(hosts(), targets(), 0..600)) {
            let chunks = encode(Prefix::ROOT, routes.clone()).unwrap();
            let mut decoded = Routes::new();
            for chunk in &chunks {
                prop_assert!(chunk.text.len() <= MAX_PARAMETER_CHARS);
                decoded.extend(decode(chunk.prefix, &chunk.text).unwrap());
            }
            prop_assert_eq!(decoded, routes);
        }

        #[test]
        fn nothing_makes_it_panic(noise in ".{0,300}", name in "r[01]{0,3}", body in "[a-zA-Z0-9+/]*") {
            let _ = decode(Prefix::ROOT, &noise);
            let _ = decode(Prefix::ROOT, &format!("{FORMAT} {name} {body}"));
        }
    }

    #[test]
    fn a_chunk_is_not_taken_for_another() {
        let [left, right] = Prefix::ROOT.halves().unwrap();
        let empty = encode(left, Routes::new()).unwrap().remove(0);
        assert_eq!(decode(left, &empty.text), Ok(Routes::new()));
        assert!(decode(right, &empty.text).is_err());
    }

    #[test]
    fn chosen_hosts_cannot_make_it_split_for_ever() {
        // All in the same leaf of the deepest level, and too many for it.
        let deepest = (0..super::super::partition::MAX_DEPTH)
            .fold(Prefix::ROOT, |prefix, _| prefix.halves().unwrap()[0]);
        let page = Target::Page(domain::route::Page::Asleep);
        let routes =
            (0..5_000).map(|it| (format!("h{it}.1mins.in").try_into().unwrap(), page)).collect();
        assert_eq!(encode(deepest, routes), Err(TooDeep));
    }
}
