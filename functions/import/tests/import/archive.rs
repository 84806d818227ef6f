//! Archives, good and hostile.

use crate::build::{Made, archive, attribute, file, good, gzip, link, of_kind, read, tar};
use contracts::import::{LeftOut, Refused, Report};
use import::{Failure, Limits, Version, normalise};
use tar::EntryType as Kind;

const LIMITS: Limits = Limits { unpacked_bytes: 1024 * 1024, entries: 40 };

fn ours() -> Version {
    "2026.9.6".parse().expect("a version")
}

fn take(upload: &[u8]) -> Result<(Vec<u8>, Report), Refused> {
    normalise(upload, Vec::new(), &ours(), LIMITS).map_err(|failure| match failure {
        Failure::Refused(refused) => refused,
        Failure::NotWritten(error) => panic!("memory is full: {error}"),
    })
}

fn with(more: impl IntoIterator<Item = Made>) -> Vec<Made> {
    good("").into_iter().chain(more).collect()
}

#[test]
fn a_state_directory_becomes_a_backup_however_it_was_packed() {
    for root in ["", "./", ".openclaw/", "./.openclaw/", "home/node/.openclaw/"] {
        let parent = of_kind(Kind::Directory, "home/");
        let entries: Vec<_> = std::iter::once(parent).chain(good(root)).collect();
        let (backup, report) = take(&archive(&entries)).expect(root);
        let mut held = read(&backup);
        held.retain(|it| !it.0.ends_with('/'));
        let expected = [
            ("./state/openclaw.sqlite".to_owned(), 0o600, "state".to_owned()),
            ("./workspace/AGENTS.md".to_owned(), 0o600, "be kind".to_owned()),
        ];
        assert_eq!(held, expected, "{root}");
        assert_eq!((report.files, report.bytes), (2, 12), "{root}");
        assert_eq!(report.taken, ["state", "workspace"], "{root}");
    }
}

#[test]
fn long_names_links_and_programs_survive() {
    let long = format!("workspace/{}/{}", "a".repeat(90), "b".repeat(90));
    let entries = with([
        attribute("path", &long),
        file("short", "long"),
        Made { mode: 0o755, ..file("workspace/run.sh", "#!/bin/sh") },
        link(Kind::Symlink, "workspace/skills/latest", "../AGENTS.md"),
        link(Kind::Link, "workspace/same", "workspace/AGENTS.md"),
        Made {
            content: format!("{}/c\0", "workspace/".to_owned() + &"d".repeat(120)).into(),
            ..of_kind(Kind::GNULongName, "././@LongLink")
        },
        file("cut", "gnu"),
    ]);
    let held = read(&take(&archive(&entries)).expect("is fine").0);
    let find = |name: &str| held.iter().find(|it| it.0 == name).expect(name).clone();
    assert_eq!(find(&format!("./{long}")).2, "long");
    assert_eq!(find("./workspace/run.sh").1, 0o700);
    assert_eq!(find("./workspace/skills/latest").2, "../AGENTS.md");
    assert_eq!(find("./workspace/same").2, "./workspace/AGENTS.md");
    assert_eq!(find(&format!("./workspace/{}/c", "d".repeat(120))).2, "gnu");
}

#[test]
fn what_belongs_to_a_platform_is_left_out_and_named() {
    let configuration =
        r#"{"meta":{"lastTouchedVersion":"2026.9.1"},"gateway":{"auth":{"token":"t0p"}}}"#;
    let entries = with([
        file("openclaw.json", configuration),
        file("openclaw.json.bak.2", configuration),
        file(".env", "KEY=t0p"),
        file("cache/a", "t0p"),
        file("cache/b", "t0p"),
        file("agents/main/agent/auth-profiles.json", "t0p"),
        file("state/gateway-lock.sqlite", ""),
    ]);
    let (backup, report) = take(&archive(&entries)).expect("is fine");
    assert!(read(&backup).iter().all(|it| !it.2.contains("t0p")), "a key of elsewhere came along");
    let left = |name: &str, entries| LeftOut { name: name.to_owned(), entries };
    let expected = [
        left(".env", 1),
        left("agents/main/agent/auth-profiles.json", 1),
        left("cache", 2),
        left("openclaw.json", 1),
        left("openclaw.json.bak.2", 1),
        left("state/gateway-lock.sqlite", 1),
    ];
    assert_eq!(report.left_out, expected);
    assert_eq!(report.version.as_deref(), Some("2026.9.1"));
}

