//! What an owner has set for a project, and how much of it the running instance has taken over.
//!
//! Every change is another version, and versions only grow: whatever is late loses to what is newer.

use crate::{
    id::{KeyId, ProjectId, TenantId},
    model::ModelChoice,
    telegram::BotId,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub project_id: ProjectId,
    pub tenant_id: TenantId,
    /// `None`: the platform's own model.
    pub model: Option<ModelChoice>,
    pub telegram: Option<Telegram>,
    /// 0 for a project that nobody has configured.
    pub version: u32,
    /// The newest version that was seen in force.
    pub applied_version: u32,
    pub applied_at: Option<Timestamp>,
    /// The last version that could not be applied, and why.
    pub failed: Option<Failure>,
}

/// A bot that speaks for the project's agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telegram {
    pub bot: BotId,
    /// Of the token.
    pub last4: String,
    /// SHA-256 of the token, in hexadecimal digits: a repeated request is known by it.
    pub fingerprint: String,
    /// The token, encrypted for its tenant.
    pub sealed: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub version: u32,
    /// In words for the owner.
    pub reason: String,
}

impl Configuration {
    /// Of a project that nobody has configured.
    pub fn new(project_id: ProjectId, tenant_id: TenantId) -> Self {
        Self {
            project_id,
            tenant_id,
            model: None,
            telegram: None,
            version: 0,
            applied_version: 0,
            applied_at: None,
            failed: None,
        }
    }

    /// The customers' own keys that it needs.
    pub fn keys(&self) -> BTreeSet<&KeyId> {
        self.model.iter().flat_map(ModelChoice::keys).collect()
    }

    pub fn bot(&self) -> Option<&BotId> {
        self.telegram.as_ref().map(|it| &it.bot)
    }

    /// Why the newest version is not in force. What an older one failed by is history.
    pub fn failure(&self) -> Option<&str> {
        let newest =
            |it: &&Failure| it.version >= self.version && it.version > self.applied_version;
        self.failed.as_ref().filter(newest).map(|it| it.reason.as_str())
    }

    /// The next version, with `model`. The same as it is if nothing changes by that: a repeated
    /// request is no change, unless the last one failed.
    #[must_use]
    pub fn with_model(&self, model: ModelChoice) -> Self {
        let same = self.model.as_ref() == Some(&model);
        if same && self.failure().is_none() {
            return self.clone();
        }
        Self { model: Some(model), ..self.again() }
    }

    /// The same for a bot.
    #[must_use]
    pub fn with_telegram(&self, telegram: Option<Telegram>) -> Self {
        let known = |it: &Option<Telegram>| it.as_ref().map(|it| it.fingerprint.clone());
        if known(&self.telegram) == known(&telegram) && self.failure().is_none() {
            return self.clone();
        }
        Self { telegram, ..self.again() }
    }

    /// The next version, which names no key and no bot.
    #[must_use]
    pub fn cleared(&self) -> Self {
        Self { model: None, telegram: None, ..self.again() }
    }

    /// The next version with nothing changed: something that it refers to has.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelProvider, ModelUse};

    fn fresh() -> Configuration {
        let (project, tenant) = (ProjectId::new("a").unwrap(), TenantId::new("t").unwrap());
        Configuration::new(project, tenant)
    }

    fn choice(model: &str) -> ModelChoice {
        let model = model.to_owned().try_into().unwrap();
        let primary = ModelUse { provider: ModelProvider::Platform, model, key_id: None };
        ModelChoice::new(primary, None).unwrap()
    }

    /// Sealing the same token twice gives two ciphertexts.
    fn bot(token: &str, sealed: &str) -> Telegram {
        let (bot, last4) = (BotId::from("1".to_owned()), String::new());
        let sealed = sealed.as_bytes().to_vec();
        Telegram { bot, last4, fingerprint: token.to_owned(), sealed }
    }

    fn failed(it: &Configuration) -> Configuration {
        let failed = Some(Failure { version: it.version, reason: "no".to_owned() });
        Configuration { failed, ..it.clone() }
    }

    #[test]
    fn a_change_is_a_version_and_a_repetition_is_none_unless_it_failed() {
        let one = fresh().with_model(choice("a"));
        assert_eq!(one.version, 1);
        assert_eq!(one.with_model(choice("a")), one);
        assert_eq!(one.with_model(choice("b")).version, 2);
        assert_eq!(failed(&one).with_model(choice("a")).version, 2);
        let two = one.with_telegram(Some(bot("x", "1")));
        assert_eq!(two.version, 2);
        assert_eq!(two.model, one.model, "one does not touch the other");
        assert_eq!(two.with_telegram(Some(bot("x", "2"))), two);
        assert_eq!(two.with_telegram(Some(bot("y", "3"))).version, 3);
        assert_eq!(two.with_telegram(None).version, 3);
        assert_eq!(fresh().with_telegram(None), fresh());
    }

    #[test]
    fn a_failure_counts_until_something_newer_is_set_or_in_force() {
        let one = failed(&fresh().with_model(choice("a")));
        assert_eq!(one.failure(), Some("no"));
        assert_eq!(one.again().failure(), None, "the next one is on its way");
        let applied = Configuration { applied_version: 1, ..one };
        assert_eq!(applied.failure(), None, "it came through after all");
    }
}
