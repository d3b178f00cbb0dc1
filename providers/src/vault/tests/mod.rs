//! What is done to a document or a key outside the vault is noticed inside it, and nothing that was not verified comes out.

mod container;
mod keys;

use super::*;

fn place(number: u128) -> Place {
    Place { subject: Uuid::from_u128(number), document: Uuid::from_u128(number + 1), kind: "identity_card" }
}

/// Bytes that look like nothing, the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    std::iter::repeat_with(|| next().to_le_bytes()).flatten().take(length).collect()
}
