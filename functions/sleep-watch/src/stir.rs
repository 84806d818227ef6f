//! Who sleeps is woken ahead of its scheduled job, by a message to its bot, and because its owner wants it
//! awake. What is remembered of sleeps that are over is forgotten.

use crate::{
    handler::{Round, WatchError},
    wake::wake,
    world::{Ports, World},
};
use domain::{
    configuration::Telegram,
    project::{Project, State},
    sleep::Rest,
    telegram::BotToken,
};
use jiff::{SignedDuration, Timestamp};
use ports::{
    bots::Bots,
    clock::Clock,
    configurations::Configurations,
    projects::Projects,
    rests::{KeepError, Rests},
    vault::{SecretKind, Vault},
};
use runtime::fault::chain;

/// What was not looked at by then is looked at first in another minute.
const TIME: SignedDuration = SignedDuration::from_secs(60);

pub(crate) async fn stir<P: Ports>(world: &World<'_, P>, rests: &[Rest], round: &mut Round) {
    let began = world.clock.now();
    for rest in in_turn(rests, began) {
        if world.clock.now().duration_since(began) >= TIME {
            tracing::warn!("out of time, the others sleep on for another minute");
            return;
        }
        round.note(&rest.project, look_at(world, rest).await);
    }
}

/// Those whose time has come, then the others, each minute from another one on.
fn in_turn(rests: &[Rest], now: Timestamp) -> impl Iterator<Item = &Rest> {
    let (due, others): (Vec<_>, Vec<_>) = rests.iter().partition(|it| it.is_due(now));
    let minute = usize::try_from(now.as_second() / 60).unwrap_or_default();
    let first = minute.checked_rem(others.len()).unwrap_or_default();
    let (later, sooner) = others.split_at(first);
    let others = [sooner, later].concat();
    due.into_iter().chain(others)
}

async fn look_at<P: Ports>(world: &World<'_, P>, rest: &Rest) -> Result<(), WatchError> {
    let now = world.clock.now();
    let Some(project) = world.projects.find(&rest.project).await? else {
        return forget(world, rest).await;
    };
    match project.state {
        State::Asleep => match reason(world, &project, rest, now).await? {
            Some(because) => wake(world, &project, Some(rest), because).await,
            None => Ok(()),
        },
        State::Pending => wake(world, &project, Some(rest), "an earlier wake").await,
        // It may be falling asleep.
        State::Halting => Ok(()),
        _ if rest.is_over(now) => forget(world, rest).await,
        _ => Ok(()),
    }
}

async fn reason<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    rest: &Rest,
    now: Timestamp,
) -> Result<Option<&'static str>, WatchError> {
    if rest.is_due(now) {
        return Ok(Some("a scheduled job"));
    }
    if project.keep_awake {
        return Ok(Some("its owner"));
    }
    let configuration = world.configurations.find(&project.id).await?;
    let ours = configuration.filter(|it| it.tenant_id == project.tenant_id);
    let Some(telegram) = ours.and_then(|it| it.telegram) else { return Ok(None) };
    Ok(is_written_to(world, project, &telegram).await?.then_some("a message to its bot"))
}

/// Telegram that does not answer wakes nobody, and keeps what waits.
async fn is_written_to<P: Ports>(
    world: &World<'_, P>,
    project: &Project,
    telegram: &Telegram,
) -> Result<bool, WatchError> {
    let kind = SecretKind::TelegramToken;
    let token = world.vault.open(&project.tenant_id, kind, &telegram.sealed).await?;
    let Ok(token) = BotToken::try_from(token) else { return Ok(false) };
    match world.bots.waiting(&token).await {
        Ok(waiting) => Ok(waiting > 0),
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(project.id = %project.id, error, "its bot could not be asked for");
            Ok(false)
        }
    }
}

async fn forget<P: Ports>(world: &World<'_, P>, rest: &Rest) -> Result<(), WatchError> {
    match world.rests.forget(rest).await {
        Ok(()) | Err(KeepError::LostRace) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::make;

    const NOW: Timestamp = Timestamp::constant(1_795_262_400, 0);

    #[test]
    fn who_is_due_comes_first_and_each_of_the_others_is_first_in_its_minute() {
        let rest = |name: &str, wake_at| Rest::begin(make::project_id(name), 1, wake_at, NOW);
        let rests = [rest("a", None), rest("b", None), rest("due", Some(NOW)), rest("c", None)];
        let mut firsts = Vec::new();
        for minute in 0..3 {
            let now = NOW + SignedDuration::from_mins(minute);
            let order: Vec<_> = in_turn(&rests, now).map(|it| it.project.body()).collect();
            assert_eq!(order[0], "due");
            let mut all = order.clone();
            all.sort_unstable();
            assert_eq!(all, ["a", "b", "c", "due"]);
            firsts.push(order[1].to_owned());
        }
        firsts.sort_unstable();
        assert_eq!(firsts, ["a", "b", "c"]);
        assert_eq!(in_turn(&[], NOW).count(), 0);
    }
}
