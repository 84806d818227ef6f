//! [`RouteBoard`] on Parameter Store: `{prefix}/head` and `{prefix}/c/{chunk}`.
//!
//! Parameters are never labelled: the store drops the oldest of a hundred versions by itself, but
//! not a labelled one, and then refuses to write.

use crate::aws;
use aws_sdk_ssm::{
    Client,
    error::SdkError,
    operation::get_parameter::GetParameterError,
    types::{Parameter, ParameterTier, ParameterType},
};
use ports::{
    Unavailable,
    routes::{RouteBoard, Versioned},
};
use std::collections::HashMap;

/// As many as one call takes.
const NAMES_PER_CALL: usize = 10;

#[derive(Clone, Debug)]
pub struct SsmRouteBoard {
    client: Client,
    prefix: String,
}

impl SsmRouteBoard {
    /// The table under `prefix`, such as `/1mins/production/routes`.
    pub async fn connect(prefix: String) -> Self {
        let prefix = prefix.trim_end_matches('/').to_owned();
        Self { client: Client::new(&aws::config().await), prefix }
    }

    fn head_name(&self) -> String {
        format!("{}/head", self.prefix)
    }

    fn chunk_name(&self, chunk: &str) -> String {
        format!("{}/c/{chunk}", self.prefix)
    }

    /// `selector` is a name, or `{name}:{version}`.
    async fn get(&self, selector: String) -> Result<Option<Versioned>, Unavailable> {
        match self.client.get_parameter().name(selector).send().await {
            Ok(answer) => answer.parameter.map(versioned).transpose(),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn put(&self, name: String, text: &str) -> Result<u64, Unavailable> {
        let answer = self
            .client
            .put_parameter()
            .name(name)
            .value(text)
            .r#type(ParameterType::String)
            .tier(ParameterTier::Standard)
            .overwrite(true)
            .send()
            .await
            .map_err(unavailable)?;
        u64::try_from(answer.version).map_err(unavailable)
    }
}

impl RouteBoard for SsmRouteBoard {
    async fn head(&self) -> Result<Option<Versioned>, Unavailable> {
        self.get(self.head_name()).await
    }

    async fn head_at(&self, version: u64) -> Result<Option<String>, Unavailable> {
        Ok(self.get(format!("{}:{version}", self.head_name())).await?.map(|it| it.text))
    }

    async fn put_head(&self, text: &str) -> Result<u64, Unavailable> {
        self.put(self.head_name(), text).await
    }

    async fn chunks(&self, wanted: &[(String, u64)]) -> Result<Vec<Option<String>>, Unavailable> {
        let mut found = HashMap::new();
        let selectors: Vec<_> = wanted
            .iter()
            .map(|(chunk, version)| format!("{}:{version}", self.chunk_name(chunk)))
            .collect();
        for names in selectors.chunks(NAMES_PER_CALL) {
            let answer = self
                .client
                .get_parameters()
                .set_names(Some(names.to_vec()))
                .send()
                .await
                .map_err(unavailable)?;
            for parameter in answer.parameters.unwrap_or_default() {
                let name = parameter.name.clone().unwrap_or_default();
                let Versioned { version, text } = versioned(parameter)?;
                found.insert((name, version), text);
            }
        }
        let taken =
            |(chunk, version): &(String, u64)| found.remove(&(self.chunk_name(chunk), *version));
        Ok(wanted.iter().map(taken).collect())
    }

    async fn put_chunk(&self, name: &str, text: &str) -> Result<u64, Unavailable> {
        self.put(self.chunk_name(name), text).await
    }
}

fn versioned(parameter: Parameter) -> Result<Versioned, Unavailable> {
    let version = u64::try_from(parameter.version).map_err(unavailable)?;
    let text = parameter.value.ok_or_else(|| unavailable("the parameter has no value"))?;
    Ok(Versioned { version, text })
}

fn is_missing(error: &SdkError<GetParameterError>) -> bool {
    error
        .as_service_error()
        .is_some_and(|it| it.is_parameter_not_found() || it.is_parameter_version_not_found())
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Unavailable {
    Unavailable::new("parameter store", error)
}
