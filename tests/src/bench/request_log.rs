//! Counts AWS requests. The engine has no counter, but at level DEBUG it writes one line a request:
//! `POST / -> service=dynamodb region=us-east-1`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

const MARK: &str = " -> service=";

/// What the engine writes from now on.
pub(super) struct RequestLog {
    path: PathBuf,
    offset: u64,
}

impl RequestLog {
    /// `None` when there is no such log.
    pub(super) fn from_now(path: &Path) -> Option<Self> {
        let offset = std::fs::metadata(path).ok()?.len();
        Some(Self { path: path.to_owned(), offset })
    }

    /// Requests a service since then; empty when the engine does not log them. Whoever polls in the
    /// background is counted too.
    pub(super) fn requests(&self) -> BTreeMap<String, usize> {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.offset))?;
            file.read_to_end(&mut text)
        });
        match read {
            Ok(_) => count(&String::from_utf8_lossy(&text)),
            Err(_) => BTreeMap::new(),
        }
    }
}

fn count(log: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once(MARK) {
            let service = rest.split_whitespace().next().unwrap_or(rest);
            *counts.entry(service.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_request() {
        let log = "DEBUG POST / -> service=ssm region=us-east-1\nINFO Ready\n\
                   DEBUG POST / -> service=ssm region=us-east-1\n\
                   DEBUG PUT /b/k -> service=s3 region=us-east-1\n";
        let expected = [("s3".to_owned(), 1), ("ssm".to_owned(), 2)];
        assert_eq!(count(log), expected.into());
    }
}
