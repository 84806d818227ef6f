//! An archive in the form of our own backups: names that begin with `./`, one owner, plain modes.

use flate2::{Compression, write::GzEncoder};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};
use tar::{Builder, EntryType, Header};

/// Whom the agent's image runs as.
const OWNER: u64 = 1000;
/// Of a name, or a link's target, in a header.
const SHORT: usize = 100;

pub(super) struct Emitter<W: Write> {
    builder: Builder<GzEncoder<W>>,
    /// What has been written, by its name.
    written: BTreeMap<Vec<String>, EntryType>,
}

#[derive(Debug)]
pub(super) enum LinkFailure {
    Nowhere,
    NotWritten(io::Error),
}

impl<W: Write> Emitter<W> {
    pub(super) fn new(to: W) -> Self {
        let builder = Builder::new(GzEncoder::new(to, Compression::fast()));
        Self { builder, written: BTreeMap::new() }
    }

    /// Each name once, and nothing behind a link or a file. A directory may come again.
    pub(super) fn admit(&mut self, path: &[String], kind: EntryType) -> Result<(), &'static str> {
        let is_other = |length: usize| {
            self.written.get(&path[..length]).is_some_and(|it| *it != EntryType::Directory)
        };
        if (1..path.len()).any(is_other) {
            return Err("lies behind a link or a file");
        }
        match self.written.insert(path.to_vec(), kind) {
            None => Ok(()),
            Some(EntryType::Directory) if kind == EntryType::Directory => Ok(()),
            Some(_) => Err("is there twice"),
        }
    }

    pub(super) fn directory(&mut self, path: &[String], mtime: u64) -> io::Result<()> {
        let name = format!("./{}/", path.join("/"));
        self.put(header(EntryType::Directory, 0, 0o700, mtime), &name, None, io::empty())
    }

    /// Copies exactly `size` bytes of `content`.
    pub(super) fn file(
        &mut self,
        path: &[String],
        content: &mut impl Read,
        size: u64,
        runs: bool,
        mtime: u64,
    ) -> io::Result<()> {
        let name = format!("./{}", path.join("/"));
        let mode = if runs { 0o700 } else { 0o600 };
        let mut counted = Counted { inner: content, count: 0 };
        self.put(header(EntryType::Regular, size, mode, mtime), &name, None, &mut counted)?;
        if counted.count == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// `target` as a symbolic link says it, or the name of a file that was written.
    pub(super) fn link(
        &mut self,
        path: &[String],
        kind: EntryType,
        target: &str,
        mtime: u64,
    ) -> Result<(), LinkFailure> {
        let mut says = target.to_owned();
        if kind == EntryType::Link {
            let file: Vec<_> = target.split('/').map(str::to_owned).collect();
            if !self.written.get(&file).is_some_and(EntryType::is_file) {
                return Err(LinkFailure::Nowhere);
            }
            says = format!("./{target}");
        }
        let name = format!("./{}", path.join("/"));
        let header = header(kind, 0, 0o700, mtime);
        self.put(header, &name, Some(&says), io::empty()).map_err(LinkFailure::NotWritten)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.builder.into_inner()?.finish()
    }

    /// Not by the builder's own ways to name an entry, which drop the `./` that a backup's names begin with.
    fn put(
        &mut self,
        mut header: Header,
        name: &str,
        link: Option<&str>,
        content: impl Read,
    ) -> io::Result<()> {
        if let Some(link) = link {
            self.extend(EntryType::GNULongLink, link)?;
            fill(&mut header.as_old_mut().linkname, link);
        }
        self.extend(EntryType::GNULongName, name)?;
        fill(&mut header.as_old_mut().name, name);
        header.set_cksum();
        self.builder.append(&header, content)
    }

    fn extend(&mut self, kind: EntryType, text: &str) -> io::Result<()> {
        if text.len() <= SHORT {
            return Ok(());
        }
        let mut long = header(kind, text.len() as u64 + 1, 0o600, 0);
        fill(&mut long.as_old_mut().name, "././@LongLink");
        long.set_cksum();
        self.builder.append(&long, text.as_bytes().chain(&[0_u8][..]))
    }
}

fn header(kind: EntryType, size: u64, mode: u32, mtime: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(OWNER);
    header.set_gid(OWNER);
    header.set_mtime(mtime);
    header
}

fn fill(field: &mut [u8; SHORT], text: &str) {
    let length = text.len().min(SHORT);
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
}

struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}
