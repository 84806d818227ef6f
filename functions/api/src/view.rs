//! What goes in and out, as clients see it.

mod backup;
mod billing;
mod health;
mod import;
mod model;
mod sleep;
mod tenancy;
mod usage;

pub(crate) use backup::{BackupView, DeletionBody, RestoreBody};
pub(crate) use billing::{
    PaymentView, Pdf, PlanChangeBody, PlanChangeView, PortalView, PriceView, QuoteBody, QuoteView,
    RefundedName, StandingName, SubscriptionView, WhyName,
};
pub(crate) use health::{HealthName, HealthView, ResourceName, TroubleName};
pub(crate) use import::{ImportState, ImportTicketView, ImportView, LeftOutView, NewImportBody};
pub(crate) use model::{
    AllProjects, AppliedView, ApplyBody, BotTokenBody, KeyView, ModelBody, ModelUseView, ModelView,
    NewKeyBody, OfferView, ProviderName, SecretBody, ShelfView, TelegramView, WhichProjects,
};

pub(crate) use usage::{DayUsageView, SpendCapBody, UsageView};

use crate::world::Settings;
use domain::{
    id::SessionId,
    plan::PlanId,
    project::{self, Project},
};
use ports::sessions::Session;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use sleep::KeepAwakeBody;
pub(crate) use tenancy::{
    Accepted, AccessTokenBody, AccessTokenView, InvitationBody, InvitationView, MemberView,
    NewAccessTokenView, RoleBody, RoleName, ScopeName, SwitchBody, TenantBody, TenantView,
};

