//! The key that signs tokens, and those that signed before: from where they may come, and what they must be.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::reader::Reader;
use super::{Mode, Tokens};

pub(super) fn tokens(reader: &mut Reader, mode: Mode) -> Option<Tokens> {
    let given = reader.secret("tokens.signing_key");
    let file = reader.text("tokens.signing_key_file");
    let signing_key = match (given, file.is_empty()) {
        (Some(_), false) => {
            reader
                .problem("tokens.signing_key", "and tokens.signing_key_file are both given; only one may be");
            None
        }
        (Some(key), true) => {
            // An environment file has no way to write a line break.
            let pem = SecretString::from(key.expose_secret().replace("\\n", "\n"));
            signing_key(reader, "tokens.signing_key", pem)
        }
        (None, false) => {
            if let Ok(pem) = std::fs::read_to_string(Path::new(&file)) {
                signing_key(reader, "tokens.signing_key_file", SecretString::from(pem))
            } else {
                reader.problem("tokens.signing_key_file", "names a file that cannot be read");
                None
            }
        }
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
    let former_keys = former_keys(reader, &key_id);
    Some(Tokens { signing_key: signing_key?, key_id, issuer, audience, access, former_keys })
}

fn former_keys(reader: &mut Reader, key_id: &str) -> Vec<(String, Vec<u8>)> {
    let mut ids = BTreeSet::from([key_id.to_owned()]);
    let mut keys = Vec::new();
    for text in reader.list("tokens.former_keys") {
        let parsed =
            text.split_once(':').and_then(|(id, key)| Some((id.to_owned(), STANDARD.decode(key).ok()?)));
        match parsed.filter(|(_, key)| key.len() == 32) {
            Some((id, key)) if ids.insert(id.clone()) => keys.push((id, key)),
            Some(_) => reader.problem("tokens.former_keys", "has two keys of the same id"),
            None => reader
                .problem("tokens.former_keys", "must be id:base64 of the 32 bytes of a public key, each"),
        }
    }
    keys
}

const PEM_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

fn signing_key(reader: &mut Reader, key: &str, pem: SecretString) -> Option<SecretString> {
    let body = pem.expose_secret().trim().strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix(PEM_END));
    let der = body.and_then(|body| STANDARD.decode(body.split_whitespace().collect::<String>()).ok());
    let usable = der.is_some_and(|der| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).is_ok());
    if usable {
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
