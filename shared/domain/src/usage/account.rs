//! What a project has spent in a month, what its calls under way may still cost, and whether another one
//! is let through.
//!
//! A call is paid for when it has ended, and nobody knows before what it costs. So an estimate is held from
//! when it begins: calls at the same moment see each other, and a cap is overshot by what estimates are too
//! low, not by how many calls there are. A hold of a function that was killed expires.

use super::{Micros, Rate, Taken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Calls of one project at the same moment.
pub const MAX_IN_FLIGHT: usize = 16;

/// Under whose key a call is made, and so who gets the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    Platform,
    Owner,
}

/// What a call under way may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub amount: Micros,
    pub whose: Whose,
    /// By then the function that made it is dead.
    pub expires_at: Timestamp,
}

/// One month of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Counts the changes.
    pub version: u64,
    pub spent: Micros,
    /// Of that, under the platform's key.
    pub spent_ours: Micros,
    /// By the call.
    pub holds: BTreeMap<String, Hold>,
    /// See [`Rate::take`].
    pub full_at_ms: i64,
}

/// What a project may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of its owner for all calls of a month. `None`: there is none.
    pub cap: Option<Micros>,
    /// What the plan includes of the platform's model, for a month.
    pub included: Micros,
    pub rate: Rate,
}

/// Why a call is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the owner's spend cap for this month is reached")]
    Cap,
    #[error("what the plan includes of the platform's model this month is used up")]
    Included,
    #[error("too many calls at the same moment")]
    InFlight,
    #[error("calls come too fast")]
    Rate { retry_after: Duration },
}

impl Account {
    /// With `hold` for `call` in it, if `limits` let it through at `now`. The same call again changes
    /// nothing.
    pub fn reserve(
        &self,
        call: &str,
        hold: Hold,
        limits: &Limits,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let mut after = self.clone();
        after.holds.retain(|_, it| it.expires_at > now);
        if after.holds.contains_key(call) {
            return Ok(after);
        }
        if after.holds.len() >= MAX_IN_FLIGHT {
            return Err(Refused::InFlight);
        }
        // What is used up is used up, however little the next call would take: `<=` would let calls that
        // are estimated at nothing through for ever.
        let exceeds = |committed: Micros, limit: Micros| {
            committed >= limit || committed.plus(hold.amount) > limit
        };
        if limits.cap.is_some_and(|cap| exceeds(after.committed(), cap)) {
            return Err(Refused::Cap);
        }
        if hold.whose == Whose::Platform && exceeds(after.committed_ours(), limits.included) {
            return Err(Refused::Included);
        }
        match limits.rate.take(after.full_at_ms, now) {
            Taken::Yes { full_at_ms } => after.full_at_ms = full_at_ms,
            Taken::Empty { for_ } => return Err(Refused::Rate { retry_after: for_ }),
        }
        after.holds.insert(call.to_owned(), hold);
        Ok(after)
    }

    /// Without the hold of `call`, and with what it really cost. Who settles a call twice has to know it:
    /// see `ports::usage`.
    #[must_use]
    pub fn settle(&self, call: &str, whose: Whose, cost: Micros) -> Self {
        let mut after = self.clone();
        after.holds.remove(call);
        after.spent = after.spent.plus(cost);
        if whose == Whose::Platform {
            after.spent_ours = after.spent_ours.plus(cost);
        }
        after
    }

    /// Spent, or about to be.
    pub fn committed(&self) -> Micros {
        self.holds.values().fold(self.spent, |sum, it| sum.plus(it.amount))
    }

