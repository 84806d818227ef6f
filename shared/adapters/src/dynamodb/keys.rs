//! Every key of every table: the only place with `pk` and `sk` strings.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    email::EmailAddress,
    id::{
        AccessTokenId, InvitationId, KeyId, ProjectId, ReservationId, SessionId, TenantId, UserId,
        WorkerId,
    },
    plan::PlanId,
    route::HostName,
    telegram::BotId,
    tenant::Subdomain,
    usage::Month,
};
use ports::{accounts::TokenHash, identity_provider::Identity, usage::Used};
use std::collections::HashMap;

/// The name of the attribute by which DynamoDB expires an item: seconds since 1970.
pub const EXPIRES_AT: &str = "expires_at_s";

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The key of an item that was read.
    pub fn of(item: &HashMap<String, AttributeValue>) -> Option<Self> {
        let text = |name: &str| item.get(name)?.as_s().ok();
        Some(Self::new(text("pk")?, text("sk")?))
    }

    pub fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

// Table `fleet`.

/// A part of a pool in one partition, so that one strongly consistent query reads it.
pub fn pool_partition(pool: &str, part: u32) -> String {
    format!("POOL#{pool}#{part}")
}

/// A worker is always in the same of `parts` parts, wherever one asks from.
pub fn worker(pool: &str, parts: u32, id: &WorkerId) -> Key {
    // FNV-1a: the standard library's hashes are not promised to stay the same.
    let hash = id
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    Key::new(pool_partition(pool, hash % parts.max(1)), id.as_str())
}

/// The reservations of a plan that is sold a limited number of times.
pub fn counted(pool: &str, plan: PlanId) -> Key {
    Key::new(format!("COUNT#{pool}"), format!("{plan:?}"))
}

/// Workers may write here and nowhere else, each under its own name; see `worker-rights.ts`.
pub fn heartbeat(machine: &str) -> Key {
    Key::new(format!("HEARTBEAT#{machine}"), "HEARTBEAT")
}

pub fn placement(project: &ProjectId, reservation: &ReservationId) -> Key {
    Key::new(placements_partition(project), reservation.as_str())
}

pub fn placements_partition(project: &ProjectId) -> String {
    format!("PLACEMENT#{project}")
}

/// All intents in one partition. The API may write here and nowhere else in this table.
pub const INTENTS: &str = "INTENTS";

pub fn intent(user: &UserId) -> Key {
    Key::new(INTENTS, user.as_str())
}

/// The tombstone of a reservation that was given up.
pub fn given_up(id: &ReservationId) -> Key {
    Key::new(id.as_str(), "GIVEN_UP")
}

// Table `projects`.

/// The sort key of every project, and of nothing else.
pub const PROJECT: &str = "PROJECT";

pub fn project(id: &ProjectId) -> Key {
    Key::new(id.as_str(), PROJECT)
}

pub fn project_secrets(id: &ProjectId) -> Key {
    Key::new(id.as_str(), "SECRETS")
}

pub fn checkout(id: &ProjectId) -> Key {
    Key::new(id.as_str(), "CHECKOUT")
}

/// The entry in a tenant's list of projects.
pub fn project_of_tenant(tenant: &TenantId, id: &ProjectId) -> Key {
    Key::new(tenant.as_str(), id.as_str())
}

/// What its owner has set for a project.
pub fn configuration(id: &ProjectId) -> Key {
    Key::new(id.as_str(), "CONFIGURATION")
}

/// All that is remembered of sleeps in one partition, which whoever watches reads as a whole.
pub const RESTS: &str = "RESTS";

pub fn rest(project: &ProjectId) -> Key {
    Key::new(RESTS, project.as_str())
}

/// All cases of instances that are ill in one partition, which whoever watches reads as a whole.
pub const CASES: &str = "CASES";

pub fn case(project: &ProjectId) -> Key {
    Key::new(CASES, project.as_str())
}

/// A customer's own key to a provider of models. Found within its tenant, and nowhere else.
pub fn provider_key(tenant: &TenantId, id: &KeyId) -> Key {
    Key::new(provider_keys_partition(tenant), id.as_str())
}

