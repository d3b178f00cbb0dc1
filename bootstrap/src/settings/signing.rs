//! The keys that sign: access tokens, and the certificates of settled pots.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::checks::not_the_default;
use super::reader::Reader;
use super::{Certificates, Mode, Sealing, Tokens};

pub(super) fn tokens(reader: &mut Reader, mode: Mode) -> Option<Tokens> {
    let given = reader.secret("tokens.signing_key");
    let file = reader.text("tokens.signing_key_file");
    let signing_key = match (given, file.is_empty()) {
        (Some(_), false) => {
            reader
                .problem("tokens.signing_key", "and tokens.signing_key_file are both given; only one may be");
            None
        }
        (Some(key), true) => of_text(reader, "tokens.signing_key", &key),
        (None, false) => of_file(reader, "tokens.signing_key_file", &file),
        (None, true) if mode == Mode::Development => {
            let fresh = new_signing_key();
            if fresh.is_none() {
                reader.problem("tokens.signing_key", "is empty, and making one failed");
            }
            fresh
        }
        (None, true) => {
            reader.problem(
                "tokens.signing_key",
                "must be given in production, here or in tokens.signing_key_file",
            );
            None
        }
    };
    let key_id = reader.some_text("tokens.key_id");
    let issuer = reader.some_text("tokens.issuer");
    let audience = reader.some_text("tokens.audience");
    let access_minutes: u32 = reader.number("tokens.access_minutes", &(1..=60));
    let access = Duration::from_secs(u64::from(access_minutes) * 60);
    let former_keys = public_keys(reader, "tokens.former_keys", Some(&key_id));
    Some(Tokens { signing_key: signing_key?, key_id, issuer, audience, access, former_keys })
}

/// Public keys by their ids, among which the one that signs is not again.
fn public_keys(reader: &mut Reader, key: &str, signs: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let mut ids: BTreeSet<_> = signs.map(str::to_owned).into_iter().collect();
    let mut keys = Vec::new();
    for text in reader.list(key) {
        let parsed =
            text.split_once(':').and_then(|(id, key)| Some((id.to_owned(), STANDARD.decode(key).ok()?)));
        match parsed.filter(|(_, key)| key.len() == 32) {
            Some((id, key)) if ids.insert(id.clone()) => keys.push((id, key)),
            Some(_) => reader.problem(key, "has two keys of the same id"),
            None => reader.problem(key, "must be id:base64 of the 32 bytes of a public key, each"),
        }
    }
    keys
}

pub(super) fn certificates(reader: &mut Reader, mode: Mode) -> Option<Certificates> {
    const KEY: &str = "certificates.signing_key";
    const FILE: &str = "certificates.signing_key_file";
    let given = reader.secret(KEY);
    let file = reader.text(FILE);
    let key_id = reader.some_text("certificates.key_id");
    let is_default = reader.is_default(KEY);
    let pem = match (given, file.is_empty()) {
        // The key of the defaults is the one that is used when no other is given.
        (Some(_), false) if !is_default => {
            reader.problem(KEY, format_args!("and {FILE} are both given; only one may be"));
            return None;
        }
        (_, false) => Some(of_file(reader, FILE, &file)?),
        (Some(key), true) => {
            not_the_default(reader, mode, KEY);
            Some(of_text(reader, KEY, &key)?)
        }
        (None, true) => None,
    };
    let sealing = pem
        .and_then(|pem| der(pem.expose_secret()))
        .map(|der| Sealing { key_id: key_id.clone(), key: SecretSlice::from(der) });
    let signs = sealing.is_some().then_some(key_id.as_str());
    let public_keys = public_keys(reader, "certificates.public_keys", signs);
    Some(Certificates { sealing, public_keys })
}

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

fn of_text(reader: &mut Reader, key: &str, text: &SecretString) -> Option<SecretString> {
    // An environment file has no way to write a line break.
    signing_key(reader, key, SecretString::from(text.expose_secret().replace("\\n", "\n")))
}

fn of_file(reader: &mut Reader, key: &str, file: &str) -> Option<SecretString> {
    if let Ok(pem) = std::fs::read_to_string(Path::new(file)) {
        signing_key(reader, key, SecretString::from(pem))
    } else {
        reader.problem(key, "names a file that cannot be read");
        None
    }
}

/// What stands between the first line and the last, if it is a key that signs.
fn der(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix(PEM_BEGIN)?.strip_suffix(PEM_END)?;
    let der = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).is_ok().then_some(der)
}

fn signing_key(reader: &mut Reader, key: &str, pem: SecretString) -> Option<SecretString> {
    if der(pem.expose_secret()).is_some() {
        Some(pem)
    } else {
        reader.problem(
            key,
            "must be an Ed25519 private key, PKCS#8 in PEM (openssl genpkey -algorithm ed25519)",
        );
        None
    }
}

fn new_signing_key() -> Option<SecretString> {
    let der = Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?;
    Some(SecretString::from(format!("{PEM_BEGIN}\n{}\n{PEM_END}\n", STANDARD.encode(der.as_ref()))))
}
