//! Accounts and totals in memory.

use crate::outage::Outage;
use domain::{
    id::ProjectId,
    usage::{Account, Micros, Month},
};
use ports::{
    Unavailable,
    usage::{DayUsage, KeepError, SettleError, Usage, Used},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

#[derive(Debug, Default)]
pub struct FakeUsage {
    stored: Mutex<Stored>,
    pub outage: Outage,
    /// Changes that take effect though their answer is lost.
    pub lost_answers: Outage,
}

#[derive(Debug, Default)]
struct Stored {
    accounts: BTreeMap<(ProjectId, Month), Account>,
    used: Vec<Used>,
    caps: BTreeMap<ProjectId, Micros>,
}

impl FakeUsage {
    /// Every call that was counted, in order: no outage hides them.
    pub fn used(&self) -> Vec<Used> {
        self.lock().used.clone()
    }

    /// To be looked at: no outage hides it.
    pub fn account_of(&self, project: &ProjectId, month: Month) -> Account {
        self.lock().accounts.get(&(project.clone(), month)).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    fn replace(&mut self, project: &ProjectId, month: Month, account: &Account) -> bool {
        let key = (project.clone(), month);
        let version = self.accounts.get(&key).map_or(0, |it| it.version);
        if version != account.version {
            return false;
        }
        self.accounts.insert(key, Account { version: version + 1, ..account.clone() });
        true
    }
}

impl Usage for FakeUsage {
    async fn account(&self, project: &ProjectId, month: Month) -> Result<Account, Unavailable> {
        self.outage.check("usage")?;
        Ok(self.account_of(project, month))
    }

    async fn keep(
        &self,
        project: &ProjectId,
        month: Month,
        account: &Account,
    ) -> Result<(), KeepError> {
        self.outage.check("usage")?;
        if !self.lock().replace(project, month, account) {
            return Err(KeepError::LostRace);
        }
        Ok(self.lost_answers.check("usage")?)
    }

    async fn settle(&self, used: &Used, account: &Account) -> Result<(), SettleError> {
        self.outage.check("usage")?;
        {
            let mut stored = self.lock();
            if stored.used.iter().any(|it| it.call == used.call) {
                return Err(SettleError::Counted);
            }
            if !stored.replace(&used.project, used.month, account) {
                return Err(SettleError::LostRace);
            }
            stored.used.push(used.clone());
        }
        Ok(self.lost_answers.check("usage")?)
    }

    async fn days(&self, project: &ProjectId, month: Month) -> Result<Vec<DayUsage>, Unavailable> {
        self.outage.check("usage")?;
        let mut days = BTreeMap::new();
        let stored = self.lock();
        for it in stored.used.iter().filter(|it| it.project == *project && it.month == month) {
            let key = (it.day, it.provider, it.model.clone());
            let day = days.entry(key).or_insert_with(|| DayUsage {
                day: it.day,
                provider: it.provider,
                model: it.model.clone(),
                calls: 0,
                estimated: 0,
                tokens: domain::usage::Tokens::default(),
                cost: Micros(0),
            });
            day.calls += 1;
            day.estimated += u64::from(it.is_estimated);
            day.tokens = day.tokens.plus(it.tokens);
            day.cost = day.cost.plus(it.cost);
        }
        Ok(days.into_values().collect())
    }

    async fn cap(&self, project: &ProjectId) -> Result<Option<Micros>, Unavailable> {
        self.outage.check("usage")?;
        Ok(self.lock().caps.get(project).copied())
    }

    async fn set_cap(&self, project: &ProjectId, cap: Option<Micros>) -> Result<(), Unavailable> {
        self.outage.check("usage")?;
        let caps = &mut self.lock().caps;
        match cap {
            Some(cap) => caps.insert(project.clone(), cap),
            None => caps.remove(project),
        };
        Ok(())
    }
}
