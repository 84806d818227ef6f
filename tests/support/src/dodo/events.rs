//! The 48 types of webhooks, and what those say that no record here stands behind.

use super::catalog::{BUSINESS_ID, CURRENCY};
use jiff::Timestamp;
use serde_json::{Value, json};

/// As Dodo's own libraries list them.
pub const TYPES: [&str; 48] = [
    "payment.succeeded",
    "payment.failed",
    "payment.processing",
    "payment.cancelled",
    "refund.succeeded",
    "refund.failed",
    "dispute.opened",
    "dispute.expired",
    "dispute.accepted",
    "dispute.cancelled",
    "dispute.challenged",
    "dispute.won",
    "dispute.lost",
    "subscription.active",
    "subscription.renewed",
    "subscription.updated",
    "subscription.past_due",
    "subscription.on_hold",
    "subscription.paused",
    "subscription.unpaused",
    "subscription.plan_changed",
    "subscription.update_payment_method",
    "subscription.cancelled",
    "subscription.failed",
    "subscription.expired",
    "license_key.created",
    "payout.created",
    "payout.on_hold",
    "payout.in_progress",
    "payout.failed",
    "payout.success",
    "credit.added",
    "credit.deducted",
    "credit.expired",
    "credit.rolled_over",
    "credit.rollover_forfeited",
    "credit.overage_charged",
    "credit.overage_reset",
    "credit.manual_adjustment",
    "credit.balance_low",
    "abandoned_checkout.detected",
    "abandoned_checkout.recovered",
    "dunning.started",
    "dunning.recovered",
    "entitlement_grant.created",
    "entitlement_grant.delivered",
    "entitlement_grant.failed",
    "entitlement_grant.revoked",
];

/// What comes before the dot: what an event is about.
pub(super) fn group(event: &str) -> &str {
    event.split_once('.').map_or(event, |(group, _)| group)
}

fn word(event: &str) -> &str {
    event.split_once('.').map_or("", |(_, word)| word)
}

/// `payload_type` of the data of `event`.
pub(super) fn payload_type(event: &str) -> &'static str {
    match group(event) {
        "payment" => "Payment",
        "refund" => "Refund",
        "dispute" => "Dispute",
        "license_key" => "LicenseKey",
        "payout" => "Payout",
        "credit" if word(event) == "balance_low" => "CreditBalanceLow",
        "credit" => "CreditLedgerEntry",
        "abandoned_checkout" => "AbandonedCheckout",
        "dunning" => "DunningAttempt",
        "entitlement_grant" => "EntitlementGrant",
        _ => "Subscription",
    }
}

/// The data of an event that only an operator can cause here.
pub(super) fn sample(event: &str, at: Timestamp) -> Value {
    match payload_type(event) {
        "LicenseKey" => license_key(at),
        "Payout" => payout(word(event), at),
        "CreditLedgerEntry" => ledger_entry(word(event), at),
        "CreditBalanceLow" => json!({
            "available_balance": "1", "brand_id": BUSINESS_ID,
            "credit_entitlement_id": "cde_standin", "credit_entitlement_name": "Tokens",
            "customer_id": "cus_standin", "subscription_credits_amount": "100",
            "subscription_id": "sub_standin", "threshold_amount": "10", "threshold_percent": 10,
        }),
        "AbandonedCheckout" => json!({
            "abandoned_at": at, "abandonment_reason": "checkout_incomplete",
            "brand_id": BUSINESS_ID, "customer_id": "cus_standin", "payment_id": "pay_standin",
            "status": if word(event) == "recovered" { "recovered" } else { "abandoned" },
            "recovered_payment_id": null,
        }),
        "EntitlementGrant" => grant(word(event), at),
        _ => Value::Null,
    }
}

fn license_key(at: Timestamp) -> Value {
    json!({
        "id": "lic_standin", "brand_id": BUSINESS_ID, "business_id": BUSINESS_ID,
        "created_at": at, "customer_id": "cus_standin", "instances_count": 0,
        "key": "STAND-IN", "product_id": "pdt_standin", "source": "auto", "status": "active",
        "activations_limit": null, "expires_at": null, "payment_id": null,
        "subscription_id": null,
    })
}

fn payout(word: &str, at: Timestamp) -> Value {
    let status = if word == "created" { "not_initiated" } else { word };
    json!({
        "amount": 100_000, "business_id": BUSINESS_ID, "chargebacks": 0, "created_at": at,
        "currency": CURRENCY, "fee": 500, "payment_method": "bank_transfer",
        "payout_id": "pyt_standin", "refunds": 0, "status": status, "tax": 0, "updated_at": at,
        "name": null, "payout_document_url": null, "remarks": null,
    })
}

fn ledger_entry(word: &str, at: Timestamp) -> Value {
    let transaction = match word {
        "added" | "deducted" | "expired" | "rolled_over" => format!("credit_{word}"),
        other => other.to_owned(),
    };
    json!({
        "id": "cle_standin", "amount": "10", "balance_after": "110", "balance_before": "100",
        "brand_id": BUSINESS_ID, "business_id": BUSINESS_ID, "created_at": at,
        "credit_entitlement_id": "cde_standin", "customer_id": "cus_standin",
        "is_credit": word == "added", "metadata": {}, "overage_after": "0",
        "overage_before": "0", "transaction_type": transaction, "description": null,
        "grant_id": null, "reference_id": null, "reference_type": null,
    })
}

fn grant(word: &str, at: Timestamp) -> Value {
    let status = match word {
        "delivered" => "Delivered",
        "failed" => "Failed",
        "revoked" => "Revoked",
        _ => "Pending",
    };
    json!({
        "id": "egr_standin", "brand_id": BUSINESS_ID, "business_id": BUSINESS_ID,
        "created_at": at, "updated_at": at, "customer_id": "cus_standin",
        "entitlement_id": "ent_standin", "integration_type": "license_key", "metadata": {},
        "status": status, "delivered_at": null, "digital_product_delivery": null,
        "error_code": null, "error_message": null, "feature": null, "license_key": null,
        "oauth_expires_at": null, "oauth_url": null, "payment_id": null,
        "revocation_reason": null, "revoked_at": null, "subscription_id": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_type_is_named_twice() {
        assert_eq!(TYPES.iter().collect::<BTreeSet<_>>().len(), TYPES.len());
    }

    #[test]
    fn what_has_no_record_here_has_a_sample() {
        let recorded = ["payment", "refund", "dispute", "subscription", "dunning"];
        for event in TYPES.iter().filter(|it| !recorded.contains(&group(it))) {
            assert!(sample(event, Timestamp::UNIX_EPOCH).is_object(), "{event}");
        }
    }
}
