//! The secrets of one world, made when it is made. They guard nothing but play money, and still no two worlds share
//! them, so that nothing learns to rely on a secret that everybody knows.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use wolo_bootstrap::settings::Layers;

use super::dev_file::write_private;

#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) payload_key: String,
    /// Ed25519, PKCS#8 in PEM.
    pub(crate) signing_key: String,
    /// Of the same kind. Worlds that were made before there were certificates lack it.
    #[serde(default)]
    pub(crate) sealing_key: String,
    pub(crate) wave_api_key: String,
    pub(crate) wave_webhook_secret: String,
    pub(crate) pepper: String,
    /// Wraps the keys of identity documents. Worlds that were made before there were documents lack it.
    #[serde(default)]
    pub(crate) vault_key: String,
}

impl Secrets {
    pub(crate) fn fresh() -> Result<Self> {
        Ok(Self {
            payload_key: symmetric_key(),
            signing_key: new_key()?,
            sealing_key: new_key()?,
            wave_api_key: format!("wave_sn_test_{}", word()),
            wave_webhook_secret: format!("wave_sn_WHS_{}", word()),
            pepper: word(),
            vault_key: symmetric_key(),
        })
    }

    /// Those of a kept world: its histories can be read only with the key that wrote them.
    pub(crate) fn kept(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let path = folder.join("secrets.json");
        let secrets = match fs::read(&path) {
            Ok(text) => {
                let kept: Self = serde_json::from_slice(&text)
                    .with_context(|| format!("{} does not hold the secrets of a world", path.display()))?;
                if !kept.sealing_key.is_empty() && !kept.vault_key.is_empty() {
                    return Ok(kept);
                }
                kept.completed()?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Self::fresh()?,
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        write_private(&path, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }

    /// With what an older world lacks.
    fn completed(mut self) -> Result<Self> {
        if self.sealing_key.is_empty() {
            self.sealing_key = new_key()?;
        }
        if self.vault_key.is_empty() {
            self.vault_key = symmetric_key();
        }
        Ok(self)
    }
}

fn symmetric_key() -> String {
    format!("world:{}", STANDARD.encode(rand::random::<[u8; 32]>()))
}

/// Development settings without a key make one.
fn new_key() -> Result<String> {
    Ok(Layers::new().read()?.tokens.signing_key.expose_secret().to_owned())
}

pub(super) fn word() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
