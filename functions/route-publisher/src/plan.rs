//! What to believe about the head: before a round, and after writing it.

use contracts::routes::{Stamp, head::Head};
use ports::routes::{Lease, Versioned};

/// What a run builds upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The newest head that can be seen, exactly as the lease has it.
    Newest(Head),
    /// The newest head, which the lease does not know: somebody died, or was late, between writing
    /// it and writing it down. It is right, but has to be written again under the present epoch.
    Adopted(Head),
    /// The head that the lease names by its version. `repair`: something else was written over it.
    Pinned { repair: bool },
    /// Nothing that was published can be built upon.
    Truth,
}

/// Decides from the lease as just taken and the newest head as just read.
pub(crate) fn start(lease: &Lease, incarnation: u32, newest: Option<&Versioned>) -> Start {
    let Some(published) = lease.published.filter(|it| it.incarnation == incarnation) else {
        return Start::Truth;
    };
    // A stale reading, unless the parameter was deleted, which reading the version will tell.
    let Some(newest) = newest.filter(|it| it.version >= lease.head_version) else {
        return Start::Pinned { repair: false };
    };
    let known = newest.version == lease.head_version;
    match Head::decode(&newest.text) {
        Ok(head) if known && head.stamp.position() == published => Start::Newest(head),
        Ok(head) if !known && sound(head.stamp, lease) => Start::Adopted(head),
        Ok(_) | Err(_) if known => Start::Truth,
        Ok(_) | Err(_) => Start::Pinned { repair: true },
    }
}

/// Whether a publisher that held the lease up to now can have written this and lost nothing.
fn sound(stamp: Stamp, lease: &Lease) -> bool {
    stamp.epoch <= lease.epoch
        && lease
            .published
            .is_some_and(|it| it.incarnation == stamp.incarnation && it.sequence <= stamp.sequence)
}

/// What follows from the version that writing the head returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The head is ours, or will be as soon as it can be seen.
    Settled,
    /// Somebody late has overwritten it.
    WriteAgain,
    /// Somebody newer has overwritten it.
    Yield,
}

/// Decides after an unexpected version, from the `newest` head that can be seen now.
pub(crate) fn after_interleaving(ours: Stamp, version: u64, newest: Option<&Versioned>) -> Next {
    match newest {
        Some(newest) if newest.version > version => match Head::decode(&newest.text) {
            Ok(theirs) if theirs.stamp > ours => Next::Yield,
            Ok(_) | Err(_) => Next::WriteAgain,
        },
        Some(_) | None => Next::Settled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::routes::{Changes, Position, head::Base};

    fn head(incarnation: u32, epoch: u64, sequence: u64) -> Head {
        let stamp = Stamp { incarnation, epoch, sequence };
        Head { stamp, base: Base::default(), log: Changes::new() }
    }

    fn versioned(version: u64, head: &Head) -> Versioned {
        Versioned { version, text: head.encode() }
    }

    fn lease(published: Option<(u32, u64)>) -> Lease {
        let published = published.map(|(incarnation, sequence)| Position { incarnation, sequence });
        Lease { owner: "me".into(), epoch: 3, published, head_version: 5 }
    }

    #[test]
    fn a_run_builds_upon_what_it_can_trust() {
        let lease_at_10 = lease(Some((1, 10)));
        let ours = head(1, 2, 10);
        let ahead = head(1, 2, 12);
        let behind = head(1, 1, 9);
        let noise = Versioned { version: 6, text: "noise".into() };
        let noise_as_ours = Versioned { version: 5, text: "noise".into() };
        let repair = Start::Pinned { repair: true };
        let cases = [
            ("the first run ever", lease(None), None, Start::Truth),
            ("a restored ledger", lease(Some((9, 9))), Some(versioned(5, &ours)), Start::Truth),
            (
                "as written down",
                lease_at_10.clone(),
                Some(versioned(5, &ours)),
                Start::Newest(ours.clone()),
            ),
            (
                "died before writing it down",
                lease_at_10.clone(),
                Some(versioned(6, &ahead)),
                Start::Adopted(ahead),
            ),
            (
                "a late one that is behind",
                lease_at_10.clone(),
                Some(versioned(6, &behind)),
                repair.clone(),
            ),
            ("scribbled over", lease_at_10.clone(), Some(noise), repair.clone()),
            ("from nowhere", lease_at_10.clone(), Some(versioned(6, &head(1, 4, 99))), repair),
            (
                "a stale reading",
                lease_at_10.clone(),
                Some(versioned(4, &behind)),
                Start::Pinned { repair: false },
            ),
            ("not to be seen", lease_at_10.clone(), None, Start::Pinned { repair: false }),
            (
                "deleted and made anew",
                lease_at_10.clone(),
                Some(versioned(5, &behind)),
                Start::Truth,
            ),
            ("damaged", lease_at_10, Some(noise_as_ours), Start::Truth),
        ];
        for (case, lease, newest, expected) in cases {
            assert_eq!(start(&lease, 1, newest.as_ref()), expected, "{case}");
        }
    }

    #[test]
    fn the_newer_of_two_writers_has_the_last_word() {
        let ours = Stamp { incarnation: 1, epoch: 3, sequence: 10 };
        let cases = [
            ("theirs came before ours", Some(versioned(7, &head(1, 3, 10))), Next::Settled),
            ("theirs cannot be seen yet", Some(versioned(6, &head(1, 2, 9))), Next::Settled),
            ("nothing can be seen", None, Next::Settled),
            ("theirs is late", Some(versioned(8, &head(1, 2, 11))), Next::WriteAgain),
            ("theirs is newer", Some(versioned(8, &head(1, 4, 10))), Next::Yield),
            ("noise", Some(Versioned { version: 8, text: "noise".into() }), Next::WriteAgain),
        ];
        for (case, newest, expected) in cases {
            assert_eq!(after_interleaving(ours, 7, newest.as_ref()), expected, "{case}");
        }
    }
}
