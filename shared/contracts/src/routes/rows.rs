//! Hosts and their targets as lines of text.
//!
//! Nearly all hosts end alike, so the ending is written once: the first line is `*.{domain}`, and a
//! host of that domain is only its first label.

use super::{Changes, MAX_PARAMETER_CHARS, Malformed, Routes};
use domain::route::{HostName, Page, Target};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// `13.200.40.172:18789` or `page:asleep`.
pub fn text_of(target: Target) -> String {
    match target {
        Target::Upstream { address, port } => format!("{address}:{port}"),
        Target::Page(page) => format!("{PAGE}{}", name_of(page)),
    }
}

/// Reverses [`text_of`].
pub fn target_of(text: &str) -> Result<Target, Malformed> {
    if let Some(name) = text.strip_prefix(PAGE) {
        return PAGES
            .into_iter()
            .find(|page| name_of(*page) == name)
            .map(Target::Page)
            .ok_or(Malformed("no such page"));
    }
    let (address, port) = text.split_once(':').ok_or(Malformed("target without a port"))?;
    let address: Ipv4Addr = address.parse().map_err(|_| Malformed("target without an address"))?;
    match port.parse() {
        Ok(port) if port != 0 => Ok(Target::Upstream { address, port }),
        _ => Err(Malformed("target with an impossible port")),
    }
}

/// No parameter holds more: at 5 characters a route nothing fits. Bounds what a reader unpacks.
pub(super) const MAX_ROWS: usize = MAX_PARAMETER_CHARS / 5;

const PAGE: &str = "page:";
const WITHDRAWN: &str = "-";
const PAGES: [Page; 5] =
    [Page::Provisioning, Page::Failed, Page::Asleep, Page::Stopped, Page::Suspended];

fn name_of(page: Page) -> &'static str {
    match page {
        Page::Provisioning => "provisioning",
        Page::Failed => "failed",
        Page::Asleep => "asleep",
        Page::Stopped => "stopped",
        Page::Suspended => "suspended",
    }
}

pub(super) fn write_routes(routes: &Routes) -> String {
    write(routes.iter().map(|(host, target)| (host, Some(*target))))
}

pub(super) fn write_changes(changes: &Changes) -> String {
    write(changes.iter().map(|(host, target)| (host, *target)))
}

/// Reads lines that withdraw nothing.
pub(super) fn read_routes(text: &str) -> Result<Routes, Malformed> {
    let rows = read_changes(text)?.into_iter();
    rows.map(|(host, target)| Ok((host, target.ok_or(Malformed("withdrawn host in a chunk"))?)))
        .collect()
}

pub(super) fn read_changes(text: &str) -> Result<Changes, Malformed> {
    let (first, rows) = text.split_once('\n').ok_or(Malformed("no domain"))?;
    let domain = first.strip_prefix("*.").ok_or(Malformed("no domain"))?;
    let mut changes = Changes::new();
    for row in rows.lines() {
        let (name, target) = row.split_once(' ').ok_or(Malformed("host without a target"))?;
        let target = if target == WITHDRAWN { None } else { Some(target_of(target)?) };
        if changes.insert(full(name, domain)?, target).is_some() {
            return Err(Malformed("host named twice"));
        }
    }
    Ok(changes)
}

fn write<'a>(rows: impl Iterator<Item = (&'a HostName, Option<Target>)> + Clone) -> String {
    let domain = commonest_domain(rows.clone().map(|(host, _)| host.as_str()));
    let mut text = format!("*.{domain}\n");
    for (host, target) in rows {
        text.push_str(&short(host.as_str(), domain));
        text.push(' ');
        text.push_str(&target.map_or_else(|| WITHDRAWN.to_owned(), text_of));
        text.push('\n');
    }
    text
}

/// A host of `domain` is its first label; every other one is written out with a dot at its end,
/// which no host has.
fn short(host: &str, domain: &str) -> String {
    match host.split_once('.') {
        Some((label, rest)) if rest == domain => label.to_owned(),
        _ => format!("{host}."),
    }
}

fn full(name: &str, domain: &str) -> Result<HostName, Malformed> {
    match name.strip_suffix('.') {
        Some(host) => host.to_owned(),
        None => format!("{name}.{domain}"),
    }
    .try_into()
    .map_err(|_| Malformed("not a host name"))
}

fn commonest_domain<'a>(hosts: impl Iterator<Item = &'a str>) -> &'a str {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, domain) in hosts.filter_map(|it| it.split_once('.')) {
        *counts.entry(domain).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or("", |(domain, _)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_as_it_was_written() {
        let cases = ["13.200.40.172:18789", "page:asleep", "page:failed", "0.0.0.0:1"];
        for text in cases {
            assert_eq!(target_of(text).map(text_of).as_deref(), Ok(text));
        }
        for text in ["", "page:", "page:home", "13.200.40:1", "1.2.3.4", "1.2.3.4:0", "1.2.3.4:x"] {
            assert!(target_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_of_other_domains_are_written_out() {
        let host = |it: &str| HostName::try_from(it.to_owned()).unwrap();
        let asleep = Target::Page(Page::Asleep);
        let changes = Changes::from([
            (host("a-1.1mins.in"), Some(asleep)),
            (host("b-2.1mins.in"), None),
            (host("bot.example.org"), Some(asleep)),
            (host("intranet"), Some(asleep)),
        ]);
        let text = write_changes(&changes);
        let rows = "a-1 page:asleep\nb-2 -\nbot.example.org. page:asleep\nintranet. page:asleep\n";
        assert_eq!(text, format!("*.1mins.in\n{rows}"));
        assert_eq!(read_changes(&text), Ok(changes));
    }
}
