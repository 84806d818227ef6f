//! Reads along with an answer while it is passed on.
//!
//! The bytes go to the instance untouched and at once; here they are only looked at. `eventsource-stream` and
//! the like turn a stream into another one, of events, which would have to be written out again and could
//! differ from what came. What is needed of the format is that an event's data is in lines that begin with
//! `data:`, and that each event of these APIs is one line of JSON.

use crate::dialect::{Dialect, Seen};
use domain::usage::Tokens;

/// Of one line, or of an answer that is not streamed. What is longer is passed on and not read.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Of text for one token, roughly, in English and in JSON. Only for what no provider counts.
const BYTES_PER_TOKEN: u64 = 4;

/// What is known of an answer up to now.
#[derive(Debug)]
pub(crate) struct Reader {
    dialect: Dialect,
    is_stream: bool,
    seen: Seen,
    /// Of the line that has not ended yet, or of the whole answer.
    begun: Vec<u8>,
    /// Until the end of the line.
    skips: bool,
}

/// What a call took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Took {
    pub(crate) tokens: Tokens,
    pub(crate) is_estimated: bool,
    /// Who answered, as the provider calls it.
    pub(crate) model: Option<String>,
}

impl Reader {
    pub(crate) fn new(dialect: Dialect, is_stream: bool) -> Self {
        Self { dialect, is_stream, seen: Seen::default(), begun: Vec::new(), skips: false }
    }

    pub(crate) fn read(&mut self, chunk: &[u8]) {
        if !self.is_stream {
            return self.keep(chunk);
        }
        let mut lines = chunk.split(|it| *it == b'\n');
        // The last piece is the beginning of a line that comes, and may be empty.
        let last = lines.next_back().unwrap_or_default();
        for line in lines {
            self.keep(line);
            self.end_line();
        }
        self.keep(last);
    }

    /// What it took, with `expected` for what the provider did not say.
    pub(crate) fn end(mut self, expected: Tokens) -> Took {
        if self.is_stream {
            self.end_line();
        } else {
            self.note(0);
        }
        let Seen { input, output, text_bytes, model } = self.seen;
        let is_estimated = input.is_none() || output.is_none();
        let output = output.unwrap_or(text_bytes.div_ceil(BYTES_PER_TOKEN));
        let input = input.unwrap_or(Tokens { output: 0, ..expected });
        Took { tokens: Tokens { output, ..input }, is_estimated, model }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.begun.len() + bytes.len() > MAX_BYTES {
            self.skips = true;
            self.begun = Vec::new();
        }
        if !self.skips {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) {
        const FIELD: &[u8] = b"data:";
        if self.begun.starts_with(FIELD) {
            self.note(FIELD.len());
        }
        self.begun.clear();
        self.skips = false;
    }

    /// What is no JSON, like the `[DONE]` of some, says nothing.
    fn note(&mut self, from: usize) {
        if let Ok(said) = serde_json::from_slice(&self.begun[from..]) {
            self.dialect.note(&said, &mut self.seen);
        }
    }
}

/// What `bytes` of a request may be in tokens.
pub(crate) fn tokens_in(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: Tokens = Tokens { input: 1_000, cached: 0, cache_written: 0, output: 500 };

    const STREAM: &str = concat!(
        ": a comment\n\n",
        "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"häuser\"}}]}\r\n\r\n",
        "event: x\ndata:{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}\n\n",
        "data: [DONE]\n\n",
    );

    fn took(chunks: &[&[u8]], is_stream: bool) -> Took {
        let mut reader = Reader::new(Dialect::Completions, is_stream);
        for chunk in chunks {
            reader.read(chunk);
        }
        reader.end(EXPECTED)
    }

    fn exactly(input: u64, output: u64) -> Took {
        let tokens = Tokens { input, output, ..Tokens::default() };
        Took { tokens, is_estimated: false, model: Some("m".to_owned()) }
    }

    #[test]
    fn a_stream_says_the_same_however_it_is_cut() {
        let stream = STREAM.as_bytes();
        assert_eq!(took(&[stream], true), exactly(9, 3));
        for at in 0..stream.len() {
            let (one, two) = stream.split_at(at);
            assert_eq!(took(&[one, two], true), exactly(9, 3), "cut at {at}");
        }
        let bytes: Vec<_> = stream.chunks(1).collect();
        assert_eq!(took(&bytes, true), exactly(9, 3));
    }

    #[test]
    fn the_last_line_needs_no_end() {
        let stream = STREAM.split("data: [DONE]").next().unwrap().trim_end();
        assert_eq!(took(&[stream.as_bytes()], true), exactly(9, 3));
    }

    #[test]
    fn what_the_provider_does_not_say_is_estimated_from_what_came() {
        let until = STREAM.split("event: x").next().unwrap();
        let it = took(&[until.as_bytes()], true);
        let tokens = Tokens { output: 2, ..EXPECTED };
        assert_eq!(it, Took { tokens, is_estimated: true, model: Some("m".to_owned()) });
        let none = took(&[], true);
        assert_eq!(none.tokens, Tokens { output: 0, ..EXPECTED });
        assert!(none.is_estimated);
    }

    #[test]
    fn an_answer_that_is_not_streamed_is_read_whole() {
        let body =
            br#"{"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}"#;
        let (one, two) = body.split_at(30);
        assert_eq!(took(&[one, two], false), exactly(9, 3));
        assert!(took(&[one], false).is_estimated, "it broke off");
    }

    #[test]
    fn a_line_without_end_is_not_kept_and_the_next_one_is_read() {
        let long = vec![b'x'; MAX_BYTES / 2 + 1];
        let mut reader = Reader::new(Dialect::Completions, true);
        for _ in 0..4 {
            reader.read(&long);
            assert!(reader.begun.len() <= MAX_BYTES);
        }
        reader.read(b"\n");
        reader.read(STREAM.as_bytes());
        assert_eq!(reader.end(EXPECTED), exactly(9, 3));
    }
}
