//! The parameter that everything else hangs on: `1mr1 {incarnation} {epoch} {sequence} {body}`.
//!
//! The numbers stand in front in plain sight, for whoever looks at the parameter in a console. The
//! body holds the chunks with their versions, and every change since they were written. A small
//! table has no chunks: it is nothing but changes.

use super::{
    Changes, MAX_PARAMETER_CHARS, Malformed, Stamp,
    pack::{pack, unpack},
    partition::{MAX_DEPTH, Prefix, digest},
    rows,
};
use domain::route::HostName;
use std::collections::BTreeMap;

const FORMAT: &str = "1mr1";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub stamp: Stamp,
    pub base: Base,
    /// What changed since `base` was written.
    pub log: Changes,
}

/// The part of the table that lies in chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The version of every chunk. Covers every host, unless it is empty.
    pub versions: BTreeMap<Prefix, u64>,
    /// All chunks' digests, xor-ed: a parameter that was deleted and made anew counts its versions
    /// from 1 again, and only the digest tells.
    pub digest: u64,
}

impl Base {
    /// The chunk that holds `host`; `None` if there are no chunks.
    pub fn chunk_of(&self, host: &HostName) -> Option<Prefix> {
        let (prefix, _) = self.versions.range(..=Prefix::deepest_of(host)).next_back()?;
        Some(*prefix)
    }

    /// Replaces the chunk of `prefix` by those that it became; `was` is its text until now.
    pub fn replace(&mut self, prefix: Prefix, was: Option<&str>, by: &[(Prefix, u64, &str)]) {
        self.versions.remove(&prefix);
        self.digest ^= was.map_or(0, digest);
        for (prefix, version, text) in by {
            self.versions.insert(*prefix, *version);
            self.digest ^= digest(text);
        }
    }
}

impl Head {
    /// May be longer than a parameter: see [`Head::fits`].
    pub fn encode(&self) -> String {
        let Stamp { incarnation, epoch, sequence } = self.stamp;
        let text = format!("{}{}", write_base(&self.base), rows::write_changes(&self.log));
        format!("{FORMAT} {incarnation} {epoch} {sequence} {}", pack(&text))
    }

    pub fn fits(&self) -> bool {
        self.log.len() <= rows::MAX_ROWS && self.encode().len() <= MAX_PARAMETER_CHARS
    }

    /// Never panics, whatever `text` is.
    pub fn decode(text: &str) -> Result<Self, Malformed> {
        let mut words = text.splitn(5, ' ');
        if words.next() != Some(FORMAT) {
            return Err(Malformed("not a head of this format"));
        }
        let stamp = Stamp {
            incarnation: number(words.next())?,
            epoch: number(words.next())?,
            sequence: number(words.next())?,
        };
        let text = unpack(words.next().ok_or(Malformed("head without a body"))?)?;
        let (base, log) = text.split_once('\n').ok_or(Malformed("head without a log"))?;
        Ok(Self { stamp, base: read_base(base)?, log: rows::read_changes(log)? })
    }
}

/// `{digest} {lowest version} {chunk} …`, where a chunk is what its version has above the lowest,
/// after a letter for its depth if that differs from its left neighbour's.
fn write_base(base: &Base) -> String {
    let lowest = base.versions.values().min().copied().unwrap_or_default();
    let mut text = format!("{:x} {lowest}", base.digest);
    let mut depth_before = None;
    for (prefix, version) in &base.versions {
        text.push(' ');
        if depth_before != Some(prefix.depth()) {
            text.push(char::from(b'a' + prefix.depth()));
        }
        text.push_str(&(version - lowest).to_string());
        depth_before = Some(prefix.depth());
    }
    text.push('\n');
    text
}

