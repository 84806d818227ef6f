//! What comes of a refresh secret that somebody shows. Pure.
//!
//! Each secret is good once: with it goes the session's next. A thief and the owner cannot both use
//! the same one, so whoever comes second shows that there are two of them, and the session ends.
//! Honest repeats exist: two tabs ask at once, or an answer gets lost. For those the secret before
//! the present one counts for a moment more, and as a secret's successor is always the same, both
//! are told the same one. Whichever answer a browser keeps, it is the right one.

use jiff::Timestamp;
use ports::{accounts::TokenHash, sessions::Session};
use std::time::Duration;

/// How long a secret counts after its successor came. Longer than a request with its repeats.
pub(crate) const GRACE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The present secret: on to the next.
    Rotate,
    /// The one before, shown again by whoever got no answer or was second: the present one.
    Repeat,
    /// One that was given up long ago, or that was never ours: somebody has a copy.
    Reuse,
}

/// What to do about `shown` at `now`, in a session that lives.
pub(crate) fn judge(session: &Session, shown: &TokenHash, now: Timestamp) -> Verdict {
    let refresh = &session.refresh;
    let is_before = refresh.previous.as_ref() == Some(shown);
    if refresh.current == *shown {
        Verdict::Rotate
    } else if is_before && now < refresh.rotated_at + GRACE {
        Verdict::Repeat
    } else {
        Verdict::Reuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{SessionId, TenantId, UserId};
    use ports::sessions::{Device, Refresh};

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

    fn hash(name: &str) -> TokenHash {
        TokenHash(name.to_owned())
    }

    fn session(previous: Option<&str>) -> Session {
        Session {
            id: SessionId::new("1").unwrap(),
            user: UserId::new("1").unwrap(),
            tenant: TenantId::new("1").unwrap(),
            generation: 0,
            refresh: Refresh {
                current: hash("present"),
                previous: previous.map(hash),
                rotated_at: NOW,
            },
            device: Device { user_agent: String::new(), ip: String::new() },
            created_at: NOW,
            last_used_at: NOW,
            expires_at: NOW + Duration::from_hours(1),
        }
    }

    #[test]
    fn a_secret_is_good_once_and_a_moment_longer() {
        let rotated = session(Some("before"));
        let cases = [
            ("the present one", "present", 0, Verdict::Rotate),
            ("the present one, later", "present", 3_000, Verdict::Rotate),
            ("the one before, at once", "before", 0, Verdict::Repeat),
            ("by a clock that is behind", "before", -2, Verdict::Repeat),
            ("the one before, in time", "before", 19, Verdict::Repeat),
            ("the one before, too late", "before", 20, Verdict::Reuse),
            ("an older one", "older", 0, Verdict::Reuse),
            ("none of ours", "noise", 0, Verdict::Reuse),
        ];
        for (case, shown, after_s, verdict) in cases {
            let now = Timestamp::from_second(NOW.as_second() + after_s).unwrap();
            assert_eq!(judge(&rotated, &hash(shown), now), verdict, "{case}");
        }
        let fresh = session(None);
        assert_eq!(judge(&fresh, &hash("present"), NOW), Verdict::Rotate);
        assert_eq!(judge(&fresh, &hash("before"), NOW), Verdict::Reuse);
    }
}
