//! Find whom to write to, write, hand it to the provider.

use crate::{health, letters, receipt::confirm_erasure, subscription};
use contracts::{erase::Saga as EraseSaga, mail::Letter, provision::Saga};
use domain::{
    email::EmailAddress,
    id::TenantId,
    project::{Project, State},
};
use jiff::Timestamp;
use ports::{
    Unavailable,
    accounts::Accounts,
    clock::Clock,
    mail::{Mail, SendError},
    projects::Projects,
};
use runtime::fault::{Classify, Fault};
use serde::Deserialize;

/// What a state machine sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "step", content = "saga")]
pub enum Call {
    Notify(Box<Saga>),
    Receipt(EraseSaga),
}

/// Where links lead.
#[derive(Clone, Debug)]
pub struct Origins {
    /// The site, without a slash at the end.
    pub app_url: String,
    /// What follows an instance's host: nothing, or a port such as `:8443`.
    pub instance_url_port: String,
}

/// One step of a saga: tells the owner what has become of the agent.
pub async fn announce(
    projects: &impl Projects,
    accounts: &impl Accounts,
    mail: &impl Mail,
    clock: &impl Clock,
    origins: &Origins,
    call: &Call,
) -> Result<(), NotifyError> {
    match call {
        Call::Notify(saga) => announce_running(projects, accounts, mail, origins, saga).await,
        Call::Receipt(saga) => confirm_erasure(projects, accounts, mail, clock, saga).await,
    }
}

/// Says that the agent runs, and where; and from when its data is, if it is not all that there was.
async fn announce_running(
    projects: &impl Projects,
    accounts: &impl Accounts,
    mail: &impl Mail,
    origins: &Origins,
    saga: &Saga,
) -> Result<(), NotifyError> {
    let project = projects.find(&saga.project_id).await?;
    // A step may run late, or again days later by an operator's hand. Old news is no news.
    let Some(project) = project.filter(|it| is_news(it, saga)) else {
        tracing::info!(project.id = %saga.project_id, "not running under this attempt: no mail");
        return Ok(());
    };
    let owner = accounts.find_owner_address(&project.tenant_id).await?;
    let owner = owner.ok_or(NotifyError::NoOwner(project.tenant_id))?;
    let name = project.name.as_str();
    let instance_url = format!("https://{}{}", project.host, origins.instance_url_port);
    let project_url = format!("{}/projects/{}", origins.app_url, project.id);
    // Of one that was at rest, its backup is all that it knew.
    let copy = saga.restore.as_deref().filter(|it| it.is_of_running());
    let letter = match copy {
        Some(copy) => letters::restored(owner, name, &instance_url, &moment(copy.taken_at)),
        None => letters::running(owner, name, &instance_url, &project_url),
    };
    Ok(mail.send(&letter).await?)
}

/// How a letter names a moment.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y at %H:%M UTC").to_string()
}

fn is_news(project: &Project, saga: &Saga) -> bool {
    project.state == State::Running && project.attempt == saga.attempt
}

/// One letter from the queue.
pub async fn deliver(
    mail: &impl Mail,
    origins: &Origins,
    letter: Letter,
) -> Result<(), NotifyError> {
    let message = match letter {
        Letter::ConfirmAddress { to, token } => {
            // Behind the hash: a browser sends that part to no server and writes it to no log.
            let link = format!("{}/confirm#token={token}", origins.app_url);
            letters::confirm_address(address(to)?, &link)
        }
        Letter::AddressKnown { to } => letters::address_known(address(to)?, &origins.app_url),
        Letter::Invitation { to, token, tenant_name, invited_by } => {
            let link = format!("{}/invitation#token={token}", origins.app_url);
            letters::invitation(address(to)?, &tenant_name, &invited_by, &link)
        }
        Letter::ResetPassword { to, token } => {
            let link = format!("{}/reset#token={token}", origins.app_url);
            letters::reset_password(address(to)?, &link)
        }
        Letter::NoAccount { to } => letters::no_account(address(to)?, &origins.app_url),
        Letter::PasswordChanged { to } => {
            letters::password_changed(address(to)?, &format!("{}/forgot", origins.app_url))
        }
        Letter::Subscription { to, project_id, project_name, occasion } => {
            let link = format!("{}/projects/{project_id}", origins.app_url);
            subscription::letter(address(to)?, &project_name, &link, occasion)
        }
        Letter::Health { to, project_id, project_name, news } => {
            let link = format!("{}/projects/{project_id}", origins.app_url);
            health::letter(address(to)?, &project_name, &link, news)
        }
        Letter::GoogleLinked { to } => {
            letters::google_linked(address(to)?, &format!("{}/settings", origins.app_url))
        }
    };
    Ok(mail.send(&message).await?)
}

fn address(to: String) -> Result<EmailAddress, NotifyError> {
    EmailAddress::try_from(to).map_err(|_| NotifyError::NoAddress)
}

#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    #[error("tenant `{0}` has no owner to write to")]
    NoOwner(TenantId),
    #[error("the letter is addressed to something that is no e-mail address")]
    NoAddress,
    #[error(transparent)]
    Send(#[from] SendError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Classify for NotifyError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoOwner(_) | Self::NoAddress | Self::Send(SendError::Refused(_)) => {
                Fault::Terminal
            }
            Self::Send(SendError::Unavailable(_)) | Self::Unavailable(_) => Fault::Retryable,
        }
    }
}
