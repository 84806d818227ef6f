//! Where somebody goes after signing in: a place on our own site.

/// A path, with a query perhaps. Whatever a browser could read as another host is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocalPath(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a path such as `/projects`")]
pub(super) struct NotLocal;

impl LocalPath {
    const MAX_LEN: usize = 512;

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a sign-in leads unless somebody says otherwise.
impl Default for LocalPath {
    fn default() -> Self {
        Self("/projects".to_owned())
    }
}

impl TryFrom<String> for LocalPath {
    type Error = NotLocal;

    fn try_from(path: String) -> Result<Self, NotLocal> {
        // Browsers drop tabs and line breaks, and take a backslash for a slash. What is not ASCII
        // is written in escapes in any address that a browser made.
        let plain = path.bytes().all(|it| it.is_ascii_graphic() && it != b'\\');
        let local = path.starts_with('/') && !path.starts_with("//");
        if plain && local && path.len() <= Self::MAX_LEN { Ok(Self(path)) } else { Err(NotLocal) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_away() {
        let long = format!("/{}", "a".repeat(LocalPath::MAX_LEN));
        let cases = [
            ("/", true),
            ("/projects", true),
            ("/projects/prj_4k2x?tab=chat#top", true),
            ("/open?host=bot.1mins.in", true),
            ("/a//b", true),
            ("/%2f%2fevil.test", true),
            ("", false),
            ("projects", false),
            ("//evil.test", false),
            ("///evil.test", false),
            ("/\\evil.test", false),
            ("\\\\evil.test", false),
            ("/a\\b", false),
            ("/\t/evil.test", false),
            ("/\n/evil.test", false),
            ("\t//evil.test", false),
            (" //evil.test", false),
            ("/a\r\nSet-Cookie: a=b", false),
            ("https://evil.test", false),
            ("https:evil.test", false),
            ("javascript:alert(1)", false),
            ("@evil.test", false),
            (".evil.test", false),
            ("/ä", false),
            (long.as_str(), false),
        ];
        for (path, local) in cases {
            assert_eq!(LocalPath::try_from(path.to_owned()).is_ok(), local, "{path:?}");
        }
    }
}