/// What it is, what an archive has beside what is good, which entry is named, and a part of the reason.
type Case = (&'static str, Vec<Made>, &'static str, &'static str);

fn are_refused(cases: Vec<Case>) {
    for (case, more, entry, reason) in cases {
        let refused = take(&archive(&with(more))).expect_err(case);
        assert_eq!(refused.entry.as_deref(), Some(entry), "{case}: {refused:?}");
        assert!(refused.reason.contains(reason), "{case}: {refused:?}");
    }
}

#[test]
fn a_hostile_entry_is_refused_by_its_name() {
    let symlink = |name: &str, to: &str| vec![link(Kind::Symlink, name, to)];
    let hardlink = |name: &str, to: &str| vec![link(Kind::Link, name, to)];
    let cases: Vec<Case> = vec![
        ("absolute", vec![file("/etc/passwd", "x")], "/etc/passwd", "absolute"),
        ("up", vec![file("workspace/../../x", "x")], "workspace/../../x", "`..`"),
        ("up, by attribute", vec![attribute("path", "../x"), file("x", "x")], "../x", "`..`"),
        ("newline", vec![file("workspace/a\nb", "x")], "workspace/a\\nb", "control characters"),
        ("link up", symlink("workspace/l", "../../x"), "workspace/l", "leads out"),
        ("link to all", symlink("workspace/l", "/etc"), "workspace/l", "leads out"),
        ("link up behind a name", symlink("a/l", "b/../../x"), "a/l", "leads out"),
        (
            "link by attribute",
            vec![attribute("linkpath", "/etc"), link(Kind::Symlink, "l", "x")],
            "l",
            "leads out",
        ),
        ("hard link up", hardlink("workspace/h", "../x"), "workspace/h", "leads out"),
        ("hard link to all", hardlink("workspace/h", "/etc/shadow"), "workspace/h", "leads out"),
        (
            "hard link to nothing",
            hardlink("workspace/h", "workspace/none"),
            "workspace/h",
            "does not hold",
        ),
        (
            "hard link to what is left out",
            vec![file("openclaw.json", "{}"), link(Kind::Link, "workspace/h", "openclaw.json")],
            "workspace/h",
            "does not hold",
        ),
        (
            "behind a link",
            vec![link(Kind::Symlink, "workspace/l", "skills"), file("workspace/l/x", "x")],
            "workspace/l/x",
            "behind a link",
        ),
        (
            "behind a file",
            vec![file("workspace/AGENTS.md/x", "x")],
            "workspace/AGENTS.md/x",
            "behind",
        ),
        ("twice", vec![file("workspace/AGENTS.md", "x")], "workspace/AGENTS.md", "twice"),
    ];
    are_refused(cases);
}

#[test]
fn what_is_no_file_of_ours_is_refused_by_its_name() {
    let cases: Vec<Case> = vec![
        ("device", vec![of_kind(Kind::Char, "workspace/null")], "workspace/null", "device"),
        ("disk", vec![of_kind(Kind::Block, "workspace/sda")], "workspace/sda", "device"),
        ("pipe", vec![of_kind(Kind::Fifo, "workspace/p")], "workspace/p", "pipe"),
        ("holes", vec![of_kind(Kind::GNUSparse, "workspace/s")], "workspace/s", "holes"),
        (
            "a kind of tomorrow",
            vec![of_kind(Kind::new(b'Z'), "workspace/z")],
            "workspace/z",
            "neither",
        ),
        (
            "setuid",
            vec![Made { mode: 0o4755, ..file("workspace/su", "x") }],
            "workspace/su",
            "setuid",
        ),
        (
            "setgid",
            vec![Made { mode: 0o2755, ..file("workspace/sg", "x") }],
            "workspace/sg",
            "setuid",
        ),
        (
            "a later OpenClaw",
            vec![file("openclaw.json", r#"{"meta":{"lastTouchedVersion":"2026.10.1"}}"#)],
            "openclaw.json",
            "newer than ours",
        ),
        (
            "an unknown OpenClaw",
            vec![file("openclaw.json", r#"{"meta":{"lastTouchedVersion":"nightly"}}"#)],
            "openclaw.json",
            "unknown OpenClaw",
        ),
    ];
    are_refused(cases);
}

#[test]
fn an_archive_that_is_wrong_as_a_whole_is_refused() {
    let many = (0..50).map(|it| file(&format!("workspace/{it}"), ""));
    let bomb = Made { content: vec![0; 2 * 1024 * 1024], ..file("workspace/zeros", "") };
    let claims = Made { size: Some(1 << 40), ..file("workspace/claims", "") };
    let whole = archive(&good(""));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "packed by `tar -czf`"),
        ("no gzip", tar(&good("")), "packed by `tar -czf`"),
        ("no tar", gzip(&[7; 2048]), "no archive"),
        ("empty", gzip(&[]), "nothing of an OpenClaw"),
        ("something else", archive(&[file("holiday/beach.jpg", "x")]), "nothing of an OpenClaw"),
        ("too many", archive(&with(many)), "more than 40 entries"),
        ("a bomb", archive(&with([bomb])), "larger than 1 MiB"),
        ("a claim", archive(&with([claims])), "larger than 1 MiB"),
        ("cut off", whole[..whole.len() - 20].to_vec(), "packed by `tar -czf`"),
        (
            "its own size",
            archive(&with([attribute("size", "9"), file("x", "x")])),
            "size of its own",
        ),
        (
            "holes by attribute",
            archive(&with([attribute("GNU.sparse.major", "1"), file("workspace/s", "x")])),
            "--sparse",
        ),
        (
            "a name without end",
            archive(&with([Made {
                content: vec![b'a'; 100_000],
                ..of_kind(Kind::GNULongName, "././@LongLink")
            }])),
            "takes 100000 bytes",
        ),
    ];
    for (case, upload, reason) in cases {
        let refused = take(&upload).expect_err(case);
        assert!(refused.reason.contains(reason), "{case}: {refused:?}");
    }
}

#[test]
fn what_lies_beside_the_state_directory_is_refused() {
    let entries: Vec<_> = good(".openclaw/").into_iter().chain([file("id_rsa", "x")]).collect();
    let refused = take(&archive(&entries)).expect_err("is beside it");
    assert_eq!(refused.entry.as_deref(), Some("id_rsa"));
}

/// Whatever single byte is another one, nothing of ours fails, and no name leads out.
#[test]
fn no_damage_gets_past_the_check() {
    let whole = tar(&with([link(Kind::Symlink, "workspace/l", "AGENTS.md")]));
    for place in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x5a;
        if let Ok((backup, _)) = take(&gzip(&damaged)) {
            let held = read(&backup);
            assert!(
                held.iter().all(|it| it.0.starts_with("./") && !it.0.contains("..")),
                "{place}"
            );
        }
    }
}
