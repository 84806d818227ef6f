//! Secrets come in files: an argument list is readable by every process of the machine.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("cannot read the secret file `{}`", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the secret file `{}` is empty", path.display())]
    Empty { path: PathBuf },
}

/// The words of a file: one secret, or several that are valid at the same time.
pub fn read(path: &Path) -> Result<Vec<String>, SecretFileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SecretFileError::Unreadable { path: path.to_owned(), source })?;
    let secrets: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if secrets.is_empty() {
        return Err(SecretFileError::Empty { path: path.to_owned() });
    }
    Ok(secrets)
}
