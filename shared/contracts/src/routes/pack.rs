//! Text in few characters: deflate, then base64.
//!
//! A parameter holds 4,096 characters and there are ten thousand of them: density is what lets the
//! free tier carry every route.

use super::Malformed;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use std::io::{Read, Write};

/// No honest parameter unpacks to more. Whoever sends more wants to fill our memory.
const MAX_UNPACKED_BYTES: u64 = 256 * 1024;

pub(super) fn pack(text: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    STANDARD_NO_PAD.encode(packed.expect("writing to memory does not fail"))
}

pub(super) fn unpack(packed: &str) -> Result<String, Malformed> {
    let packed = STANDARD_NO_PAD.decode(packed).map_err(|_| Malformed("body is not base64"))?;
    let mut text = Vec::new();
    DeflateDecoder::new(packed.as_slice())
        .take(MAX_UNPACKED_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|_| Malformed("body is not deflated"))?;
    if text.len() as u64 > MAX_UNPACKED_BYTES {
        return Err(Malformed("body unpacks to too much"));
    }
    String::from_utf8(text).map_err(|_| Malformed("body is not text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_packed_unpacks(text in ".{0,400}") {
            prop_assert_eq!(unpack(&pack(&text)), Ok(text));
        }

        #[test]
        fn nothing_makes_it_panic(noise in "[A-Za-z0-9+/]{0,200}") {
            let _ = unpack(&noise);
        }
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let bomb = pack(&" ".repeat(3_000_000));
        assert!(bomb.len() < 4_096, "small enough to be stored: {}", bomb.len());
        assert_eq!(unpack(&bomb), Err(Malformed("body unpacks to too much")));
    }
}
