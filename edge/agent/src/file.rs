//! The last known good table, on disk.

use crate::readable;
use contracts::routes::{Routes, Stamp};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

#[derive(Debug)]
pub(crate) struct LastKnownGood {
    path: PathBuf,
}

impl LastKnownGood {
    pub(crate) fn in_dir(dir: &Path) -> Self {
        Self { path: dir.join("tenant-ports.conf") }
    }

    /// `None` if there is none, or none that can be used.
    pub(crate) fn load(&self) -> Option<(Stamp, Routes)> {
        let text = std::fs::read_to_string(&self.path)
            .inspect_err(|error| tracing::warn!(%error, "no last known good routes"))
            .ok()?;
        readable::parse(&text)
            .inspect_err(|error| tracing::error!(%error, "last known good routes are damaged"))
            .ok()
    }

    /// All or nothing: readers see the old file until the new one is whole and on disk.
    pub(crate) fn save(&self, stamp: Stamp, routes: &Routes) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = std::fs::File::create(&new)?;
        file.write_all(readable::table(stamp, routes).as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)
    }
}