/// An address and a password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct CredentialsBody {
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// 10 to 1024 bytes.
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    password: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct TokenBody {
    /// From the link in the letter, after `#token=`.
    token: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct EmailBody {
    #[schema(format = "email", max_length = 254)]
    email: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct ResetBody {
    /// From the link in the letter, after `#token=`.
    token: String,
    /// 10 to 1024 bytes.
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    password: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct ChangePasswordBody {
    #[schema(format = "password", max_length = 1024)]
    current_password: String,
    /// 10 to 1024 bytes.
    #[schema(format = "password", min_length = 10, max_length = 1024)]
    password: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct PasswordBody {
    #[schema(format = "password", max_length = 1024)]
    password: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct NewProjectBody {
    /// Lower-case letters, digits and single hyphens; the readable half of the host name.
    #[schema(min_length = 1, max_length = 30, pattern = "^[a-z]([a-z0-9]|-(?=[a-z0-9]))*$")]
    name: String,
    plan: PlanName,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct IntentBody {
    plan: PlanName,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Confirmed {
    pub(crate) confirmed: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// For the header `Authorization: Bearer …`.
    pub(crate) access_token: String,
    /// How long the access token is good for; the session lasts longer, see `session/refresh`.
    pub(crate) expires_in_s: u64,
    pub(crate) user_id: String,
    pub(crate) tenant_id: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ResetDone {
    pub(crate) reset: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    #[schema(format = "date-time")]
    created_at: String,
    /// When it began or was last refreshed.
    #[schema(format = "date-time")]
    last_used_at: String,
    /// As the browser calls itself.
    user_agent: String,
    /// Where it signed in from; empty if that is not known.
    ip: String,
}

impl SessionView {
    pub(crate) fn of(session: Session, current: &SessionId) -> Self {
        Self {
            current: session.id == *current,
            id: session.id.into(),
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            user_agent: session.device.user_agent,
            ip: session.device.ip,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MeView {
    pub(crate) user_id: String,
    pub(crate) email: String,
    pub(crate) has_password: bool,
    /// Whether a Google account is linked.
    pub(crate) google: bool,
    /// Whether this is somebody who runs the platform.
    pub(crate) operator: bool,
    /// The tenant of this session.
    pub(crate) tenant_id: String,
    pub(crate) tenants: Vec<TenantView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanName {
    Standard,
    Pro,
    Dedicated,
}

impl From<PlanId> for PlanName {
    fn from(plan: PlanId) -> Self {
        match plan {
            PlanId::Standard => Self::Standard,
            PlanId::Pro => Self::Pro,
            PlanId::Dedicated => Self::Dedicated,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlanView {
    pub(crate) id: PlanName,
    pub(crate) name: &'static str,
    /// A month, in the currency's smallest unit.
    pub(crate) price_minor: u64,
    /// ISO 4217.
    pub(crate) currency: String,
    pub(crate) memory_mib: u32,
    pub(crate) cpu_millis: u32,
    pub(crate) storage_mib: u32,
    /// After so many minutes in which nobody uses an agent, it falls asleep. `null`: it never does.
    pub(crate) sleeps_after_minutes: Option<u32>,
}

/// What the page showed to whoever is about to pay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct CheckoutBody {
    /// A month, in the currency's smallest unit.
    price_minor: u32,
    /// ISO 4217.
    currency: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectView {
    id: String,
    name: String,
    plan: PlanName,
    state: ProjectState,
    /// Where the instance answers, or a page that says why it does not yet.
    url: String,
    /// Why the last attempt failed. Only in the state `error`.
    reason: Option<String>,
    #[schema(format = "date-time")]
    created_at: String,
    /// How far the last attempt came. Empty in lists.
    steps: Vec<StepView>,
    /// How its instance is doing, while it runs. `null` in lists.
    health: Option<HealthView>,
    /// After so many minutes in which nobody uses it, it falls asleep. `null`: its plan never does.
    sleeps_after_minutes: Option<u32>,
    /// Its owner wants it awake also while nobody uses it.
    keep_awake: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProjectState {
    PendingPayment,
    Pending,
    Provisioning,
    Running,
    Halting,
    /// By its owner, who may start it.
    Stopped,
    /// Because nobody uses it. Whoever comes to it wakes it.
    Asleep,
    Suspended,
    Error,
    Deleting,
    Deleted,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StepView {
    pub(crate) name: String,
    pub(crate) state: StepState,
    #[schema(format = "date-time")]
    pub(crate) started_at: String,
    /// `null` while it runs.
    pub(crate) duration_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepState {
    Running,
    Done,
    /// What it may have left behind was taken back.
    Failed,
    /// It was done, and taken back since a later step failed.
    Undone,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChatTicketView {
    /// Where a form posts it to.
    #[schema(format = "uri")]
    pub(crate) action: String,
    /// The form's field `ticket`. Works once, within a minute.
    pub(crate) ticket: String,
}

/// How much of what an instance has printed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct LogsBody {
    /// How many of the last lines.
    #[schema(minimum = 1, maximum = 5000, default = 500)]
    tail: Option<u32>,
    /// None that is older.
    #[schema(format = "date-time")]
    since: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LogsTicketView {
    /// Of this reading.
    pub(crate) id: String,
}

/// Lines.
#[derive(ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "describes an answer that is no JSON")]
pub(crate) struct LogsText(String);

#[derive(Serialize, ToSchema)]
pub(crate) struct GoogleUrlView {
    /// Google, which sends the browser back to us.
    pub(crate) url: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutView {
    /// Send the customer there to pay.
    pub(crate) checkout_url: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GatewayTokenView {
    /// Full power over the instance. It is never part of a URL.
    pub(crate) gateway_token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    pub(crate) ok: bool,
}

impl ProjectView {
    pub(crate) fn of(project: Project, steps: Vec<StepView>, settings: &Settings) -> Self {
        Self {
            url: format!("https://{}{}", project.host, settings.instance_url_port),
            sleeps_after_minutes: project.plan.plan().sleeps_after_min,
            keep_awake: project.keep_awake,
            id: project.id.into(),
            name: project.name.into(),
            plan: project.plan.into(),
            state: match project.state {
                project::State::PendingPayment => ProjectState::PendingPayment,
                project::State::Pending => ProjectState::Pending,
                project::State::Provisioning => ProjectState::Provisioning,
                project::State::Running => ProjectState::Running,
                project::State::Halting => ProjectState::Halting,
                project::State::Stopped => ProjectState::Stopped,
                project::State::Asleep => ProjectState::Asleep,
                project::State::Suspended => ProjectState::Suspended,
                project::State::Error => ProjectState::Error,
                project::State::Deleting => ProjectState::Deleting,
                project::State::Deleted => ProjectState::Deleted,
            },
            reason: project.reason,
            created_at: project.created_at.to_string(),
            steps,
            health: None,
        }
    }

    pub(crate) fn with_health(self, health: Option<HealthView>) -> Self {
        Self { health, ..self }
    }
}
