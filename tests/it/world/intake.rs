//! What customers bring along. It needs a place for files, and leaves none there.

use super::{World, answer, read};
use crate::asl::Raised;
use serde_json::Value;
use std::sync::atomic::{AtomicU32, Ordering};

/// Each call has a place of its own.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl World {
    pub(super) async fn take_in(&self, payload: Value) -> Result<Value, Raised> {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let scratch = std::env::temp_dir().join(format!("import-{}-{call}", std::process::id()));
        std::fs::create_dir(&scratch).expect("a test may write");
        let version = "2026.9.6".parse().expect("a version");
        let world = import::World {
            projects: &self.projects,
            imports: &self.imports,
            halts: &self.sagas.halt,
            clock: &*self.clock,
            version: &version,
            scratch: &scratch,
        };
        let answered = answer(import::handle(&world, &read(payload)).await);
        std::fs::remove_dir(&scratch).expect("no file is left");
        answered
    }
}
