//! What went wrong, by kind: a run that injected nothing proves nothing.

use std::{collections::BTreeMap, fmt, ops::AddAssign};

#[derive(Clone, Debug, Default)]
pub(super) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub(super) fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for (kind, number) in other.0 {
            *self.0.entry(kind).or_default() += number;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: Vec<_> = self.0.iter().collect();
        kinds.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
        kinds.into_iter().try_for_each(|(kind, number)| writeln!(f, "{number:>12}  {kind}"))
    }
}
