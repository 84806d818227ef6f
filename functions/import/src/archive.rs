//! Somebody else's archive of an OpenClaw becomes one of our backups, or is refused. Pure: one stream in, one
//! stream out, and not a byte of it is believed before it was looked at.
//!
//! The headers are read raw, one by one, so that no extension decides on its own what a name, a size or the
//! place of the next header is. What a backup never holds is refused by the name of its entry. What belongs to
//! the platform is left out, because a launch writes its own.

mod emit;
mod names;

use crate::version::Version;
use contracts::import::{LeftOut, Refused, Report};
use emit::Emitter;
use flate2::read::GzDecoder;
use names::{Root, inside, link_inside, path_of};
use std::{
    cell::Cell,
    collections::BTreeMap,
    io::{self, Read, Write},
    rc::Rc,
};
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// How much of an archive is taken.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After decompression, headers and all.
    pub unpacked_bytes: u64,
    pub entries: u32,
}

/// A name, a link's target or the attributes of an entry that are longer than this are an attack.
const MAX_EXTENSION: u64 = 64 * 1024;
/// A configuration is some kilobytes.
const MAX_CONFIGURATION: u64 = 1024 * 1024;
/// What an owner reads about what was taken.
const MAX_NAMED: usize = 50;

#[derive(Debug)]
pub enum Failure {
    /// It is the archive's fault.
    Refused(Refused),
    /// It is ours: the backup could not be written.
    NotWritten(io::Error),
}

impl Failure {
    fn of(entry: &str, reason: impl Into<String>) -> Self {
        Self::Refused(Refused { entry: Some(entry.to_owned()), reason: reason.into() })
    }

    fn whole(reason: impl Into<String>) -> Self {
        Self::Refused(Refused { entry: None, reason: reason.into() })
    }
}

/// Reads `upload` and writes `backup`, for an OpenClaw of version `ours`.
///
/// What was written is worth something only after success.
pub fn normalise<W: Write>(
    upload: impl Read,
    backup: W,
    ours: &Version,
    limits: Limits,
) -> Result<(W, Report), Failure> {
    let trouble = Rc::new(Cell::new(None));
    let bounded = Bounded {
        inner: GzDecoder::new(upload),
        left: limits.unpacked_bytes,
        trouble: Rc::clone(&trouble),
    };
    let mut archive = Archive::new(bounded);
    let mut intake = Intake {
        emitter: Emitter::new(backup),
        limits,
        ours,
        trouble,
        root: Root::default(),
        entries: 0,
        taken: BTreeMap::new(),
        left_out: BTreeMap::new(),
        report: Report::default(),
    };
    let mut extension = Extension::default();
    let entries = archive.entries().map_err(|it| intake.unreadable(None, &it))?;
    for entry in entries.raw(true) {
        let entry = entry.map_err(|it| intake.unreadable(None, &it))?;
        intake.step(entry, &mut extension)?;
    }
    intake.finish()
}

/// What the entries before an entry say of it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

struct Intake<'a, W: Write> {
    emitter: Emitter<W>,
    limits: Limits,
    ours: &'a Version,
    trouble: Rc<Cell<Option<Trouble>>>,
    root: Root,
    entries: u32,
    /// Files by the name on top.
    taken: BTreeMap<String, u32>,
    left_out: BTreeMap<String, u32>,
    report: Report,
}

