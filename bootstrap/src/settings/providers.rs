//! Those whom we ask: Wave about money, and others about who somebody is.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::checks::{is_loopback, not_the_default, required, seconds};
use super::reader::Reader;
use super::{Facebook, IdTokens, Mode, Social, Wave};

pub(super) fn wave(reader: &mut Reader, mode: Mode) -> Option<Wave> {
    let url = provider_url(reader, mode, "wave.url");
    let api_key = required(reader, "wave.api_key");
    let real = api_key.expose_secret().split('_').nth(2) == Some("prod");
    if mode == Mode::Development && real {
        reader.problem("wave.api_key", "is a key of a real wallet, which development refuses");
    }
    let signing_secret = reader.secret("wave.signing_secret");
    let webhook_secrets: Vec<_> =
        reader.secret_list("wave.webhook_secrets").into_iter().map(SecretString::from).collect();
    if webhook_secrets.is_empty() || webhook_secrets.iter().any(|secret| secret.expose_secret().is_empty()) {
        reader.problem("wave.webhook_secrets", "must hold at least one secret, and none that is empty");
    }
    for key in ["wave.api_key", "wave.webhook_secrets"] {
        not_the_default(reader, mode, key);
    }
    let timeout = seconds(reader, "wave.timeout_seconds", 120);
    let at_once = reader.number("wave.at_once", &(1..=1000));
    let pause = seconds(reader, "wave.pause_seconds", 3_600);
    Some(Wave { url: url?, api_key, signing_secret, webhook_secrets, timeout, at_once, pause })
}

/// A provider that is off may have any address: nobody asks there. Neither is there one where a problem was noted.
pub(super) fn social(reader: &mut Reader, mode: Mode) -> Social {
    let minutes: u32 = reader.number("social.nonce_minutes", &(1..=60));
    Social {
        nonce: Duration::from_secs(u64::from(minutes) * 60),
        at_once: reader.number("social.at_once", &(1..=1000)),
        pause: seconds(reader, "social.pause_seconds", 3_600),
        google: tokens_of(reader, mode, "google"),
        apple: tokens_of(reader, mode, "apple"),
        facebook: facebook(reader, mode),
    }
}

fn tokens_of(reader: &mut Reader, mode: Mode, provider: &str) -> Option<IdTokens> {
    let client_ids = reader.list(&format!("social.{provider}.client_ids"));
    id_tokens(reader, mode, provider, client_ids)
}

fn id_tokens(reader: &mut Reader, mode: Mode, provider: &str, client_ids: Vec<String>) -> Option<IdTokens> {
    let key = format!("social.{provider}.issuers");
    let issuers = reader.list(&key);
    let is_on = !client_ids.is_empty();
    if is_on && issuers.is_empty() {
        reader.problem(&key, "must hold at least one name");
    }
    let keys_url = url_while(is_on, reader, mode, &format!("social.{provider}.keys_url"))?;
    Some(IdTokens { client_ids, issuers, keys_url })
}

fn facebook(reader: &mut Reader, mode: Mode) -> Option<Facebook> {
    let app_id = reader.text("social.facebook.app_id");
    let app_secret = reader.secret("social.facebook.app_secret");
    let is_on = !app_id.is_empty();
    if is_on && app_secret.is_none() {
        let words = "must not be empty while social.facebook.app_id is given";
        reader.problem("social.facebook.app_secret", words);
    }
    let client_ids = if is_on { vec![app_id.clone()] } else { Vec::new() };
    let id_tokens = id_tokens(reader, mode, "facebook", client_ids);
    let graph_url = url_while(is_on, reader, mode, "social.facebook.graph_url");
    Some(Facebook { id_tokens: id_tokens?, app_id, app_secret: app_secret?, graph_url: graph_url? })
}

/// The address of a provider that is on.
fn url_while(is_on: bool, reader: &mut Reader, mode: Mode, key: &str) -> Option<Url> {
    if is_on {
        provider_url(reader, mode, key)
    } else {
        reader.url(key);
        None
    }
}

/// Where a provider is: the sandbox in development, and never in production.
pub(super) fn provider_url(reader: &mut Reader, mode: Mode, key: &str) -> Option<Url> {
    let url = reader.url(key)?;
    match mode {
        Mode::Development if !is_loopback(&url) => {
            reader.problem(key, "must be on this machine: development never talks to a real provider");
        }
        Mode::Production if is_loopback(&url) => {
            reader.problem(key, "must not be on this machine: production never talks to a sandbox");
        }
        Mode::Production if url.scheme() != "https" => {
            reader.problem(key, "must be https in production");
        }
        _ => {}
    }
    Some(url)
}
