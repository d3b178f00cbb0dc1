//! What the settings are, layer by layer and value by value.

mod former;
mod layers;
mod secrets;
mod values;
mod vault;
mod worlds;

use std::collections::BTreeSet;
use std::fs;

use secrecy::ExposeSecret as _;

use super::layers::{DEFAULTS, defaults, known_keys};
use super::reader::Reader;
use super::*;

/// What production asks for at least.
const PRODUCTION: [(&str, &str); 11] = [
    ("WOLO__MODE", "production"),
    ("WOLO__DATABASE__URL", "postgres://wolo_api:s3cret-db@db.internal:5432/wolo"),
    ("WOLO__TEMPORAL__PAYLOAD_KEYS", "k2026:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="),
    ("WOLO__WAVE__URL", "https://api.wave.com"),
    ("WOLO__WAVE__API_KEY", "wave_sn_prod_s3cret-key"),
    ("WOLO__WAVE__WEBHOOK_SECRETS", "wave_sn_WHS_s3cret-hook"),
    ("WOLO__API__PUBLIC_URL", "https://wolo.example"),
    ("WOLO__TOKENS__SIGNING_KEY", ""),
    ("WOLO__CERTIFICATES__SIGNING_KEY", ""),
    ("WOLO__ACCOUNTS__PEPPER", "s3cret-pepper-of-production"),
    ("WOLO__VAULT__KEY_ENCRYPTION_KEYS", ""),
];

fn development(set: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let layers = set.iter().fold(Layers::new(), |layers, (key, value)| layers.set(*key, *value));
    layers.read()
}

fn pem() -> String {
    Layers::new().read().unwrap().tokens.signing_key.expose_secret().to_owned()
}

fn production(set: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let layers = Layers::new().environment(PRODUCTION).set("tokens.signing_key", pem());
    set.iter().fold(layers, |layers, (key, value)| layers.set(*key, *value)).read()
}

/// The problems as they are shown, or none.
fn problems(result: Result<Settings, SettingsError>) -> Vec<String> {
    match result {
        Ok(_) => Vec::new(),
        Err(SettingsError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn the_defaults_are_settings_for_development() {
    let settings = Layers::new().read().unwrap();
    assert_eq!(settings.mode, Mode::Development);
    assert_eq!(settings.temporal.payload_keys.len(), 1);
    assert_eq!(settings.wave.signing_secret.map(|_| ()), None);
    assert_eq!(settings.worker.queues, ["lifecycle", "money", "notices", "identity"]);
    assert_eq!(settings.rules.reminder_days_before, [7, 1]);
    assert_eq!(settings.rules.gift_max_xof, 1_000_000);
    assert_eq!(settings.tokens.access, Duration::from_mins(15));
    assert_eq!(settings.redis.url.map(|_| ()), None);
    assert_eq!((settings.limits.sign_in.burst.get(), settings.limits.sign_in.per_minute.get()), (20, 60));
    assert_eq!(settings.api.client_address, ClientAddress::Connection);
    assert!(settings.api.metrics_from.iter().all(|network| network.addr().is_loopback()));
}

#[test]
fn every_key_has_a_comment_and_is_read() {
    let mut reader = Reader::new(defaults(), defaults(), Vec::new());
    checks::read(&mut reader).unwrap();
    assert_eq!(*reader.keys_read(), known_keys(&defaults()));

    let mut before = "";
    let mut keys = BTreeSet::new();
    for line in DEFAULTS.lines() {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            assert!(before.starts_with("# "), "{key} has no comment");
            keys.insert(key);
        }
        before = line;
    }
    let named: BTreeSet<_> =
        known_keys(&defaults()).iter().map(|key| key.rsplit('.').next().unwrap().to_owned()).collect();
    assert_eq!(keys.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), named);
}