    fn committed_ours(&self) -> Micros {
        let ours = self.holds.values().filter(|it| it.whose == Whose::Platform);
        ours.fold(self.spent_ours, |sum, it| sum.plus(it.amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);
    const LIMITS: Limits = Limits {
        cap: Some(Micros(100)),
        included: Micros(50),
        rate: Rate { per_minute: 6_000, burst: 1_000 },
    };

    fn hold(amount: u64, whose: Whose) -> Hold {
        Hold { amount: Micros(amount), whose, expires_at: NOW + SignedDuration::from_secs(60) }
    }

    fn spent(spent: u64, spent_ours: u64) -> Account {
        Account { spent: Micros(spent), spent_ours: Micros(spent_ours), ..Account::default() }
    }

    #[test]
    fn a_call_is_let_through_if_it_fits_below_both_limits() {
        use Refused::{Cap, Included};
        use Whose::{Owner, Platform};
        let uncapped = Limits { cap: None, ..LIMITS };
        let cases = [
            ("the first", spent(0, 0), hold(10, Platform), LIMITS, Ok(())),
            ("to the last bit", spent(40, 40), hold(10, Platform), LIMITS, Ok(())),
            ("over what is included", spent(41, 41), hold(10, Platform), LIMITS, Err(Included)),
            (
                "that does not matter to an owner's key",
                spent(41, 41),
                hold(10, Owner),
                LIMITS,
                Ok(()),
            ),
            (
                "an owner's money uses up nothing included",
                spent(90, 0),
                hold(10, Platform),
                LIMITS,
                Ok(()),
            ),
            ("over the cap", spent(91, 0), hold(10, Owner), LIMITS, Err(Cap)),
            ("for nothing, below the cap", spent(99, 0), hold(0, Owner), LIMITS, Ok(())),
            ("for nothing, at the cap", spent(100, 0), hold(0, Owner), LIMITS, Err(Cap)),
            ("no cap", spent(1_000_000, 0), hold(10, Owner), uncapped, Ok(())),
            (
                "no cap, and all included used",
                spent(50, 50),
                hold(0, Platform),
                uncapped,
                Err(Included),
            ),
            (
                "a cap of nothing",
                spent(0, 0),
                hold(0, Owner),
                Limits { cap: Some(Micros(0)), ..LIMITS },
                Err(Cap),
            ),
        ];
        for (case, account, hold, limits, expected) in cases {
            let end = account.reserve("a", hold, &limits, NOW).map(|_| ());
            assert_eq!(end, expected, "{case}");
        }
    }

    #[test]
    fn calls_at_the_same_moment_see_each_other_until_their_holds_expire() {
        let one = spent(0, 0).reserve("a", hold(60, Whose::Owner), &LIMITS, NOW).unwrap();
        let second = |at| one.reserve("b", hold(60, Whose::Owner), &LIMITS, at);
        assert_eq!(second(NOW), Err(Refused::Cap));
        let later = NOW + SignedDuration::from_secs(60);
        let two = second(later).unwrap();
        assert_eq!(two.holds.keys().collect::<Vec<_>>(), ["b"]);
        // What was killed and comes to life again is counted all the same.
        assert_eq!(two.settle("a", Whose::Owner, Micros(5)).committed(), Micros(65));
    }

    #[test]
    fn the_same_call_again_holds_nothing_twice() {
        let one = spent(0, 0).reserve("a", hold(60, Whose::Owner), &LIMITS, NOW).unwrap();
        assert_eq!(one.reserve("a", hold(60, Whose::Owner), &LIMITS, NOW), Ok(one));
    }

    #[test]
    fn settling_takes_what_it_cost_in_the_place_of_what_was_held() {
        let account = spent(10, 5).reserve("a", hold(30, Whose::Platform), &LIMITS, NOW).unwrap();
        let settled = account.settle("a", Whose::Platform, Micros(7));
        assert_eq!((settled.spent, settled.spent_ours), (Micros(17), Micros(12)));
        assert!(settled.holds.is_empty());
        let free = account.settle("a", Whose::Platform, Micros(0));
        assert_eq!((free.spent, free.spent_ours), (Micros(10), Micros(5)));
    }

    #[test]
    fn only_so_many_are_under_way_at_once_and_only_so_fast() {
        let wide = Limits { cap: None, ..LIMITS };
        let mut account = Account::default();
        for call in 0..MAX_IN_FLIGHT {
            let hold = hold(0, Whose::Owner);
            account = account.reserve(&call.to_string(), hold, &wide, NOW).unwrap();
        }
        let another = account.reserve("x", hold(0, Whose::Owner), &wide, NOW);
        assert_eq!(another, Err(Refused::InFlight));
        let slow = Limits { rate: Rate { per_minute: 1, burst: 1 }, ..wide };
        let one = Account::default().reserve("a", hold(0, Whose::Owner), &slow, NOW).unwrap();
        let retry_after = Duration::from_mins(1);
        let second = one.reserve("b", hold(0, Whose::Owner), &slow, NOW);
        assert_eq!(second, Err(Refused::Rate { retry_after }));
    }

    #[derive(Clone, Debug)]
    enum Act {
        Begin(u8, u64, Whose),
        /// With what it cost, never more than was held.
        End(u8, u64),
        Wait(i64),
    }

    fn act() -> impl Strategy<Value = Act> {
        let whose = prop_oneof![Just(Whose::Platform), Just(Whose::Owner)];
        prop_oneof![
            (0_u8..20, 0_u64..40, whose)
                .prop_map(|(call, amount, whose)| Act::Begin(call, amount, whose)),
            (0_u8..20, 0_u64..40).prop_map(|(call, cost)| Act::End(call, cost)),
            (0_i64..30).prop_map(Act::Wait),
        ]
    }

    proptest! {
        /// As long as nothing costs more than was held for it, and nobody is taken for dead who is not.
        #[test]
        fn no_life_spends_more_than_its_limits(acts in proptest::collection::vec(act(), 0..100)) {
            let (mut account, mut now) = (Account::default(), NOW);
            for act in acts {
                match act {
                    Act::Begin(call, amount, whose) => {
                        let hold = Hold { amount: Micros(amount), whose, expires_at: now + SignedDuration::from_secs(60) };
                        if let Ok(after) = account.reserve(&call.to_string(), hold, &LIMITS, now) {
                            account = after;
                        }
                    }
                    Act::End(call, cost) => {
                        let call = call.to_string();
                        let alive = account.holds.get(&call).filter(|it| it.expires_at > now).cloned();
                        if let Some(hold) = alive {
                            account = account.settle(&call, hold.whose, Micros(cost.min(hold.amount.0)));
                        }
                    }
                    Act::Wait(seconds) => now += SignedDuration::from_secs(seconds),
                }
                prop_assert!(account.spent <= Micros(100), "{account:?}");
                prop_assert!(account.spent_ours <= Micros(50), "{account:?}");
                prop_assert!(account.spent_ours <= account.spent, "{account:?}");
                prop_assert!(account.holds.len() <= MAX_IN_FLIGHT);
            }
        }
    }
}
