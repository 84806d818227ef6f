//! Providers of models that know the keys which a test says they know.

use crate::outage::Outage;
use domain::model::ModelProvider;
use ports::{
    Unavailable,
    provider_check::{KeyVerdict, ProviderCheck},
};
use std::sync::{Mutex, PoisonError};

/// Refuses nothing at first.
#[derive(Debug, Default)]
pub struct FakeProviderCheck {
    refused: Mutex<Vec<String>>,
    asked: Mutex<Vec<ModelProvider>>,
    pub outage: Outage,
}

impl FakeProviderCheck {
    pub fn refuse(&self, key: &str) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(key.to_owned());
    }

    /// Whom somebody asked so far.
    pub fn asked(&self) -> Vec<ModelProvider> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProviderCheck for FakeProviderCheck {
    async fn check(&self, provider: ModelProvider, key: &str) -> Result<KeyVerdict, Unavailable> {
        self.outage.check("model provider")?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(provider);
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refused.iter().all(|it| it != key);
        Ok(if known { KeyVerdict::Good } else { KeyVerdict::Refused })
    }
}
