//! Word to an owner that nothing is kept any more.

use crate::{NotifyError, handler::moment, letters};
use contracts::erase::Saga;
use domain::project::State;
use ports::{accounts::Accounts, clock::Clock, mail::Mail, projects::Projects};

/// Says what was deleted, and when.
pub(crate) async fn confirm_erasure(
    projects: &impl Projects,
    accounts: &impl Accounts,
    mail: &impl Mail,
    clock: &impl Clock,
    saga: &Saga,
) -> Result<(), NotifyError> {
    let project = projects.find(&saga.project_id).await?;
    // Nobody is told of a deletion that has not come to its end.
    let Some(project) = project.filter(|it| it.state == State::Deleted) else {
        tracing::warn!(project.id = %saga.project_id, "not deleted: no receipt");
        return Ok(());
    };
    let owner = accounts.find_owner_address(&project.tenant_id).await?;
    let owner = owner.ok_or(NotifyError::NoOwner(project.tenant_id))?;
    let at = moment(clock.now());
    let (name, host) = (project.name.as_str(), project.host.to_string());
    Ok(mail.send(&letters::erased(owner, name, &host, &at)).await?)
}
