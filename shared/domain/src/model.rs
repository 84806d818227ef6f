//! Whose language model answers: the platform's, or a provider's under the customer's own key.

use crate::id::KeyId;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// Who runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelProvider {
    /// Ours. It needs no key of the customer's.
    Platform,
    Anthropic,
    Openai,
    Google,
    Openrouter,
}

impl ModelProvider {
    /// Everybody whose keys customers can bring.
    pub const OUTSIDE: [Self; 4] = [Self::Anthropic, Self::Openai, Self::Google, Self::Openrouter];

    /// As written everywhere outside: on the wire, in configurations and in a gateway's own files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Google => "google",
            Self::Openrouter => "openrouter",
        }
    }

    /// Whether `key` looks like one that this provider issues.
    ///
    /// It tells a slip of the clipboard from a key, and no more: only the provider knows its keys. So
    /// the lengths are generous, for providers change them.
    pub fn check_key(self, key: &str) -> Result<(), MalformedKey> {
        let (prefixes, shape): (&[&str], _) = match self {
            Self::Platform => return Err(MalformedKey::NotWanted),
            Self::Anthropic => (&["sk-ant-"], "`sk-ant-…`"),
            Self::Openai => (&["sk-"], "`sk-…`"),
            Self::Google => (&["AIza", "AQ."], "`AIza…`"),
            Self::Openrouter => (&["sk-or-"], "`sk-or-…`"),
        };
        let others: &[&str] = if self == Self::Openai { &["sk-ant-", "sk-or-"] } else { &[] };
        if others.iter().any(|it| key.starts_with(it)) {
            return Err(MalformedKey::Other(shape));
        }
        let body = prefixes.iter().find_map(|it| key.strip_prefix(it));
        let body = body.ok_or(MalformedKey::Other(shape))?;
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
        if (MIN_KEY_BODY..=MAX_KEY_BODY).contains(&body.len()) && body.bytes().all(plain) {
            Ok(())
        } else {
            Err(MalformedKey::Incomplete)
        }
    }
}

impl fmt::Display for ModelProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Characters of a key after its prefix.
const MIN_KEY_BODY: usize = 20;
const MAX_KEY_BODY: usize = 300;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    #[error("the platform's own models need no key")]
    NotWanted,
    #[error("is no key of this provider: its keys look like {0}")]
    Other(&'static str),
    #[error(
        "is incomplete, or holds what no key holds: copy the whole key, without spaces around it"
    )]
    Incomplete,
}

/// The last four characters of a secret: enough for its owner to know it again.
pub fn last4(secret: &str) -> String {
    let skipped = secret.chars().count().saturating_sub(4);
    secret.chars().skip(skipped).collect()
}

/// A provider's name of a model, such as `claude-sonnet-4-6` or `z-ai/glm-4.7`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelId(String);

impl ModelId {
    pub const MAX_LEN: usize = 100;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the name of a model, such as `claude-sonnet-4-6`")]
pub struct MalformedModel;

impl TryFrom<String> for ModelId {
    type Error = MalformedModel;

    fn try_from(id: String) -> Result<Self, MalformedModel> {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_./:@+~".contains(&it);
        let begins = id.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
        let fits = id.len() <= Self::MAX_LEN && !id.contains("//") && !id.contains("..");
        if begins && fits && id.bytes().all(plain) { Ok(Self(id)) } else { Err(MalformedModel) }
    }
}

impl From<ModelId> for String {
    fn from(id: ModelId) -> String {
        id.0
    }
}

/// One model, and under which key it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelUse {
    pub provider: ModelProvider,
    pub model: ModelId,
    /// `None` for the platform's, and for no other.
    pub key_id: Option<KeyId>,
}

/// What a project's agent thinks with, and what it falls back to when that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    #[serde(flatten)]
    pub primary: ModelUse,
    pub fallback: Option<ModelUse>,
}

/// Why a choice makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Senseless {
    #[error("is required for this provider")]
    NoKey,
    #[error("the platform's own models need no key")]
    KeyOfOurs,
    /// A gateway knows one key for each provider.
    #[error("must be the same for both models of one provider")]
    TwoKeys,
    #[error("must be another model than the first one")]
    SameModel,
}

impl ModelUse {
    fn check(&self) -> Result<(), Senseless> {
        match (self.provider, &self.key_id) {
            (ModelProvider::Platform, Some(_)) => Err(Senseless::KeyOfOurs),
            (ModelProvider::Platform, None) | (_, Some(_)) => Ok(()),
            (_, None) => Err(Senseless::NoKey),
        }
    }
}

impl ModelChoice {
    pub fn new(primary: ModelUse, fallback: Option<ModelUse>) -> Result<Self, Senseless> {
        primary.check()?;
        if let Some(fallback) = &fallback {
            fallback.check()?;
            if fallback.provider == primary.provider {
                if fallback.model == primary.model {
                    return Err(Senseless::SameModel);
                }
                if fallback.key_id != primary.key_id {
                    return Err(Senseless::TwoKeys);
                }
            }
        }
        Ok(Self { primary, fallback })
    }

    /// The first one, and what comes after it.
    pub fn uses(&self) -> impl Iterator<Item = &ModelUse> {
        std::iter::once(&self.primary).chain(&self.fallback)
    }

