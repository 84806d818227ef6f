//! What a delivery asks of us. Pure.

use contracts::webhook::Webhook;
use domain::id::{ProjectId, TenantId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The subscription pays for this project from now on.
    Grant { project_id: ProjectId, tenant_id: TenantId, subscription_id: String },
    /// Nothing to do, and why.
    Nothing(&'static str),
}

/// Decides by the state that the delivery shows, never by its type: a late delivery is rendered
/// with the state of today.
pub(crate) fn effect(webhook: &Webhook) -> Effect {
    let data = &webhook.data;
    if data.payload_type != "Subscription" {
        return Effect::Nothing("not about a subscription");
    }
    if data.status.as_deref() != Some("active") {
        return Effect::Nothing("the subscription is not active");
    }
    let Some(subscription_id) = data.subscription_id.clone() else {
        return Effect::Nothing("the subscription has no id");
    };
    let project_id = data.metadata("project_id").and_then(|it| it.parse().ok());
    let tenant_id = data.metadata("tenant_id").and_then(|it| it.parse().ok());
    match (project_id, tenant_id) {
        (Some(project_id), Some(tenant_id)) => {
            Effect::Grant { project_id, tenant_id, subscription_id }
        }
        _ => Effect::Nothing("the subscription names no project of ours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subscription(change: impl FnOnce(&mut serde_json::Value)) -> Webhook {
        let mut body = json!({
            "type": "subscription.active",
            "data": {
                "payload_type": "Subscription",
                "status": "active",
                "subscription_id": "sub_1",
                "metadata": { "project_id": "prj_a", "tenant_id": "ten_a", "count": 3 },
            },
        });
        change(&mut body);
        serde_json::from_value(body).expect("a body like this is always read")
    }

    #[test]
    fn an_active_subscription_grants_its_project() {
        let Effect::Grant { project_id, subscription_id, .. } = effect(&subscription(|_| ()))
        else {
            panic!("nothing was granted");
        };
        assert_eq!((project_id.as_str(), subscription_id.as_str()), ("prj_a", "sub_1"));
    }

    #[test]
    fn the_state_decides_and_not_the_type() {
        let late = subscription(|it| it["type"] = "subscription.on_hold".into());
        assert!(matches!(effect(&late), Effect::Grant { .. }));
        let early = subscription(|it| it["data"]["status"] = "pending".into());
        assert!(matches!(effect(&early), Effect::Nothing(_)));
    }

    #[test]
    fn everything_else_changes_nothing() {
        let cases: [(&str, Webhook); 5] = [
            ("a payment", subscription(|it| it["data"]["payload_type"] = "Payment".into())),
            ("a status of tomorrow", subscription(|it| it["data"]["status"] = "dormant".into())),
            ("no data", serde_json::from_value(json!({ "type": "x.y" })).expect("lenient")),
            ("no metadata", subscription(|it| it["data"]["metadata"] = json!({}))),
            ("not an id", subscription(|it| it["data"]["metadata"]["project_id"] = 7.into())),
        ];
        for (case, webhook) in cases {
            assert!(matches!(effect(&webhook), Effect::Nothing(_)), "{case}");
        }
    }
}