fn read_base(line: &str) -> Result<Base, Malformed> {
    let mut words = line.split(' ');
    let digest = u64::from_str_radix(words.next().unwrap_or_default(), 16)
        .map_err(|_| Malformed("base without a digest"))?;
    let lowest: u64 = number(words.next())?;
    let mut depth = 0;
    let (mut depths, mut versions) = (Vec::new(), Vec::new());
    for word in words {
        let above = word.trim_start_matches(|it: char| it.is_ascii_lowercase());
        if let [letter] = word.as_bytes()[..word.len() - above.len()] {
            depth = letter - b'a';
        } else if above.len() != word.len() {
            return Err(Malformed("chunk of two depths"));
        }
        let version = lowest.checked_add(number(Some(above))?);
        versions.push(version.ok_or(Malformed("impossible version"))?);
        depths.push(depth);
    }
    let prefixes = Prefix::of_depths(depths.into_iter())?;
    Ok(Base { versions: prefixes.into_iter().zip(versions).collect(), digest })
}

fn number<N: std::str::FromStr>(word: Option<&str>) -> Result<N, Malformed> {
    word.and_then(|it| it.parse().ok()).ok_or(Malformed("not a number"))
}

// A letter stands for each depth.
const _: () = assert!(MAX_DEPTH < 26);

#[cfg(test)]
mod tests {
    use super::*;
    use domain::route::Target;
    use proptest::{collection::vec, prelude::*};
    use std::net::Ipv4Addr;

    fn changes(seed: &[(u32, bool)]) -> Changes {
        let host = |it: u32| HostName::try_from(format!("bot-{it}.1mins.in")).unwrap();
        let at = |it: u32| Target::Upstream { address: Ipv4Addr::from(it), port: 18_789 };
        seed.iter().map(|(it, serves)| (host(*it), serves.then(|| at(*it)))).collect()
    }

    /// A tree grown by splitting, as it grows in life, with versions that wander apart.
    fn base(splits: &[(usize, u64)]) -> Base {
        let mut base = Base::default();
        base.replace(Prefix::ROOT, None, &[(Prefix::ROOT, 1, "first")]);
        for (at, version) in splits {
            let prefix = *base.versions.keys().nth(at % base.versions.len()).unwrap();
            let Some([left, right]) = prefix.halves() else { continue };
            base.replace(prefix, None, &[(left, *version, "left"), (right, version / 2, "right")]);
        }
        base
    }

    proptest! {
        #[test]
        fn a_head_reads_as_it_was_written(
            numbers in any::<(u32, u64, u64)>(),
            splits in vec((0..40_usize, any::<u64>()), 0..40),
            log in vec(any::<(u32, bool)>(), 0..40),
            has_base: bool,
        ) {
            let stamp = Stamp { incarnation: numbers.0, epoch: numbers.1, sequence: numbers.2 };
            let base = if has_base { base(&splits) } else { Base::default() };
            let head = Head { stamp, base, log: changes(&log) };
            for host in head.log.keys() {
                let chunk = head.base.chunk_of(host);
                prop_assert!(chunk.is_none_or(|it| it.holds(host)));
                prop_assert_eq!(chunk.is_some(), has_base);
            }
            prop_assert_eq!(Head::decode(&head.encode()), Ok(head));
        }

        #[test]
        fn nothing_makes_it_panic(
            noise in ".{0,300}",
            body in "[0-9a-f]{0,18} [0-9]{0,21}( [a-z]{0,2}[0-9]{0,21}){0,4}\n\\*.{0,40}\n.{0,40}",
        ) {
            let _ = Head::decode(&noise);
            let _ = Head::decode(&format!("{FORMAT} 1 1 1 {noise}"));
            let _ = Head::decode(&format!("{FORMAT} 1 1 1 {}", pack(&body)));
        }

        #[test]
        fn a_damaged_head_is_refused_or_at_least_whole(at in 0..120_usize, with in "[!-~]") {
            let log = changes(&[(1, true), (2, false), (3, true)]);
            let stamp = Stamp { incarnation: 1, epoch: 2, sequence: 3 };
            let mut text = Head { stamp, base: base(&[(0, 9), (1, 12)]), log }.encode();
            let at = at % text.len();
            text.replace_range(at..=at, &with);
            let _ = Head::decode(&text);
        }
    }

    #[test]
    fn the_numbers_can_be_read_by_eye() {
        let stamp = Stamp { incarnation: 1, epoch: 7, sequence: 42 };
        let head = Head { stamp, base: Base::default(), log: Changes::new() };
        assert!(head.encode().starts_with("1mr1 1 7 42 "), "{}", head.encode());
    }
}
