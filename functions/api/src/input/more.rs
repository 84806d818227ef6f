//! Fields that are more than one required word.

use super::{Fields, Input};
use crate::refusal::Refusal;
use axum::extract::{FromRequestParts, Path};
use domain::{
    id::{ImportId, KeyId, LogsId, ProjectId},
    model::{ModelId, ModelProvider},
};
use http::request::Parts;
use serde::de::{Deserialize, DeserializeOwned, IntoDeserializer, value::Error as NameError};
use serde_json::Value;
use std::{fmt::Display, ops::RangeInclusive};

/// What is wrong with a field was noted.
pub(crate) struct Noted;

/// Some of a tenant's projects.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    These(Vec<ProjectId>),
}

impl Fields {
    /// Like [`Fields::text`]; what is absent, or `null`, is `None`.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<Option<T>, Noted> {
        match self.left.get(field) {
            None | Some(Value::Null) => {
                self.left.remove(field);
                Ok(None)
            }
            Some(_) => self.text(field, parse).map(Some).ok_or(Noted),
        }
    }

    /// Like [`Fields::integer`]; what is absent, or `null`, is `None`.
    pub(crate) fn optional_integer(
        &mut self,
        field: &'static str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Noted> {
        match self.left.get(field) {
            None | Some(Value::Null) => {
                self.left.remove(field);
                Ok(None)
            }
            Some(_) => self.integer(field, range).map(Some).ok_or(Noted),
        }
    }

    /// `true` only if the body says so.
    pub(crate) fn flag(&mut self, field: &'static str) -> Option<bool> {
        match self.left.remove(field) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(flag)) => Some(flag),
            Some(_) => {
                self.note(field, "must be `true` or `false`".to_owned());
                None
            }
        }
    }

    /// An object within the object. What is wrong with it is named `field.its_field`.
    pub(crate) fn object<T: Input>(&mut self, field: &'static str) -> Result<Option<T>, Noted> {
        let left = match self.left.remove(field) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(left)) => left,
            Some(_) => {
                self.note(field, "must be an object".to_owned());
                return Err(Noted);
            }
        };
        match (Fields { left, errors: vec![] }).finish::<T>() {
            Ok(read) => Ok(Some(read)),
            Err(Refusal::Invalid(errors)) => {
                for error in errors {
                    self.note(&format!("{field}.{}", error.field), error.message);
                }
                Err(Noted)
            }
            Err(_) => Err(Noted),
        }
    }

    /// An amount in a currency's smallest unit.
    pub(crate) fn minor<T: DeserializeOwned>(&mut self, field: &'static str) -> Option<T> {
        let amount = match self.left.remove(field) {
            Some(number @ Value::Number(_)) => {
                serde_json::from_value(number).map_err(|_| "must be a whole number of its unit")
            }
            Some(_) => Err("must be a number"),
            None => Err("is required"),
        };
        amount.map_err(|message| self.note(field, message.to_owned())).ok()
    }

    pub(crate) fn currency(&mut self, field: &'static str) -> Option<String> {
        self.text(field, |code| {
            let is_code = code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase());
            if is_code { Ok(code) } else { Err("must be three capital letters, like `USD`") }
        })
    }

    pub(crate) fn provider(&mut self, field: &'static str) -> Option<ModelProvider> {
        self.text(field, |name| {
            let read: Result<_, NameError> =
                ModelProvider::deserialize(name.as_str().into_deserializer());
            read.map_err(|_| "must be `platform`, `anthropic`, `openai`, `google` or `openrouter`")
        })
    }

    pub(crate) fn model(&mut self, field: &'static str) -> Option<ModelId> {
        self.text(field, ModelId::try_from)
    }

    /// `"all"`, or a list of ids.
    pub(crate) fn projects(&mut self, field: &'static str) -> Option<Which> {
        let read = match self.left.remove(field) {
            Some(Value::String(all)) if all == "all" => Some(Which::All),
            Some(Value::Array(list)) => {
                let id = |it: &Value| it.as_str().and_then(|it| it.parse().ok());
                list.iter().map(id).collect::<Option<Vec<ProjectId>>>().map(Which::These)
            }
            _ => None,
        };
        if read.is_none() {
            self.note(field, "must be `\"all\"` or a list of projects' ids".to_owned());
        }
        read
    }
}

/// The key that a path names. What cannot be an id is not found, like an id that nobody has.
pub(crate) struct KeyPath(pub(crate) KeyId);

impl<S: Send + Sync> FromRequestParts<S> for KeyPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Refusal::NotFound)?;
        KeyId::try_from(id).map(Self).map_err(|_| Refusal::NotFound)
    }
}

/// A project, and one reading of what its instance has printed.
pub(crate) struct LogsPath(pub(crate) ProjectId, pub(crate) LogsId);

impl<S: Send + Sync> FromRequestParts<S> for LogsPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let (project, logs) = both(parts, state).await?;
        Ok(Self(project, logs))
    }
}

/// The project and the import that a path names.
pub(crate) struct ImportPath(pub(crate) ProjectId, pub(crate) ImportId);

impl<S: Send + Sync> FromRequestParts<S> for ImportPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let (project, import) = both(parts, state).await?;
        Ok(Self(project, import))
    }
}

/// What cannot be an id is not found, like an id that nobody has.
async fn both<S: Send + Sync, T: TryFrom<String>>(
    parts: &mut Parts,
    state: &S,
) -> Result<(ProjectId, T), Refusal> {
    let path = Path::<(String, String)>::from_request_parts(parts, state).await;
    let Path((project, other)) = path.map_err(|_| Refusal::NotFound)?;
    let project = ProjectId::try_from(project).map_err(|_| Refusal::NotFound)?;
    tracing::Span::current().record("project.id", project.as_str());
    Ok((project, T::try_from(other).map_err(|_| Refusal::NotFound)?))
}