    /// Every key that it needs, each once.
    pub fn keys(&self) -> BTreeSet<&KeyId> {
        self.uses().filter_map(|it| it.key_id.as_ref()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_what_is_none_and_from_other_providers_keys() {
        use ModelProvider::{Anthropic, Google, Openai, Openrouter, Platform};
        let body = "A1b2-_C3d4".repeat(4);
        let anthropic = format!("sk-ant-api03-{body}");
        let (openai, project) = (format!("sk-{body}"), format!("sk-proj-{body}"));
        let (google, newer) = (format!("AIza{}", &body[..35]), format!("AQ.{body}"));
        let openrouter = format!("sk-or-v1-{body}");
        let all = [&anthropic, &openai, &project, &google, &newer, &openrouter];
        let cases: [(ModelProvider, &[&String]); 5] = [
            (Platform, &[]),
            (Anthropic, &[&anthropic]),
            (Openai, &[&openai, &project]),
            (Google, &[&google, &newer]),
            (Openrouter, &[&openrouter]),
        ];
        for (provider, good) in cases {
            for key in all {
                let fits = provider.check_key(key).is_ok();
                assert_eq!(fits, good.contains(&key), "{provider}: {key}");
            }
        }
        let long = format!("sk-{}", "a".repeat(MAX_KEY_BODY + 1));
        let incomplete = [
            ("short", "sk-ant-abc"),
            ("a space", "sk-ant-api03-aaaaaaaaaa aaaaaaaaaa"),
            ("a line", "sk-ant-api03-aaaaaaaaaaaaaaaaaaaa\n"),
            ("a header", "sk-ant-api03-aaaaaaaaaaaaaaaaaaaa\r\nx-other: 1"),
            ("not ASCII", "sk-ant-api03-aaaaaaaaaaaaaaaaaaaaä"),
            ("a quotation mark", "sk-ant-api03-aaaaaaaaaaaaaaaaaaaa\""),
        ];
        for (case, key) in incomplete {
            assert_eq!(Anthropic.check_key(key), Err(MalformedKey::Incomplete), "{case}");
        }
        assert_eq!(Openai.check_key(&long), Err(MalformedKey::Incomplete), "long");
        assert!(Openai.check_key("").is_err(), "empty");
    }

    #[test]
    fn what_is_shown_of_a_secret_is_its_end() {
        for (secret, shown) in [("sk-abcdef", "cdef"), ("abc", "abc"), ("", ""), ("äöüßé", "öüßé")]
        {
            assert_eq!(last4(secret), shown);
        }
    }

    #[test]
    fn a_models_name_is_one_word_that_names_nothing_else() {
        let long = "a".repeat(ModelId::MAX_LEN + 1);
        let cases = [
            ("claude-sonnet-4-6", true),
            ("z-ai/glm-4.7:free", true),
            ("openrouter/auto", true),
            ("", false),
            ("-x", false),
            ("a b", false),
            ("a/../b", false),
            ("a//b", false),
            ("a\"b", false),
            (&long, false),
        ];
        for (id, good) in cases {
            assert_eq!(ModelId::try_from(id.to_owned()).is_ok(), good, "{id}");
        }
    }

    #[test]
    fn a_choice_has_the_keys_that_it_needs_and_one_for_each_provider() {
        use ModelProvider::{Anthropic, Openai, Platform};
        let it = |provider, model: &str, key: Option<&str>| ModelUse {
            provider,
            model: model.to_owned().try_into().unwrap(),
            key_id: key.map(|it| KeyId::new(it).unwrap()),
        };
        let ours = || it(Platform, "auto", None);
        let cases = [
            ("ours", ours(), None, Ok(0)),
            ("ours under a key", it(Platform, "auto", Some("a")), None, Err(Senseless::KeyOfOurs)),
            ("another's", it(Anthropic, "m", Some("a")), Some(ours()), Ok(1)),
            ("another's without a key", it(Anthropic, "m", None), None, Err(Senseless::NoKey)),
            (
                "two providers",
                it(Anthropic, "m", Some("a")),
                Some(it(Openai, "m", Some("b"))),
                Ok(2),
            ),
            (
                "one key for two",
                it(Openai, "m", Some("a")),
                Some(it(Openai, "n", Some("a"))),
                Ok(1),
            ),
            (
                "two keys of one provider",
                it(Openai, "m", Some("a")),
                Some(it(Openai, "n", Some("b"))),
                Err(Senseless::TwoKeys),
            ),
            ("the same twice", ours(), Some(ours()), Err(Senseless::SameModel)),
            (
                "a fallback without a key",
                ours(),
                Some(it(Openai, "m", None)),
                Err(Senseless::NoKey),
            ),
        ];
        for (case, primary, fallback, expected) in cases {
            let keys = ModelChoice::new(primary, fallback).map(|it| it.keys().len());
            assert_eq!(keys, expected, "{case}");
        }
    }

    #[test]
    fn a_choice_reads_on_the_wire_as_one_object() {
        let wire = r#"{"provider":"anthropic","model":"m","key_id":"key_a","fallback":null}"#;
        let choice: ModelChoice = serde_json::from_str(wire).unwrap();
        assert_eq!(serde_json::to_string(&choice).unwrap(), wire);
        for provider in ModelProvider::OUTSIDE {
            let name = serde_json::to_value(provider).unwrap();
            assert_eq!(name, provider.as_str());
        }
    }
}
