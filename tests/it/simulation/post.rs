//! The payment provider's webhooks and the queue behind their intake: each comes at least once, in
//! any order.

use super::sim::Sim;
use crate::world::{CUSTOMER, doors::Webhook};
use contracts::billing::Message;
use domain::{id::ProjectId, project::Project, subscription::Seen};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use testkit::make;

/// When the provider, or the queue, tries again what failed.
const AGAIN: usize = 60;
/// By how much deliveries overtake each other.
const SCATTER: usize = 120;

#[derive(Debug, Default)]
pub(super) struct Post {
    webhooks: Vec<(Duration, Posted)>,
    messages: Vec<(Duration, Message)>,
    /// How many of the messages that the intake has sent are under way or worked off.
    taken: usize,
    /// Whose payment the provider has told us of, and we have said that we heard.
    pub(super) acknowledged: BTreeSet<ProjectId>,
}

#[derive(Clone, Debug)]
struct Posted {
    webhook: Webhook,
    /// Whose payment it tells of.
    pays_for: ProjectId,
}

impl Post {
    pub(super) fn next_due(&self) -> Option<Duration> {
        let webhooks = self.webhooks.iter().map(|(due, _)| *due);
        webhooks.chain(self.messages.iter().map(|(due, _)| *due)).min()
    }
}

impl Sim {
    /// `project` is paid for: what the provider says about it, twice where it is not sure that we heard.
    pub(super) fn post_payment(&mut self, project: &Project) {
        let subscription = format!("sub_{}", project.id);
        self.world.payments.put_subscription(Seen {
            id: subscription.clone(),
            plan: Some(project.plan),
            customer: CUSTOMER.to_owned(),
            project: Some(project.id.clone()),
            tenant: Some(project.tenant_id.clone()),
            ..make::subscription()
        });
        // Each shows the state of its delivery, whatever it is called.
        for (number, kind) in ["updated", "active", "renewed"].into_iter().enumerate() {
            let body = json!({
                "type": format!("subscription.{kind}"),
                "data": {
                    "payload_type": "Subscription",
                    "status": "active",
                    "subscription_id": subscription,
                    "product_id": self.world.settings.products.product(project.plan),
                    "customer": { "customer_id": CUSTOMER },
                    "metadata": { "project_id": project.id, "tenant_id": project.tenant_id },
                },
            });
            let id = format!("msg_{}_{number}", project.id);
            let webhook = Webhook { id, body: body.to_string() };
            for copy in 0..=self.chaos.below(2) {
                if copy > 0 {
                    self.tally.count("webhook delivered twice");
                }
                let due = self.now.active + self.chaos.seconds_below(SCATTER);
                let posted = Posted { webhook: webhook.clone(), pays_for: project.id.clone() };
                self.post.webhooks.push((due, posted));
            }
        }
    }

    pub(super) async fn run_post(&mut self) {
        let now = self.now.active;
        let due: Vec<_> = self.post.webhooks.extract_if(.., |(due, _)| *due <= now).collect();
        for (_, posted) in due {
            self.deliver(posted).await;
        }
        let sent = self.world.billing.sent();
        for message in sent.into_iter().skip(self.post.taken) {
            self.post.taken += 1;
            self.post.messages.push((now + self.chaos.seconds_below(AGAIN), message));
        }
        let due: Vec<_> = self.post.messages.extract_if(.., |(due, _)| *due <= now).collect();
        for (_, message) in due {
            let payload = serde_json::to_value(&message).expect("a message is JSON");
            if let Err(raised) = self.call("billing", &payload).await {
                self.note(format!("billing: {}", raised.cause));
                self.post.messages.push((now + self.chaos.seconds_below(AGAIN), message));
            }
        }
    }

    async fn deliver(&mut self, posted: Posted) {
        let payload = serde_json::to_value(&posted.webhook).expect("a webhook is JSON");
        match self.call("webhook-intake", &payload).await {
            Ok(_) => {
                self.post.acknowledged.insert(posted.pays_for);
            }
            Err(raised) => {
                self.note(format!("{}: {}", posted.webhook.id, raised.cause));
                let due = self.now.active + self.chaos.seconds_below(AGAIN);
                self.post.webhooks.push((due, posted));
            }
        }
    }
}