impl<W: Write> Intake<'_, W> {
    fn step<R: Read>(
        &mut self,
        mut entry: Entry<'_, R>,
        extension: &mut Extension,
    ) -> Result<(), Failure> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            let most = self.limits.entries;
            return Err(Failure::whole(format!("it has more than {most} entries")));
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => extension.name = Some(self.text(&mut entry)?),
            EntryType::GNULongLink => extension.link = Some(self.text(&mut entry)?),
            EntryType::XHeader => self.attributes(&mut entry, extension)?,
            // Of the archive as a whole: comments.
            EntryType::XGlobalHeader => drop(self.short(&mut entry, "the archive's comment")?),
            _ => {
                let Extension { name, link } = std::mem::take(extension);
                let name = name.unwrap_or_else(|| entry.header().path_bytes().into_owned());
                let link = link.or_else(|| Some(entry.header().link_name_bytes()?.into_owned()));
                self.take(&mut entry, &name, link.as_deref())?;
            }
        }
        Ok(())
    }

    /// A long name ends in a zero byte.
    fn text<R: Read>(&self, entry: &mut Entry<'_, R>) -> Result<Vec<u8>, Failure> {
        let mut text = self.short(entry, "a long name")?;
        while text.last() == Some(&0) {
            text.pop();
        }
        Ok(text)
    }

    fn attributes<R: Read>(
        &self,
        entry: &mut Entry<'_, R>,
        extension: &mut Extension,
    ) -> Result<(), Failure> {
        let bytes = self.short(entry, "an entry's attributes")?;
        for attribute in PaxExtensions::new(&bytes) {
            let odd = |_| Failure::whole("an entry's attributes cannot be read");
            let attribute = attribute.map_err(odd)?;
            match attribute.key().map_err(|_| Failure::whole("an attribute has an odd name"))? {
                "path" => extension.name = Some(attribute.value_bytes().to_vec()),
                "linkpath" => extension.link = Some(attribute.value_bytes().to_vec()),
                // Another size than the header's moves all that follows.
                "size" => return Err(Failure::whole("an entry claims a size of its own")),
                sparse if sparse.starts_with("GNU.sparse") => {
                    return Err(Failure::whole("a file has holes: pack it without `--sparse`"));
                }
                // Times, owners and the like.
                _ => (),
            }
        }
        Ok(())
    }

    fn short<R: Read>(&self, entry: &mut Entry<'_, R>, what: &str) -> Result<Vec<u8>, Failure> {
        let size = self.size(entry, what)?;
        if size > MAX_EXTENSION {
            return Err(Failure::whole(format!("{what} takes {size} bytes")));
        }
        self.all(entry, size, what)
    }

    fn all<R: Read>(
        &self,
        entry: &mut Entry<'_, R>,
        size: u64,
        name: &str,
    ) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|it| self.unreadable(Some(name), &it))?;
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(Failure::of(name, "is cut off")) }
    }

    fn size<R: Read>(&self, entry: &Entry<'_, R>, name: &str) -> Result<u64, Failure> {
        let size = entry.header().entry_size().map_err(|_| Failure::of(name, "has no size"))?;
        // Before anything is read for it.
        if size > self.limits.unpacked_bytes { Err(self.too_large()) } else { Ok(size) }
    }

    fn take<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        name: &[u8],
        link: Option<&[u8]>,
    ) -> Result<(), Failure> {
        let (shown, path) = path_of(name)?;
        let kind = entry.header().entry_type();
        if !matches!(
            kind,
            EntryType::Regular
                | EntryType::Continuous
                | EntryType::Directory
                | EntryType::Symlink
                | EntryType::Link
        ) {
            return Err(Failure::of(&shown, not_kept(kind)));
        }
        let mode = entry.header().mode().map_err(|_| Failure::of(&shown, "has no mode"))?;
        if kind != EntryType::Directory && mode & 0o6000 != 0 {
            return Err(Failure::of(&shown, "runs with the rights of somebody else (setuid)"));
        }
        let size = self.size(entry, &shown)?;
        let Some(path) = inside(&mut self.root, &shown, &path, kind)? else { return Ok(()) };
        let Some(top) = path.first().cloned() else { return Ok(()) };
        if names::is_configuration(&path) && kind.is_file() && path == ["openclaw.json"] {
            self.check_version(entry, &shown, size)?;
        }
        if names::is_left_out(&path) {
            let name =
                if path.len() > 1 && names::is_left_out(&path[..1]) { top } else { path.join("/") };
            *self.left_out.entry(name).or_default() += 1;
            return Ok(());
        }
        self.emitter.admit(&path, kind).map_err(|reason| Failure::of(&shown, reason))?;
        let mtime = entry.header().mtime().unwrap_or(0);
        match kind {
            EntryType::Directory => self.emitter.directory(&path, mtime),
            EntryType::Symlink | EntryType::Link => {
                let target = link.ok_or_else(|| Failure::of(&shown, "is a link to nowhere"))?;
                let target = link_inside(&mut self.root, &shown, &path, target, kind)?;
                self.emitter.link(&path, kind, &target, mtime).map_err(|it| match it {
                    emit::LinkFailure::Nowhere => {
                        Failure::of(&shown, "is a link to what the archive does not hold")
                    }
                    emit::LinkFailure::NotWritten(error) => Failure::NotWritten(error),
                })?;
                *self.taken.entry(top).or_default() += 1;
                return Ok(());
            }
            _ => {
                self.report.files += 1;
                self.report.bytes += size;
                *self.taken.entry(top).or_default() += 1;
                self.emitter.file(&path, entry, size, mode & 0o100 != 0, mtime)
            }
        }
        .map_err(|it| self.not_copied(&shown, it))
    }

    /// A state that a later OpenClaw has migrated is none for ours.
    fn check_version<R: Read>(
        &mut self,
        entry: &mut Entry<'_, R>,
        shown: &str,
        size: u64,
    ) -> Result<(), Failure> {
        if size > MAX_CONFIGURATION {
            return Err(Failure::of(shown, "is no configuration: it is too large"));
        }
        let bytes = self.all(entry, size, shown)?;
        let Some(theirs) = Version::in_configuration(&bytes) else { return Ok(()) };
        let version = theirs.parse::<Version>();
        let version = version.map_err(|_| {
            Failure::of(shown, format!("was written by an unknown OpenClaw, `{theirs}`"))
        })?;
        if version > *self.ours {
            let why = format!(
                "was written by OpenClaw {theirs}, which is newer than ours ({})",
                self.ours
            );
            return Err(Failure::of(shown, why));
        }
        self.report.version = Some(theirs);
        Ok(())
    }

    fn finish(mut self) -> Result<(W, Report), Failure> {
        if !["state", "agents", "workspace"].iter().any(|it| self.taken.contains_key(*it)) {
            return Err(Failure::whole(
                "it holds nothing of an OpenClaw: no file in `state`, `agents` or `workspace`",
            ));
        }
        self.report.taken = self.taken.into_keys().take(MAX_NAMED).collect();
        let left_out = self.left_out.into_iter().take(MAX_NAMED);
        self.report.left_out = left_out.map(|(name, entries)| LeftOut { name, entries }).collect();
        let written = self.emitter.finish().map_err(Failure::NotWritten)?;
        Ok((written, self.report))
    }

    /// Of a copy from one side to the other: whose fault it was, the reader knows.
    fn not_copied(&self, entry: &str, error: io::Error) -> Failure {
        match self.trouble.get() {
            Some(_) => self.unreadable(Some(entry), &error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Failure::of(entry, "is cut off")
            }
            None => Failure::NotWritten(error),
        }
    }

    fn unreadable(&self, entry: Option<&str>, error: &io::Error) -> Failure {
        let reason = match self.trouble.get() {
            Some(Trouble::TooLarge) => return self.too_large(),
            Some(Trouble::NotGzip) => "it is no archive that was packed by `tar -czf`".to_owned(),
            None => format!("it is no archive: {error}"),
        };
        Failure::Refused(Refused { entry: entry.map(str::to_owned), reason })
    }

    fn too_large(&self) -> Failure {
        let most = self.limits.unpacked_bytes / (1024 * 1024);
        Failure::whole(format!("it is larger than {most} MiB when it is unpacked"))
    }
}

fn not_kept(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Char | EntryType::Block => "is a device",
        EntryType::Fifo => "is a pipe",
        EntryType::GNUSparse => "is a file with holes: pack it without `--sparse`",
        _ => "is neither a file, a directory nor a link",
    }
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    TooLarge,
    NotGzip,
}

/// Reads so much and no more, whatever the archive says of itself.
struct Bounded<R> {
    inner: R,
    left: u64,
    trouble: Rc<Cell<Option<Trouble>>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read =
            self.inner.read(buffer).inspect_err(|_| self.trouble.set(Some(Trouble::NotGzip)))?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            self.trouble.set(Some(Trouble::TooLarge));
            io::Error::other("too large")
        })?;
        Ok(read)
    }
}
