//! Which chunk holds a host.
//!
//! Chunks are the leaves of a binary tree over the bits of the host's hash. A chunk that overflows
//! is split in two and its neighbours stay as they are: a table grows by two writes at a time, where
//! doubling the number of chunks would rewrite all of them at once, at three a second.

use super::Malformed;
use domain::route::HostName;

/// More than any table needs: 2^20 chunks.
pub const MAX_DEPTH: u8 = 20;

/// The leading bits that all hosts of a chunk share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// Left-aligned. Ordered as the leaves of the tree from left to right.
    bits: u32,
    depth: u8,
}

impl Prefix {
    /// Holds every host.
    pub const ROOT: Self = Self { bits: 0, depth: 0 };

    /// The rightmost prefix there can be that holds `host`.
    pub(super) fn deepest_of(host: &HostName) -> Self {
        Self { bits: hash(host), depth: u8::MAX }
    }

    pub fn depth(self) -> u8 {
        self.depth
    }

    pub fn holds(self, host: &HostName) -> bool {
        self.width() == 1 << 32 || (hash(host) ^ self.bits) >> (32 - u32::from(self.depth)) == 0
    }

    /// The two halves of this prefix, or `None` if it cannot be cut any further.
    pub fn halves(self) -> Option<[Self; 2]> {
        let depth = self.depth + 1;
        (depth <= MAX_DEPTH).then(|| {
            let one = 1 << (32 - u32::from(depth));
            [Self { bits: self.bits, depth }, Self { bits: self.bits | one, depth }]
        })
    }

    /// `r` for the root, then one digit for each bit.
    pub fn name(self) -> String {
        let bits = (0..u32::from(self.depth)).map(|at| (self.bits >> (31 - at)) & 1);
        std::iter::once('r').chain(bits.map(|bit| if bit == 1 { '1' } else { '0' })).collect()
    }

    /// How much of the space of hashes this is.
    fn width(self) -> u64 {
        1 << (32 - u32::from(self.depth))
    }

    /// The prefixes of a tree whose leaves, from left to right, have these `depths`.
    pub(super) fn of_depths(depths: impl Iterator<Item = u8>) -> Result<Vec<Self>, Malformed> {
        let mut next: u64 = 0;
        let mut leaves = Vec::new();
        for depth in depths {
            if depth > MAX_DEPTH {
                return Err(Malformed("chunk too deep"));
            }
            let bits = u32::try_from(next).map_err(|_| Malformed("chunks overlap"))?;
            let leaf = Self { bits, depth };
            if !next.is_multiple_of(leaf.width()) {
                return Err(Malformed("chunks overlap"));
            }
            next += leaf.width();
            leaves.push(leaf);
        }
        // No chunks at all is a table that fits into its head.
        if next == 1 << 32 || leaves.is_empty() {
            Ok(leaves)
        } else {
            Err(Malformed("chunks do not cover every host"))
        }
    }
}

fn hash(host: &HostName) -> u32 {
    let mut mixed = digest(host.as_str());
    // The upper bits of a short FNV hash hardly differ: fold the lower ones into them.
    mixed ^= mixed >> 33;
    mixed = mixed.wrapping_mul(0xff51_afd7_ed55_8ccd);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

/// FNV-1a. Tells mix-ups and damage; it is no signature.
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(label: impl std::fmt::Display) -> HostName {
        format!("{label}.1mins.in").try_into().unwrap()
    }

    #[test]
    fn halves_share_what_the_whole_holds() {
        let whole = Prefix::ROOT.halves().unwrap()[1];
        let [left, right] = whole.halves().unwrap();
        assert_eq!((left.name(), right.name()), ("r10".to_owned(), "r11".to_owned()));
        for host in (0..200).map(host) {
            let halves = u8::from(left.holds(&host)) + u8::from(right.holds(&host));
            assert_eq!(halves, u8::from(whole.holds(&host)), "{host}");
            assert!(Prefix::ROOT.holds(&host));
        }
    }

    #[test]
    fn hosts_spread_evenly() {
        let [left, _] = Prefix::ROOT.halves().unwrap();
        let on_the_left = (0..10_000).filter(|it| left.holds(&host(it))).count();
        assert!((4_700..5_300).contains(&on_the_left), "{on_the_left}");
    }

    #[test]
    fn depths_name_a_whole_tree_or_nothing() {
        let names = |depths: &[u8]| {
            Prefix::of_depths(depths.iter().copied())
                .map(|it| it.into_iter().map(Prefix::name).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(names(&[]).as_deref(), Ok(""));
        assert_eq!(names(&[0]).as_deref(), Ok("r"));
        assert_eq!(names(&[1, 2, 2]).as_deref(), Ok("r0 r10 r11"));
        for bad in [&[1][..], &[0, 0], &[2, 1, 2], &[1, 1, 1], &[21], &[255]] {
            assert!(names(bad).is_err(), "{bad:?}");
        }
    }
}
