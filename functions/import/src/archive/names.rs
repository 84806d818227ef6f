//! What an archive calls its entries, and where that leads. Pure.

use super::Failure;
use tar::EntryType;

const HOME: &str = ".openclaw";
const MAX_DEPTH: usize = 64;
const MAX_LEN: usize = 1024;

/// Where in the archive the state directory is.
#[derive(Debug, Default)]
pub(super) enum Root {
    #[default]
    Unknown,
    /// The archive is one of the directory itself, or of what is in it.
    At(Vec<String>),
}

/// `name` as it is shown to people, and its parts. Names that lead elsewhere are refused.
pub(super) fn path_of(name: &[u8]) -> Result<(String, Vec<String>), Failure> {
    let shown: String = String::from_utf8_lossy(name).chars().take(200).collect();
    let shown = shown.escape_debug().to_string();
    let refuse = |reason: &str| Failure::of(&shown, reason);
    let text = std::str::from_utf8(name).map_err(|_| refuse("has a name that is no UTF-8"))?;
    if text.len() > MAX_LEN || text.chars().any(char::is_control) {
        return Err(refuse("has a name that is too long, or has control characters in it"));
    }
    if text.starts_with('/') {
        return Err(refuse("has an absolute name"));
    }
    let parts: Vec<_> = parts(text).map(str::to_owned).collect();
    if parts.iter().any(|it| it == "..") {
        return Err(refuse("has `..` in its name"));
    }
    if parts.len() > MAX_DEPTH {
        return Err(refuse("lies too deep"));
    }
    Ok((shown, parts))
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').filter(|it| !it.is_empty() && *it != ".")
}

/// `path` below the state directory. `None`: a directory on the way there.
pub(super) fn inside(
    root: &mut Root,
    shown: &str,
    path: &[String],
    kind: EntryType,
) -> Result<Option<Vec<String>>, Failure> {
    if let Root::Unknown = root {
        let home = path.iter().position(|it| it == HOME);
        *root = match home {
            Some(place) => Root::At(path[..=place].to_vec()),
            None if kind == EntryType::Directory => return Ok(None),
            None => Root::At(vec![]),
        };
    }
    let Root::At(root) = root else { return Ok(None) };
    match path.strip_prefix(root.as_slice()) {
        Some(inside) => Ok(Some(inside.to_vec())),
        None if kind == EntryType::Directory && root.starts_with(path) => Ok(None),
        None => Err(Failure::of(shown, format!("lies beside `{}`", root.join("/")))),
    }
}

/// What a link at `path` says, below the state directory, if it leads nowhere else.
///
/// `..` only at the beginning: after a name it goes up from wherever that name leads.
pub(super) fn link_inside(
    root: &mut Root,
    shown: &str,
    path: &[String],
    target: &[u8],
    kind: EntryType,
) -> Result<String, Failure> {
    if kind == EntryType::Link {
        let (_, target) = path_of(target).map_err(|_| Failure::of(shown, OUTSIDE))?;
        let target = inside(root, shown, &target, EntryType::Regular)?;
        return Ok(target.unwrap_or_default().join("/"));
    }
    let text = std::str::from_utf8(target).ok();
    let plain = |it: &&str| {
        it.len() <= MAX_LEN
            && !it.is_empty()
            && !it.starts_with('/')
            && !it.chars().any(char::is_control)
    };
    let text = text.filter(plain).ok_or_else(|| Failure::of(shown, OUTSIDE))?;
    let parts: Vec<_> = parts(text).collect();
    let ups = parts.iter().take_while(|it| **it == "..").count();
    let stays = ups < path.len() && !parts[ups..].contains(&"..");
    if stays { Ok(text.to_owned()) } else { Err(Failure::of(shown, OUTSIDE)) }
}

const OUTSIDE: &str = "is a link that leads out of the archive";

/// The configuration and its copies hold the other platform's gateway, tokens and keys.
pub(super) fn is_configuration(path: &[String]) -> bool {
    matches!(path, [name] if name.starts_with("openclaw.json"))
}

/// What a launch writes itself, what is made anew, and what keeps a gateway from starting or from answering.
pub(super) fn is_left_out(path: &[String]) -> bool {
    let last = path.last().map_or("", String::as_str);
    is_configuration(path)
        || matches!(path.first().map(String::as_str), Some("cache" | "tmp"))
        || matches!(path, [name] if name == ".env" || name == "secrets.json")
        // This OpenClaw answers no chat beside it.
        || last.starts_with("auth-profiles.json")
        // Locks of who ran there.
        || last.ends_with("-lock.sqlite")
        || last.ends_with("-writer.sqlite")
}
