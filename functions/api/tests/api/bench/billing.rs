//! What is paid for, here and in the payment provider's books.

use super::{Bench, Customer};
use contracts::billing::Message;
use domain::subscription::{Record, Seen};
use ports::{
    accounts::Accounts,
    clock::Clock,
    payments::{Payment, Payments, Refunded},
};

impl Bench {
    /// The id of a new project that runs, paid for by `sub_1`, which the payment provider and we know.
    pub(crate) async fn subscribed_project(&self, customer: &Customer) -> String {
        let id = self.running_project(customer).await;
        let tenant = customer.tenant.parse().expect("an id");
        self.api.accounts.record_customer(&tenant, "cus_1").await.expect("is up");
        let paid = Seen {
            project: Some(id.parse().expect("an id")),
            tenant: Some(tenant),
            ..testkit::make::subscription()
        };
        self.becomes(&paid);
        id
    }

    /// The id of a payment of `customer`, who is known to the payment provider from now on.
    pub(crate) async fn payment(&self, customer: &Customer) -> String {
        let tenant = customer.tenant.parse().expect("an id");
        let name = format!("cus_of_{}", customer.tenant);
        let name = self.api.accounts.record_customer(&tenant, &name).await.expect("is up");
        let id = format!("pay_of_{name}");
        self.api.payments.put_payment(Payment {
            id: id.clone(),
            subscription: Some("sub_1".to_owned()),
            customer: name,
            status: "succeeded".to_owned(),
            total_minor: 4_900,
            currency: "USD".to_owned(),
            created_at: self.api.clock.now(),
            refunded: Refunded::No,
        });
        id
    }

    /// The provider's books say `seen` from now on, and so do ours.
    pub(crate) fn becomes(&self, seen: &Seen) {
        self.api.payments.put_subscription(seen.clone());
        let record = Record::of(seen, self.api.clock.now());
        let (project, tenant) = (seen.project.clone(), seen.tenant.clone());
        self.api.subscriptions.put(Record { project, tenant, ..record });
    }

    /// What the provider's books say of what pays for [`Bench::subscribed_project`].
    pub(crate) async fn booked(&self) -> Seen {
        let booked = self.api.payments.find_subscription("sub_1").await;
        booked.expect("is up").expect("it is there")
    }

    /// Of which subscriptions billing was asked to look.
    pub(crate) fn looks(&self) -> Vec<String> {
        let subscription = |it| match it {
            Message::Look { subscription_id, .. } => subscription_id,
            other => panic!("the API only asks for looks: {other:?}"),
        };
        self.api.looks.sent().into_iter().map(subscription).collect()
    }
}
