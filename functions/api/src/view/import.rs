//! Imports, as clients see them.

use contracts::import::{Checked, Refused, Saga, TakenOver};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `input` reads field by field")]
pub(crate) struct NewImportBody {
    /// Of the archive.
    #[schema(minimum = 1, maximum = 134_217_728)]
    bytes: u32,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportTicketView {
    pub(crate) id: String,
    /// For one `PUT` of the archive. Whoever has it may upload.
    #[schema(format = "uri")]
    pub(crate) upload_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportState {
    Running,
    /// The instance is stopped for it, and starts from it.
    Taken,
    /// The instance starts from it the next time.
    TakenWithNextStart,
    /// It is among the backups: the project was on its way elsewhere.
    Kept,
    /// Something was wrong with the archive, and nothing has changed.
    Refused,
    /// It could not be looked at, for no fault of the archive.
    Failed,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImportView {
    pub(crate) state: ImportState,
    files: u32,
    /// Unpacked.
    bytes: u64,
    /// Which OpenClaw wrote it, if it says so.
    version: Option<String>,
    /// Names at the top of the directory.
    taken: Vec<String>,
    left_out: Vec<LeftOutView>,
    /// Which entry was wrong; `null`: the archive as a whole.
    entry: Option<String>,
    /// What was wrong.
    reason: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LeftOutView {
    name: String,
    entries: u32,
}

impl ImportView {
    pub(crate) fn of(state: ImportState) -> Self {
        let (taken, left_out) = (vec![], vec![]);
        Self {
            state,
            files: 0,
            bytes: 0,
            version: None,
            taken,
            left_out,
            entry: None,
            reason: None,
        }
    }

    pub(crate) fn ended(saga: Saga) -> Self {
        let state = match saga.taken_over {
            Some(TakenOver::AtOnce) => ImportState::Taken,
            Some(TakenOver::WithTheNextStart) => ImportState::TakenWithNextStart,
            Some(TakenOver::NotNow) => ImportState::Kept,
            Some(TakenOver::Nothing) | None => ImportState::Failed,
        };
        match saga.checked {
            Some(Checked::Accepted { report, .. }) => Self {
                files: report.files,
                bytes: report.bytes,
                version: report.version,
                taken: report.taken,
                left_out: report
                    .left_out
                    .into_iter()
                    .map(|it| LeftOutView { name: it.name, entries: it.entries })
                    .collect(),
                ..Self::of(state)
            },
            Some(Checked::Refused(Refused { entry, reason })) => {
                Self { entry, reason: Some(reason), ..Self::of(ImportState::Refused) }
            }
            None => Self::of(ImportState::Failed),
        }
    }
}