pub fn provider_keys_partition(tenant: &TenantId) -> String {
    format!("KEYS#{tenant}")
}

/// A Telegram bot with the project that it speaks for. Its being there is what makes it unique.
pub fn bot(id: &BotId) -> Key {
    Key::new(format!("TELEGRAM_BOT#{}", id.as_str()), "BOT")
}

// Table `ledger`.

pub fn delivery(id: &str) -> Key {
    Key::new(format!("DELIVERY#{id}"), "DELIVERY")
}

pub fn subscription(id: &str) -> Key {
    Key::new(format!("SUBSCRIPTION#{id}"), "SUBSCRIPTION")
}

/// An entry in the list of what ever paid for a project.
pub fn subscription_of_project(project: &ProjectId, id: &str) -> Key {
    Key::new(subscriptions_partition(project), id)
}

pub fn subscriptions_partition(project: &ProjectId) -> String {
    format!("SUBSCRIPTIONS#{project}")
}

/// All suggested credits in one partition: there are few, and a person reads them.
pub const CREDITS: &str = "CREDITS";

pub fn credit(project: &ProjectId, attempt: u32) -> Key {
    Key::new(CREDITS, format!("{project}#{attempt}"))
}

/// All commands of operators in one partition. The operator's function may write here and nowhere else in
/// this table.
pub const AUDIT: &str = "AUDIT";

/// Padded, so that the order of keys is the order of time.
pub fn audit_entry(project: &ProjectId, number: u64) -> Key {
    Key::new(AUDIT, format!("{number:020}#{project}"))
}

/// All prices in one partition, one for each plan. The API may write here and nowhere else in this
/// table.
pub const PRICES: &str = "PRICES";

pub fn price(plan: PlanId) -> Key {
    Key::new(PRICES, format!("{plan:?}"))
}

/// A month of a project. Whoever meters calls may write to partitions that begin with `USAGE_`, and nowhere
/// else in this table.
pub fn usage_account(project: &ProjectId, month: Month) -> Key {
    Key::new(format!("USAGE_ACCOUNT#{project}"), month.to_string())
}

/// A call that was counted. Its being there is what makes it counted once.
pub fn usage_call(project: &ProjectId, call: &str) -> Key {
    Key::new(format!("USAGE_CALL#{project}#{call}"), "CALL")
}

/// A month of a project in one partition, by day, provider and model.
pub fn day_usage_partition(project: &ProjectId, month: Month) -> String {
    format!("USAGE_DAYS#{project}#{month}")
}

pub fn day_usage(used: &Used) -> Key {
    let partition = day_usage_partition(&used.project, used.month);
    let (day, provider, model) = (used.day, used.provider, used.model.as_str());
    Key::new(partition, format!("{day}#{provider}#{model}"))
}

/// What an owner lets a project spend. The API writes it, and who meters calls reads it.
pub fn spend_cap(project: &ProjectId) -> Key {
    Key::new(format!("SPEND_CAP#{project}"), "CAP")
}

/// Which subscription a payment was for.
pub fn payment(id: &str) -> Key {
    Key::new(format!("PAYMENT#{id}"), "PAYMENT")
}

/// All routes in one partition: the publisher reads them as a whole when it has to start anew.
pub const ROUTES: &str = "ROUTES";

pub fn route(host: &HostName) -> Key {
    Key::new(ROUTES, host.as_str())
}

pub const ROUTE_LOG: &str = "ROUTE_LOG";

/// Padded, so that the order of keys is the order of numbers.
pub fn route_log_entry(sequence: u64) -> Key {
    Key::new(ROUTE_LOG, format!("{sequence:020}"))
}

/// The last number that the route log gave out.
pub fn route_position() -> Key {
    Key::new("ROUTE_POSITION", "ROUTE_POSITION")
}

pub fn route_lease() -> Key {
    Key::new("ROUTE_LEASE", "ROUTE_LEASE")
}

