//! What customers bring along, good and hostile, and what becomes of it.

mod archive;
mod build;
mod taking;
