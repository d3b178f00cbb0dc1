//! The keys of documents, taken over to another key-encryption key and back, and the cleaning of a document.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json as body};
use uuid::Uuid;
use wolo_providers::cleaning::{Cleaner, Encoding, NotCleaned, Refusal};

use crate::payout::until;
use crate::senders::Senders;
use crate::{said, wolo};

pub(crate) fn keys_are_taken_over_and_back(home: &Path, senders: &Senders) {
    let (old, bytes) = &senders.settings.vault.as_ref().unwrap().key_encryption_keys[0];
    let old_key = format!("{old}:{}", STANDARD.encode(bytes.expose_secret()));
    let new_key = format!("next:{}", STANDARD.encode([7; 32]));
    let with = |ring: &str, words: &[&str]| {
        let mut command = wolo(home);
        command.env("WOLO__VAULT__KEY_ENCRYPTION_KEYS", ring).arg("--config").arg(&senders.settings_file);
        said(command.arg("vault").args(words))
    };
    let status = |ring: &str| {
        let (code, out, err) = with(ring, &["status", "--json"]);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let (ahead, back) = (format!("{new_key},{old_key}"), format!("{old_key},{new_key}"));
    assert_eq!(
        status(&ahead)["keys"],
        body!([
            { "key": "next", "current": true, "subjects": 0, "may_go": false },
            { "key": old, "current": false, "subjects": 1, "may_go": false },
        ])
    );
    let rotate = ["rotate", "--reason", "the year is over"];
    assert_eq!(with(&ahead, &rotate), (0, "1 key is taken over to next.\n".to_owned(), String::new()));
    assert_eq!(with(&ahead, &rotate).1, "All keys stand under next already.\n");
    let (_, out, _) = with(&ahead, &["status"]);
    assert!(out.contains("may be taken out of the settings"), "{out}");
    // Taken out too early, that is said.
    let (code, _, err) = with(&old_key, &["check"]);
    assert!(code == 1 && err.contains("1 of 1 keys cannot be unwrapped"), "{err}");
    assert!(with(&old_key, &["status"]).1.contains("IS NOT IN THE SETTINGS"));
    assert_eq!(with(&back, &rotate).0, 0);
    let whole = "Both stores answer, and all of 1 keys can be unwrapped.\n";
    assert_eq!(with(&old_key, &["check"]), (0, whole.to_owned(), String::new()));
    until(|| {
        let (_, out, _) =
            said(wolo(home).args(["audit", "show", "--about", "key_encryption_key:next", "--json"]));
        let shown: Value = serde_json::from_str(&out).ok()?;
        let entry = &shown["entries"][0];
        (entry["action"] == "vault_keys_rotated" && entry["details"]["before"] == format!("{old}:1"))
            .then_some(())
    });
    let (code, _, err) = with("", &["status"]);
    assert!(code == 3 && err.contains("these settings have no vault"), "{err}");
}

#[test]
fn the_hidden_command_cleans_a_document() {
    // One grey pixel.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
    let program = vec![env!("CARGO_BIN_EXE_wolo").to_owned(), "clean-document".to_owned()];
    let cleaner = Cleaner::new(program, Duration::from_secs(20), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clean = runtime.block_on(cleaner.clean(Uuid::nil(), &STANDARD.decode(png).unwrap())).unwrap();
    assert_eq!((clean.encoding, clean.pages), (Encoding::Png, 1));
    let cut = &STANDARD.decode(png).unwrap()[..40];
    let refused = runtime.block_on(cleaner.clean(Uuid::nil(), cut)).map(|_| ()).unwrap_err();
    assert_eq!(refused, NotCleaned::Refused(Refusal::Damaged));
}
