//! A table as text that people and nginx read: the form of `tenant-ports.conf`.
//!
//! ```text
//! # routes incarnation=1 epoch=3 sequence=42 count=2
//! "mybot-42.1mins.in" 13.200.40.172:18789;
//! "other-43.1mins.in" page:asleep;
//! ```

use contracts::routes::{Changes, Malformed, Routes, Stamp, rows};
use domain::route::Target;

/// A whole table.
pub(crate) fn table(stamp: Stamp, routes: &Routes) -> String {
    let mut text = header(stamp, routes.len());
    for (host, target) in routes {
        push_row(&mut text, host.as_str(), &rows::text_of(*target));
    }
    text
}

/// What turns another table into the one of `stamp`; `-` withdraws.
pub(crate) fn changes(stamp: Stamp, changes: &Changes) -> String {
    let mut text = header(stamp, changes.len());
    for (host, target) in changes {
        push_row(&mut text, host.as_str(), &target.map_or_else(|| "-".to_owned(), rows::text_of));
    }
    text
}

fn header(Stamp { incarnation, epoch, sequence }: Stamp, count: usize) -> String {
    format!("# routes incarnation={incarnation} epoch={epoch} sequence={sequence} count={count}\n")
}

fn push_row(text: &mut String, host: &str, target: &str) {
    text.push('"');
    text.push_str(host);
    text.push_str("\" ");
    text.push_str(target);
    text.push_str(";\n");
}

/// Reverses [`table`]; refuses what is truncated. Never panics, whatever `text` is.
pub(crate) fn parse(text: &str) -> Result<(Stamp, Routes), Malformed> {
    let (header, body) = text.split_once('\n').ok_or(Malformed("no header"))?;
    let mut words = header.strip_prefix("# routes ").ok_or(Malformed("no header"))?.split(' ');
    let stamp = Stamp {
        incarnation: field(words.next(), "incarnation=")?,
        epoch: field(words.next(), "epoch=")?,
        sequence: field(words.next(), "sequence=")?,
    };
    let count: usize = field(words.next(), "count=")?;
    let routes = body.lines().map(row).collect::<Result<Routes, _>>()?;
    // Hosts named twice are missing from the count, too.
    if routes.len() == count && body.lines().count() == count {
        Ok((stamp, routes))
    } else {
        Err(Malformed("truncated"))
    }
}

fn row(line: &str) -> Result<(domain::route::HostName, Target), Malformed> {
    let (host, target) = line
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix(';'))
        .and_then(|it| it.split_once("\" "))
        .ok_or(Malformed("malformed row"))?;
    let host = host.to_owned().try_into().map_err(|_| Malformed("not a host name"))?;
    Ok((host, rows::target_of(target)?))
}

fn field<N: std::str::FromStr>(word: Option<&str>, name: &str) -> Result<N, Malformed> {
    word.and_then(|it| it.strip_prefix(name))
        .and_then(|it| it.parse().ok())
        .ok_or(Malformed("malformed header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# routes incarnation=1 epoch=3 sequence=42 count=2\n\
                        \"mybot-42.1mins.in\" 13.200.40.172:18789;\n\
                        \"other-43.1mins.in\" page:asleep;\n";

    #[test]
    fn a_table_reads_as_it_was_written() {
        let (stamp, routes) = parse(TEXT).unwrap();
        assert_eq!(stamp, Stamp { incarnation: 1, epoch: 3, sequence: 42 });
        assert_eq!(table(stamp, &routes), TEXT);
    }

    #[test]
    fn a_damaged_file_is_refused() {
        for end in 0..TEXT.len() - 1 {
            assert!(parse(&TEXT[..end]).is_err(), "cut off at {end}");
        }
        let twice = TEXT.replace("other-43", "mybot-42");
        assert!(parse(&twice).is_err(), "a host twice");
    }
}
