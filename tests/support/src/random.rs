//! Names that nobody can guess.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_LEN: usize = 21;

/// `prefix` followed by 21 letters and digits, as Dodo Payments names things.
pub fn id(prefix: &str) -> String {
    let mut bytes = [0_u8; BODY_LEN];
    fill(&mut bytes);
    let body = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
    prefix.chars().chain(body).collect()
}

/// A number in `0..limit`.
pub fn below(limit: u64) -> u64 {
    let mut bytes = [0_u8; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes) % limit.max(1)
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system has random numbers");
}
