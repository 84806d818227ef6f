//! A provider of models that says what a test tells it to.

use crate::outage::Outage;
use ports::{
    Unavailable,
    model_upstream::{Answer, ModelUpstream, Question},
};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Answers in the order in which a test gave answers; refuses to be asked more often.
#[derive(Debug, Default)]
pub struct FakeModelUpstream {
    answers: Mutex<VecDeque<FakeAnswer>>,
    asked: Mutex<Vec<Question>>,
    pub outage: Outage,
}

/// What a provider says, piece by piece.
#[derive(Clone, Debug)]
pub struct FakeAnswer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    chunks: VecDeque<Vec<u8>>,
    breaks_off: bool,
}

impl FakeAnswer {
    pub fn new(status: u16, content_type: &str) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        Self { status, headers, chunks: VecDeque::new(), breaks_off: false }
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub fn saying(mut self, chunk: impl Into<Vec<u8>>) -> Self {
        self.chunks.push_back(chunk.into());
        self
    }

    /// After its last piece it ends as no answer should.
    #[must_use]
    pub fn breaking_off(self) -> Self {
        Self { breaks_off: true, ..self }
    }
}

impl FakeModelUpstream {
    pub fn will_answer(&self, answer: FakeAnswer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ModelUpstream for FakeModelUpstream {
    type Answer = FakeAnswer;

    async fn ask(&self, question: Question) -> Result<FakeAnswer, Unavailable> {
        self.outage.check("model provider")?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        answer.ok_or_else(|| Unavailable::new("model provider", "the test gave it nothing to say"))
    }
}

impl Answer for FakeAnswer {
    fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Unavailable> {
        match self.chunks.pop_front() {
            None if self.breaks_off => Err(Unavailable::new("model provider", "it broke off")),
            next => Ok(next),
        }
    }
}
