//! All projects, for who looks after all of them.

use crate::Unavailable;
use domain::project::Project;

pub trait Census {
    /// Every project of every tenant, the deleted ones too, in no order. Reads the whole table: for
    /// what runs by the clock, never for a request.
    async fn projects(&self) -> Result<Vec<Project>, Unavailable>;
}
