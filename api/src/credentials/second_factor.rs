//! The second factor: six digits that a device computes from a shared secret and the time (RFC 6238, SHA-1 as all
//! authenticators have it).

use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use aws_lc_rs::rand;
use chrono::{DateTime, Utc};
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::keyed::NoRandomness;

const STEP_SECONDS: i64 = 30;
const SECRET_BYTES: usize = 20;

/// The shared secret.
pub(crate) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
        rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Self(bytes))
    }

    pub(crate) const fn from_bytes(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What an authenticator reads, most often as a QR code.
    pub(crate) fn uri(&self, account: &str) -> String {
        let mut uri = Url::parse("otpauth://totp/").ok();
        if let Some(uri) = &mut uri {
            uri.set_path(&format!("WOLO:{account}"));
            uri.query_pairs_mut().append_pair("secret", &base32(&self.0)).append_pair("issuer", "WOLO");
        }
        uri.map(String::from).unwrap_or_default()
    }

    /// The time step whose code this is, if it is one of now or of a step beside it. A code must count once, so the step
    /// has to be compared with the last that did.
    pub(crate) fn step_of_code(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let here = step_of(now);
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        // All three are computed, whichever is right.
        [here - 1, here, here + 1].into_iter().fold(None, |found, step| {
            let right = aws_lc_rs::constant_time::verify_slices_are_equal(
                code_of(&key, step).as_bytes(),
                code.as_bytes(),
            );
            if right.is_ok() { Some(step) } else { found }
        })
    }
}

/// The time step of an instant.
pub(crate) fn step_of(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP_SECONDS)
}

fn code_of(key: &hmac::Key, step: i64) -> String {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let offset = usize::from(hash.last().copied().unwrap_or(0) & 0x0f);
    let four: [u8; 4] = hash.get(offset..offset + 4).and_then(|four| four.try_into().ok()).unwrap_or([0; 4]);
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}

/// RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[usize::try_from((held >> bits) & 31).unwrap_or(0)]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[usize::try_from((held << (5 - bits)) & 31).unwrap_or(0)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::from_bytes(Zeroizing::new(b"12345678901234567890".to_vec()))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().step_of_code(code, at(seconds)), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_a_step_early_or_late_and_no_more() {
        for (seconds, counts) in [(59 - 60, false), (59 - 30, true), (59 + 30, true), (59 + 61, false)] {
            assert_eq!(secret().step_of_code("287082", at(seconds)).is_some(), counts, "{seconds}");
        }
        assert_eq!(secret().step_of_code("287083", at(59)), None);
        assert_eq!(secret().step_of_code("", at(59)), None);
    }

    #[test]
    fn the_secret_is_written_as_authenticators_read_it() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        let uri = secret().uri("+221•••••67");
        assert!(uri.ends_with("?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=WOLO"), "{uri}");
        assert!(uri.starts_with("otpauth://totp/WOLO:"), "{uri}");
    }
}
