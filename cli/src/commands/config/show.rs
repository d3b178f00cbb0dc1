//! `wolo config show`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use wolo_bootstrap::settings::{Effective, Source};

use super::File;
use crate::output::{self, Format, Listing};
use crate::system;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Only what is not the default
    #[arg(long)]
    changed: bool,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) fn run(self, file: File<'_>) -> Result<()> {
        let (layers, _) = system::layers(file);
        let mut settings = layers.effective()?;
        settings.retain(|setting| !self.changed || setting.from != Source::Default);
        if self.format.json {
            return output::json(&settings.iter().map(written).collect::<Value>());
        }
        let mut listing = Listing::new(["SETTING", "VALUE", "FROM"]);
        for setting in settings {
            let value = setting.value.unwrap_or_else(|| "(secret)".to_owned());
            listing.row([setting.key, value, setting.from.as_str().to_owned()]);
        }
        output::say(&listing.text());
        Ok(())
    }
}

fn written(setting: &Effective) -> Value {
    json!({
        "key": setting.key,
        "value": setting.value,
        "secret": setting.value.is_none(),
        "from": setting.from.as_str(),
    })
}
