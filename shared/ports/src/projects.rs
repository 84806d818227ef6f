//! Projects and how far each has come.

use crate::{
    Unavailable,
    vault::{SecretKind, Vault},
};
use domain::{
    backup::{Backup, Choice},
    id::{ProjectId, TenantId},
    plan::PlanId,
    price::Price,
    project::{DeletionRefused, Event, IllegalTransition, PlanChange, Project, Purpose},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub trait Projects {
    /// Stores a new project with its secrets.
    ///
    /// Idempotent on `project.id` for the same tenant: a repeat changes nothing and succeeds.
    fn create(
        &self,
        project: &Project,
        secrets: &SealedSecrets,
    ) -> impl Future<Output = Result<(), CreateError>> + Send;

    /// Strongly consistent.
    fn find(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Option<Project>, Unavailable>> + Send;

    /// All projects of `tenant`, oldest first.
    fn list(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<Project>, Unavailable>> + Send;

    fn secrets(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Option<SealedSecrets>, Unavailable>> + Send;

    /// The last checkout session that was opened for this project, expired or not.
    fn checkout(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Option<Checkout>, Unavailable>> + Send;

    fn record_checkout(
        &self,
        id: &ProjectId,
        checkout: &Checkout,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Marks the project paid for by `subscription`. The first payment is attempt 1.
    ///
    /// Idempotent: a repeat, and a payment for a project that is already on its way, return the
    /// project as it is. Another subscription than the recorded one is refused.
    fn record_paid(
        &self,
        id: &ProjectId,
        subscription: &str,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// `new` pays for the project from now on, in place of `old`, which has ended. The causes of its
    /// changes of plan count from nothing.
    ///
    /// Idempotent: a repeat succeeds. Refused if somebody else than these two pays for it.
    fn replace_subscription(
        &self,
        id: &ProjectId,
        old: &str,
        new: &str,
    ) -> impl Future<Output = Result<(), ChangeError>> + Send;

    /// Moves the project by `event`, on behalf of provisioning number `attempt`.
    ///
    /// `reason` is kept with it, or cleared. Repeating an event is success.
    fn change(
        &self,
        id: &ProjectId,
        attempt: u32,
        event: Event,
        reason: Option<&str>,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Halt number `number` of the instance of `attempt` begins. Repeating is success; one that was
    /// undone is refused.
    fn record_halting(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Undo of [`Projects::record_halting`], also of one that never came: it is refused from then on.
    fn record_halt_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        number: u32,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Notes that the instance of `attempt` is halted, and where the project goes on.
    ///
    /// `backup` replaces the one that is known; `None` keeps it. Repeating is success.
    fn record_halted(
        &self,
        id: &ProjectId,
        attempt: u32,
        purpose: Purpose,
        backup: Option<&Backup>,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// The worker of the instance of `attempt` is lost: the project becomes pending under the next
    /// attempt, to start from its newest backup. Repeating is success; without a backup it is refused.
    fn record_replaced(
        &self,
        id: &ProjectId,
        attempt: u32,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// `backup` was taken while the instance of its attempt ran. Repeating is success; one that is older
    /// than what is known, or of an instance that is not the project's any more, is refused.
    fn record_backup(
        &self,
        id: &ProjectId,
        backup: &Backup,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// A suspended project becomes pending again under the next attempt, to start from its backup.
    ///
    /// A project that is pending already is returned as it is.
    fn request_resume(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// A stopped or sleeping project becomes pending again under the next attempt, to start from its backup.
    ///
    /// A project that is pending already is returned as it is.
    fn request_start(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Its owner wants it to run also while nobody uses it, or does not any more. Repeating is success.
    fn set_keep_awake(
        &self,
        id: &ProjectId,
        keep_awake: bool,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// The attempt after `attempt`, of which nothing runs any more, starts from `choice`. Repeating is
    /// success.
    fn choose_backup(
        &self,
        id: &ProjectId,
        attempt: u32,
        choice: Choice,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// The attempt after `attempt`, which was stopped, runs under `plan`. Repeating is success.
    fn note_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        plan: PlanId,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// The instance of `attempt` has the limits of `change.to` now. Repeating is success; one that
    /// was undone, or that a later one has overtaken, is refused.
    fn record_plan(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Undo of [`Projects::record_plan`], also of one that never came.
    fn record_plan_undone(
        &self,
        id: &ProjectId,
        attempt: u32,
        change: PlanChange,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// Its deletion begins on behalf of `attempt`, because `payer` is over. Repeating is success; refused
    /// once somebody else pays for it.
    fn record_deleting(
        &self,
        id: &ProjectId,
        attempt: u32,
        payer: Option<&str>,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// A project of which everything was deleted becomes pending again under the next attempt, with
    /// `secrets` and nothing else.
    ///
    /// A project that is pending already is returned as it is. What a repeat brings of secrets is
    /// forgotten: the first ones stay.
    fn begin_anew(
        &self,
        id: &ProjectId,
        secrets: &SealedSecrets,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;

    /// A failed project becomes pending again under the next attempt.
    ///
    /// A project that is pending already is returned as it is.
    fn request_retry(
        &self,
        id: &ProjectId,
    ) -> impl Future<Output = Result<Project, ChangeError>> + Send;
}

/// What opens an instance, encrypted for its tenant. See [`crate::vault::Vault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecrets {
    pub gateway_token: Vec<u8>,
    pub model_key: Vec<u8>,
}

impl SealedSecrets {
    /// New ones for `tenant`; `secret` makes up what nobody can guess.
    pub async fn mint(
        vault: &(impl Vault + Sync),
        tenant: &TenantId,
        secret: fn() -> String,
    ) -> Result<Self, Unavailable> {
        let model_key = format!("sk-1mins-{}", secret());
        Ok(Self {
            gateway_token: vault.seal(tenant, SecretKind::GatewayToken, &secret()).await?,
            model_key: vault.seal(tenant, SecretKind::ModelKey, &model_key).await?,
        })
    }
}

/// A hosted payment page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    pub session_id: String,
    pub url: String,
    pub expires_at: Timestamp,
    /// What had paid for the project when the page was opened. Who pays on it takes over from that;
    /// once something else pays, the page is used up.
    #[serde(default)]
    pub follows: Option<String>,
    /// What its payer had been shown before. `None`: nothing that we know of.
    #[serde(default)]
    pub price: Option<Price>,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The id belongs to another tenant's project.
    #[error("the project id is taken")]
    Taken,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("there is no project `{0}`")]
    Unknown(ProjectId),
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// A later provisioning owns the project now.
    #[error("attempt {attempt} is over: the project is at attempt {current}")]
    Fenced { attempt: u32, current: u32 },
    #[error("the project is paid for by another subscription")]
    OtherSubscription,
    /// Somebody changed it at the same time. Read again.
    #[error("lost a race for the project")]
    LostRace,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DeletionRefused> for ChangeError {
    fn from(refused: DeletionRefused) -> Self {
        match refused {
            DeletionRefused::OtherPayer => Self::OtherSubscription,
            DeletionRefused::Illegal(illegal) => illegal.into(),
        }
    }
}
