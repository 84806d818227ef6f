//! From a request to values that are right, or a list of what is wrong with it.

mod more;

pub(crate) use more::{ImportPath, KeyPath, LogsPath, Which};

use crate::refusal::Refusal;
use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
};
use contracts::problem::FieldError;
use domain::{id::ProjectId, plan::PlanId, tenant::Role};
use http::{HeaderMap, header, request::Parts};
use serde::de::{Deserialize, IntoDeserializer, value::Error as PlanError};
use serde_json::{Map, Value};
use std::{fmt::Display, ops::RangeInclusive};

/// No body that we understand comes near it.
pub(crate) const MAX_BODY_LEN: usize = 64 * 1024;

/// A JSON object that was read field by field.
///
/// Not by serde: it stops at the first mistake and names a missing field only in prose, while a form
/// wants all mistakes at once, each beside its field.
pub(crate) struct Body<T>(pub(crate) T);

/// The same for a request that may come without a body.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

/// What can be read from the fields of a body.
pub(crate) trait Input: Sized {
    /// `None` only after `fields` noted what is wrong.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A JSON object that is being read.
pub(crate) struct Fields {
    left: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    fn of(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(left)) => Ok(Self { left, errors: vec![] }),
            Ok(_) => Err(Refusal::of_field("", "must be a JSON object")),
            Err(error) => Err(Refusal::of_field("", format!("must be JSON: {error}"))),
        }
    }

    /// The string in `field`, as `parse` understands it.
    pub(crate) fn text<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match self.left.remove(field) {
            Some(Value::String(text)) => parse(text).map_err(|it| it.to_string()),
            Some(_) => Err("must be a string".to_owned()),
            None => Err("is required".to_owned()),
        };
        parsed.map_err(|message| self.note(field, message)).ok()
    }

    /// The same for what may be left out. `None` if it is, or if `self` noted what is wrong.
    pub(crate) fn optional_text<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<T> {
        if self.left.contains_key(field) { self.text(field, parse) } else { None }
    }

    /// The whole number in `field`, within `range`.
    pub(crate) fn integer(
        &mut self,
        field: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let (least, most) = (range.start(), range.end());
        let number = match self.left.remove(field) {
            Some(Value::Number(number)) => number
                .as_u64()
                .and_then(|it| u32::try_from(it).ok())
                .filter(|it| range.contains(it))
                .ok_or_else(|| format!("must be a whole number from {least} to {most}")),
            Some(_) => Err("must be a number".to_owned()),
            None => Err("is required".to_owned()),
        };
        number.map_err(|message| self.note(field, message)).ok()
    }

    /// Whether `field` is so.
    pub(crate) fn truth(&mut self, field: &'static str) -> Option<bool> {
        let truth = match self.left.remove(field) {
            Some(Value::Bool(it)) => Ok(it),
            Some(_) => Err("must be true or false"),
            None => Err("is required"),
        };
        truth.map_err(|message| self.note(field, message.to_owned())).ok()
    }

    /// The plan that `field` names.
    pub(crate) fn plan(&mut self, field: &'static str) -> Option<PlanId> {
        self.text(field, |name| {
            let plan: Result<_, PlanError> = PlanId::deserialize(name.as_str().into_deserializer());
            plan.map_err(|_| "must be `standard`, `pro` or `dedicated`")
        })
    }

    /// Of what is right by itself and not together.
    pub(crate) fn refuse<T>(&mut self, field: &str, message: &str) -> Option<T> {
        self.note(field, message.to_owned());
        None
    }

    fn note(&mut self, field: &str, message: String) {
        self.errors.push(FieldError { field: field.to_owned(), message });
    }

    fn finish<T: Input>(mut self) -> Result<T, Refusal> {
        let input = T::read(&mut self);
        for (field, _) in std::mem::take(&mut self.left) {
            self.note(&field, "is not known here".to_owned());
        }
        match input {
            Some(input) if self.errors.is_empty() => Ok(input),
            Some(_) | None => Err(Refusal::Invalid(self.errors)),
        }
    }
}

impl<S: Send + Sync, T: Input> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let is_json = is_json(request.headers());
        let body = read(request).await?;
        if is_json { Fields::of(&body)?.finish().map(Self) } else { Err(Refusal::NotJson) }
    }
}

impl<S: Send + Sync, T: Input> FromRequest<S> for OptionalBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let is_json = is_json(request.headers());
        let body = read(request).await?;
        match body.trim_ascii() {
            b"" => Ok(Self(None)),
            _ if !is_json => Err(Refusal::NotJson),
            b"null" => Ok(Self(None)),
            body => Fields::of(body)?.finish().map(|it| Self(Some(it))),
        }
    }
}

async fn read(request: Request) -> Result<Bytes, Refusal> {
    let too_large = |_| Refusal::TooLarge { limit: MAX_BODY_LEN };
    to_bytes(request.into_body(), MAX_BODY_LEN).await.map_err(too_large)
}

/// Asked for because a browser sends no JSON across sites without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = kind.and_then(|it| it.split(';').next());
    kind.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"))
}

/// What somebody calls a thing of theirs, for themselves to read.
pub(crate) fn label(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=60).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("must have 1 to 60 characters on one line")
    }
}

/// A place in a tenant.
pub(crate) fn role(name: &str) -> Result<Role, &'static str> {
    match name {
        "owner" => Ok(Role::Owner),
        "member" => Ok(Role::Member),
        _ => Err("must be `owner` or `member`"),
    }
}

/// What a path names besides a project. What cannot be an id is not found, like an id that nobody
/// has.
pub(crate) struct IdPath<T>(pub(crate) T);

impl<S: Send + Sync, T: TryFrom<String>> FromRequestParts<S> for IdPath<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Refusal::NotFound)?;
        T::try_from(id).map(Self).map_err(|_| Refusal::NotFound)
    }
}

/// The project that a path names. What cannot be an id is not found, like an id that nobody has.
pub(crate) struct ProjectPath(pub(crate) ProjectId);

impl<S: Send + Sync> FromRequestParts<S> for ProjectPath {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Refusal::NotFound)?;
        let id = ProjectId::try_from(id).map_err(|_| Refusal::NotFound)?;
        tracing::Span::current().record("project.id", id.as_str());
        Ok(Self(id))
    }
}

/// The caller's name for "the same request", if it gave one.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl IdempotencyKey {
    const HEADER: &'static str = "idempotency-key";
    const MAX_LEN: usize = 255;
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let Some(key) = parts.headers.get(Self::HEADER) else {
            return Ok(Self(None));
        };
        match key.to_str() {
            Ok(key) if (1..=Self::MAX_LEN).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            Ok(_) | Err(_) => Err(Refusal::of_field(
                "Idempotency-Key",
                format!("must have 1 to {} visible ASCII characters", Self::MAX_LEN),
            )),
        }
    }
}