/// All edges in one partition. Edges may write to partitions that begin with `EDGE#`, and nowhere
/// else.
pub const EDGE_REPORTS: &str = "EDGE#REPORTS";

pub fn edge_report(edge: &str) -> Key {
    Key::new(EDGE_REPORTS, edge)
}

// Table `accounts`.

/// By the token's hash: whoever has the link finds the sign-up, and nobody else does.
pub fn sign_up(token: &TokenHash) -> Key {
    Key::new(format!("SIGN_UP#{}", token.0), "SIGN_UP")
}

/// By the token's hash, like a sign-up.
pub fn reset(token: &TokenHash) -> Key {
    Key::new(format!("RESET#{}", token.0), "RESET")
}

/// A confirmed address, and whose it is. Its being there is what makes it unique.
pub fn address(email: &EmailAddress) -> Key {
    Key::new(format!("ADDRESS#{email}"), "ADDRESS")
}

/// Whose an identity is. The issuer is one of ours to choose, so no subject can pretend to another.
pub fn identity(identity: &Identity) -> Key {
    Key::new(format!("IDENTITY#{}#{}", identity.issuer, identity.subject), "IDENTITY")
}

/// By the state's hash, like a sign-up.
pub fn pending_sign_in(state: &TokenHash) -> Key {
    Key::new(format!("PENDING_SIGN_IN#{}", state.0), "PENDING_SIGN_IN")
}

pub fn user(id: &UserId) -> Key {
    Key::new(id.as_str(), "USER")
}

pub fn tenant(id: &TenantId) -> Key {
    Key::new(id.as_str(), "TENANT")
}

/// The payment provider's name for a tenant.
pub fn customer(id: &TenantId) -> Key {
    Key::new(id.as_str(), "CUSTOMER")
}

/// The way back from there.
pub fn tenant_of_customer(customer: &str) -> Key {
    Key::new(format!("CUSTOMER#{customer}"), "TENANT")
}

pub fn membership(user: &UserId, tenant: &TenantId) -> Key {
    Key::new(memberships_partition(user), tenant.as_str())
}

pub fn memberships_partition(user: &UserId) -> String {
    format!("MEMBER#{user}")
}

/// The other row of a membership.
pub fn member(tenant: &TenantId, user: &UserId) -> Key {
    Key::new(members_partition(tenant), user.as_str())
}

pub fn members_partition(tenant: &TenantId) -> String {
    format!("MEMBERS#{tenant}")
}

/// Its being there is what makes a subdomain unique.
pub fn subdomain(label: &Subdomain) -> Key {
    Key::new(format!("SUBDOMAIN#{label}"), "SUBDOMAIN")
}

pub fn invitation(tenant: &TenantId, id: &InvitationId) -> Key {
    Key::new(invitations_partition(tenant), id.as_str())
}

pub fn invitations_partition(tenant: &TenantId) -> String {
    format!("INVITATIONS#{tenant}")
}

pub fn access_token(user: &UserId, id: &AccessTokenId) -> Key {
    Key::new(access_tokens_partition(user), id.as_str())
}

pub fn access_tokens_partition(user: &UserId) -> String {
    format!("ACCESS_TOKENS#{user}")
}

/// All sessions of a user in one partition, so that one query lists them.
pub fn session(user: &UserId, id: &SessionId) -> Key {
    Key::new(sessions_partition(user), id.as_str())
}

pub fn sessions_partition(user: &UserId) -> String {
    format!("SESSIONS#{user}")
}

pub fn tries(throttle: &str) -> Key {
    Key::new(format!("TRIES#{throttle}"), "TRIES")
}

/// By the hash of the ticket: whoever has it finds it.
pub fn chat_ticket(ticket: &TokenHash) -> Key {
    Key::new(format!("CHAT_TICKET#{}", ticket.0), "CHAT_TICKET")
}

pub fn chat_session(session: &TokenHash) -> Key {
    Key::new(format!("CHAT_SESSION#{}", session.0), "CHAT_SESSION")
}
