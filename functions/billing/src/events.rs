//! Every type of event that Dodo Payments sends, and what is done with it.
//!
//! The table documents and is tested; nothing is decided by it. What a delivery leads to is decided by
//! what it shows ([`crate::effect()`]), since a late one shows the state of today under the name of
//! yesterday's event.

/// What is done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It shows a subscription: a look at it.
    Look,
    /// Which subscription the payment was for is remembered; one that arrived without its subscription
    /// being known makes us look a little later.
    Link,
    /// The payment is asked for. Given back in full, its subscription has ended.
    Refund,
    /// Its subscription is suspended while the dispute is open, goes on if it is won, and has ended if it
    /// is lost.
    Dispute,
    /// Kept, and nothing else: we sell nothing that it is about, or another event brings the same news.
    Kept,
}

impl Done {
    /// As the table in `ARCHITECTURE.md` says it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Look => "a look at the subscription",
            Self::Link => "remembered which subscription it paid for",
            Self::Refund => "asked for; in full: ended",
            Self::Dispute => "open: suspended; won: goes on; lost: ended",
            Self::Kept => "kept",
        }
    }
}

/// A group of types (`payment`), what is done with each of it, and their names (`succeeded`).
pub type Group = (&'static str, Done, &'static [&'static str]);

/// All 48.
pub const EVENTS: [Group; 10] = [
    ("payment", Done::Link, &["succeeded", "failed", "processing", "cancelled"]),
    ("refund", Done::Refund, &["succeeded", "failed"]),
    (
        "dispute",
        Done::Dispute,
        &["opened", "challenged", "accepted", "cancelled", "expired", "won", "lost"],
    ),
    (
        "subscription",
        Done::Look,
        &[
            "active",
            "renewed",
            "updated",
            "past_due",
            "on_hold",
            "paused",
            "unpaused",
            "plan_changed",
            "update_payment_method",
            "cancelled",
            "failed",
            "expired",
        ],
    ),
    ("license_key", Done::Kept, &["created"]),
    ("payout", Done::Kept, &["created", "on_hold", "in_progress", "failed", "success"]),
    (
        "credit",
        Done::Kept,
        &[
            "added",
            "deducted",
            "expired",
            "rolled_over",
            "rollover_forfeited",
            "overage_charged",
            "overage_reset",
            "manual_adjustment",
            "balance_low",
        ],
    ),
    ("abandoned_checkout", Done::Kept, &["detected", "recovered"]),
    ("dunning", Done::Kept, &["started", "recovered"]),
    ("entitlement_grant", Done::Kept, &["created", "delivered", "failed", "revoked"]),
];

/// Whether `kind` is one of [`EVENTS`].
pub fn is_known(kind: &str) -> bool {
    let Some((group, name)) = kind.split_once('.') else { return false };
    EVENTS.iter().any(|(it, _, names)| *it == group && names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_eight() {
        assert_eq!(EVENTS.iter().map(|(_, _, names)| names.len()).sum::<usize>(), 48);
        assert!(is_known("subscription.on_hold"));
        for unknown in ["subscription.dormant", "ping", "", "payment."] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn the_architecture_says_the_same() {
        let text = include_str!("../../../ARCHITECTURE.md");
        for (group, done, names) in EVENTS {
            let names: Vec<_> = names.iter().map(|it| format!("`{it}`")).collect();
            let row = format!("| `{group}` | {} | {} |", names.join(" "), done.words());
            assert!(text.contains(&row), "ARCHITECTURE.md lacks\n{row}");
        }
    }
}
