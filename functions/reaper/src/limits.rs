//! How much one pass may remove. Pure.
//!
//! A reaper that has gone wrong looks like one that has much to do: a stage configured for another's
//! table, a list that came back empty, a clock that jumped. So when a good part of everything there is
//! seems to be nobody's, the findings are doubted before they are acted on.

use serde::Deserialize;

/// What a stage says about it; what it does not say is as in [`Limits::default`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Of one kind. The rest is for the next pass.
    pub most_per_pass: usize,
    /// Nothing of a kind is removed if more than this share of all there is would have to go …
    pub stop_share_percent: usize,
    /// … and that is at least so many.
    pub stop_least: usize,
    /// A blank that waits longer than this was forgotten by the warm pool, which lets none become so
    /// old.
    pub blank_age_max_s: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most_per_pass: 20,
            stop_share_percent: 25,
            stop_least: 3,
            blank_age_max_s: 24 * 60 * 60,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// So many of what was found may go.
    Remove(usize),
    Stop,
}

/// What may become of `found` findings, among `existing` of their kind. `None`: any share may go.
pub(crate) fn rule(found: usize, existing: Option<usize>, limits: &Limits) -> Ruling {
    let is_much = existing.is_some_and(|existing| {
        found >= limits.stop_least && found * 100 > existing * limits.stop_share_percent
    });
    if is_much { Ruling::Stop } else { Ruling::Remove(found.min(limits.most_per_pass)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn little_goes_at_once_and_much_not_at_all() {
        let remove = Ruling::Remove;
        let cases = [
            ("nothing", 0, Some(0), remove(0)),
            ("both of two", 2, Some(2), remove(2)),
            ("all of three", 3, Some(3), Ruling::Stop),
            ("a quarter", 3, Some(12), remove(3)),
            ("more than a quarter", 3, Some(11), Ruling::Stop),
            ("some of many", 19, Some(1000), remove(19)),
            ("too many for one pass", 30, Some(1000), remove(20)),
            ("all, where any share may go", 30, None, remove(20)),
        ];
        for (case, found, existing, expected) in cases {
            assert_eq!(rule(found, existing, &Limits::default()), expected, "{case}");
        }
    }

    #[test]
    fn a_stage_may_say_nothing_or_only_a_part() {
        let limits: Limits = serde_json::from_str("{}").unwrap();
        assert_eq!(limits, Limits::default());
        let limits: Limits = serde_json::from_str(r#"{"most_per_pass":5}"#).unwrap();
        assert_eq!(limits, Limits { most_per_pass: 5, ..Limits::default() });
        assert!(serde_json::from_str::<Limits>(r#"{"most":5}"#).is_err());
    }

    fn limits() -> impl Strategy<Value = Limits> {
        (0_usize..50, 0_usize..=100, 1_usize..10).prop_map(
            |(most_per_pass, stop_share_percent, stop_least)| Limits {
                most_per_pass,
                stop_share_percent,
                stop_least,
                ..Limits::default()
            },
        )
    }

    proptest! {
        #[test]
        fn no_pass_removes_more_than_the_limit_or_more_than_was_found(
            found in 0_usize..500, existing in prop::option::of(0_usize..500), limits in limits(),
        ) {
            if let Ruling::Remove(number) = rule(found, existing, &limits) {
                prop_assert_eq!(number, found.min(limits.most_per_pass));
            }
        }

        #[test]
        fn nothing_goes_when_more_than_the_share_would(
            existing in 0_usize..500, found in 0_usize..500, limits in limits(),
        ) {
            let stops = rule(found, Some(existing), &limits) == Ruling::Stop;
            let share = found * 100 > existing * limits.stop_share_percent;
            prop_assert_eq!(stops, share && found >= limits.stop_least);
        }

        #[test]
        fn finding_more_never_lifts_a_stop(
            found in 0_usize..500, more in 0_usize..100, existing in 0_usize..500, limits in limits(),
        ) {
            if rule(found, Some(existing), &limits) == Ruling::Stop {
                prop_assert_eq!(rule(found + more, Some(existing), &limits), Ruling::Stop);
            }
        }

        #[test]
        fn an_empty_record_never_empties_the_cloud(existing in 3_usize..500) {
            prop_assert_eq!(rule(existing, Some(existing), &Limits::default()), Ruling::Stop);
        }
    }
}
