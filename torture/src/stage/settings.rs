//! The settings that everything on the stage reads: one file, as a deployment has it.
//!
//! Waits are short here, because the stories are about what happens and not about how long it takes.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use wolo_bootstrap::Settings;
use wolo_bootstrap::settings::Layers;
use wolo_sandbox::wave::Wave;
use wolo_sandbox::whatsapp::WhatsApp;

/// Writes the file and reads it back.
pub(super) fn write(
    path: &Path,
    (wave, whatsapp): (&Wave, &WhatsApp),
    temporal: &str,
    database: &str,
    front: SocketAddr,
) -> Result<Settings> {
    // Development settings without a key make one.
    let signing_key = Layers::new().read()?.tokens.signing_key.expose_secret().to_owned();
    let word = || Uuid::new_v4().simple().to_string();
    let values = [
        ("mode", "development".to_owned()),
        ("database.url", database.to_owned()),
        ("temporal.address", temporal.to_owned()),
        (
            "temporal.payload_keys",
            format!(
                "stage:{}",
                STANDARD.encode([Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat())
            ),
        ),
        ("wave.url", wave.base_url().to_owned()),
        ("wave.api_key", wave.api_key().to_owned()),
        ("wave.webhook_secrets", wave.webhook_secret().to_owned()),
        ("whatsapp.url", format!("{}/v25.0", whatsapp.base_url())),
        ("whatsapp.access_token", whatsapp.options().access_token.clone()),
        ("whatsapp.phone_number_id", whatsapp.options().phone_number_id.clone()),
        ("whatsapp.business_account_id", whatsapp.options().waba_id.clone()),
        ("whatsapp.webhook_verify_token", whatsapp.options().verify_token.clone()),
        ("whatsapp.app_secrets", whatsapp.options().app_secret.clone()),
        ("wave.timeout_seconds", "3".to_owned()),
        // Stories bend five calls in a row all the time, and nobody else's payout is to wait half a minute for that.
        ("wave.pause_seconds", "2".to_owned()),
        ("api.public_url", format!("http://{front}")),
        ("api.patience_seconds", "3".to_owned()),
        ("tokens.signing_key", signing_key),
        ("tokens.key_id", "stage".to_owned()),
        ("tokens.access_minutes", "60".to_owned()),
        ("accounts.pepper", word()),
        ("worker.shutdown_grace_seconds", "3".to_owned()),
        // Everybody on the stage comes from one address.
        ("limits.read", "1000000,1000000".to_owned()),
        ("limits.money", "1000000,1000000".to_owned()),
        ("limits.write", "1000000,1000000".to_owned()),
        ("limits.webhook", "1000000,1000000".to_owned()),
        ("limits.receipt", "1000000,1000000".to_owned()),
        ("rules.checkout_grace_seconds", "1".to_owned()),
        ("rules.payout_recheck_seconds", "1".to_owned()),
        ("rules.payout_retry_seconds", "1".to_owned()),
        ("rules.payout_unknown_after_minutes", "1".to_owned()),
        ("rules.float_retry_minutes", "1".to_owned()),
        ("rules.longest_pause_minutes", "1".to_owned()),
    ];
    let mut text = String::from("# Written by torture for one stage.\n");
    for (key, value) in &values {
        // A JSON string is a TOML string too.
        writeln!(text, "{key} = {}", serde_json::to_string(value)?)?;
    }
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes()).context("the settings cannot be written")?;
    let mut layers = Layers::new().file(path.to_owned());
    for (key, value) in values {
        layers = layers.set(key, value);
    }
    Ok(layers.read()?)
}
