//! How much of Parameter Store the route table takes.

use crate::bench::{packing::PackingError, table::Table};
use contracts::routes::{
    Changes, Routes, Stamp,
    chunk::{Chunk, encode},
    head::{Base, Head},
    partition::Prefix,
};
use domain::{
    route::{HostName, Target},
    worker::FIRST_PORT,
};
use std::net::Ipv4Addr;

const NUMBERS: [u32; 3] = [1_000, 10_000, 100_000];
const ON_A_WORKER: u32 = 10;
/// 10.40.0.0
const NETWORK: u32 = (10 << 24) + (40 << 16);
/// Standard parameters of one account and region.
const MAX_PARAMETERS: usize = 10_000;
const NAMES: [&str; 6] = ["atlas", "bot", "mail", "family", "acme", "luna"];

pub(super) fn table() -> Result<String, PackingError> {
    let title = "The route table in Parameter Store";
    let headers = [
        "routes",
        "chunks",
        "of 10,000 parameters",
        "characters",
        "a route",
        "head, characters",
        "changes that fit beside",
    ];
    let mut table = Table::new(title, &headers);
    for number in NUMBERS {
        let mut random = fastrand::Rng::with_seed(1);
        let chunks = encode(Prefix::ROOT, routes(number, &mut random)?)?;
        let characters: usize = chunks.iter().map(|it| it.text.len()).sum();
        let mut head = head(&chunks, &mut random);
        let head_characters = head.encode().len();
        table.row([
            number.to_string(),
            chunks.len().to_string(),
            format!("{:.1} %", 100.0 * figure(chunks.len()) / figure(MAX_PARAMETERS)),
            characters.to_string(),
            format!("{:.1}", figure(characters) / f64::from(number)),
            head_characters.to_string(),
            changes_that_fit(&mut head, &mut random)?.to_string(),
        ]);
    }
    Ok(table.markdown())
}

/// Hosts on as many workers as they need, whose addresses are anywhere in a private network.
fn routes(number: u32, random: &mut fastrand::Rng) -> Result<Routes, PackingError> {
    let workers = (0..number.div_ceil(ON_A_WORKER)).map(|_| random.u16(..));
    let addresses: Vec<u32> = workers.map(|it| NETWORK + u32::from(it)).collect();
    let slots =
        addresses.iter().flat_map(|address| (0..ON_A_WORKER).map(move |slot| (address, slot)));
    slots.map(|(address, slot)| Ok((host(random)?, target(*address, slot)))).collect()
}

/// As owners name a bot, and the platform numbers it: `atlas-bot17-4k2x9q7hzd`.
fn host(random: &mut fastrand::Rng) -> Result<HostName, PackingError> {
    let name = NAMES[random.usize(..NAMES.len())];
    let more = match random.u8(..3) {
        0 => String::new(),
        1 => random.u16(..1000).to_string(),
        _ => format!(
            "-{}",
            std::iter::repeat_with(|| random.lowercase()).take(5).collect::<String>()
        ),
    };
    let id: String = std::iter::repeat_with(|| random.digit(36)).take(10).collect();
    let host = format!("{name}{more}-{id}.1mins.in");
    HostName::try_from(host.clone()).map_err(|_| PackingError::Name(host))
}

fn target(address: u32, slot: u32) -> Target {
    let slot = u16::try_from(slot).unwrap_or_default();
    Target::Upstream { address: Ipv4Addr::from(address), port: FIRST_PORT + slot }
}

/// A head over `chunks` whose versions have wandered apart.
fn head(chunks: &[Chunk], random: &mut fastrand::Rng) -> Head {
    let mut base = Base::default();
    for it in chunks {
        base.replace(it.prefix, None, &[(it.prefix, random.u64(1..1000), it.text.as_str())]);
    }
    let stamp = Stamp { incarnation: 1, epoch: 1_000, sequence: 1_000_000 };
    Head { stamp, base, log: Changes::new() }
}

fn changes_that_fit(head: &mut Head, random: &mut fastrand::Rng) -> Result<usize, PackingError> {
    while head.fits() {
        head.log.insert(host(random)?, Some(target(NETWORK, random.u32(..ON_A_WORKER))));
    }
    Ok(head.log.len().saturating_sub(1))
}

fn figure(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
