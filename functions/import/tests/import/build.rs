//! Archives as somebody makes them, with whatever they like in each header.

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::io::{Read, Write};
use tar::{Archive, Builder, EntryType, Header};

#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) kind: EntryType,
    pub(crate) mode: u32,
    pub(crate) link: String,
    pub(crate) content: Vec<u8>,
    /// What the header says, if not the truth.
    pub(crate) size: Option<u64>,
}

pub(crate) fn file(name: &str, content: &str) -> Made {
    Made {
        name: name.to_owned(),
        kind: EntryType::Regular,
        mode: 0o644,
        link: String::new(),
        content: content.into(),
        size: None,
    }
}

pub(crate) fn of_kind(kind: EntryType, name: &str) -> Made {
    Made { kind, ..file(name, "") }
}

pub(crate) fn link(kind: EntryType, name: &str, target: &str) -> Made {
    Made { link: target.to_owned(), ..of_kind(kind, name) }
}

/// An extended header, which is about the entry after it.
pub(crate) fn attribute(key: &str, value: &str) -> Made {
    let length = |it: usize| it + format!(" {key}={value}\n").len();
    let digits = (1..6).find(|it| length(*it).to_string().len() == *it).expect("short");
    let record = format!("{} {key}={value}\n", length(digits));
    Made { kind: EntryType::XHeader, ..file("PaxHeaders/x", &record) }
}

/// A state directory that nothing is wrong with, below `root`.
pub(crate) fn good(root: &str) -> Vec<Made> {
    vec![
        of_kind(EntryType::Directory, &format!("{root}state/")),
        file(&format!("{root}state/openclaw.sqlite"), "state"),
        file(&format!("{root}workspace/AGENTS.md"), "be kind"),
    ]
}

pub(crate) fn tar(entries: &[Made]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for it in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(it.kind);
        header.set_mode(it.mode);
        header.set_uid(501);
        header.set_mtime(7);
        header.set_size(it.size.unwrap_or(it.content.len() as u64));
        let old = header.as_old_mut();
        old.name[..it.name.len()].copy_from_slice(it.name.as_bytes());
        old.linkname[..it.link.len()].copy_from_slice(it.link.as_bytes());
        header.set_cksum();
        builder.append(&header, it.content.as_slice()).expect("into memory");
    }
    builder.into_inner().expect("into memory")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("into memory");
    encoder.finish().expect("into memory")
}

pub(crate) fn archive(entries: &[Made]) -> Vec<u8> {
    gzip(&tar(entries))
}

/// What a backup holds: name, mode, and its content or where it leads.
pub(crate) fn read(backup: &[u8]) -> Vec<(String, u32, String)> {
    let mut archive = Archive::new(GzDecoder::new(backup));
    let entries = archive.entries().expect("an archive");
    let one = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.expect("an entry");
        let name = String::from_utf8(entry.path_bytes().into_owned()).expect("text");
        let header = entry.header();
        assert_eq!((header.uid().ok(), header.gid().ok()), (Some(1000), Some(1000)), "{name}");
        let mode = header.mode().expect("a mode");
        let link =
            entry.link_name_bytes().map(|it| String::from_utf8(it.into_owned()).expect("text"));
        let mut content = String::new();
        entry.read_to_string(&mut content).expect("text");
        (name, mode, link.unwrap_or(content))
    };
    entries.map(one).collect()
}
