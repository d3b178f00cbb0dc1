//! `wolo consents text`: what guardians agree to. It is part of the program, and needs neither network nor database.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_domain::consents::ConsentText;
use wolo_domain::contacts::Language;

use crate::failure::refused;
use crate::output::{self, Format};

#[derive(Args, Debug)]
pub(crate) struct Text {
    /// A version, such as consent-1; without it the one that is shown today
    #[arg(value_name = "TEXT")]
    id: Option<String>,
    /// fr, en, or wo, which is shown in French
    #[arg(long, default_value = "fr", value_name = "LANGUAGE")]
    language: Language,
    #[command(flatten)]
    format: Format,
}

impl Text {
    pub(super) fn run(self) -> Result<()> {
        let text = match &self.id {
            None => ConsentText::current(self.language),
            Some(id) => ConsentText::find(id, self.language)
                .ok_or_else(|| refused(format!("there is no text {id} in {}", self.language)))?,
        };
        let hash = text.hash();
        if self.format.json {
            return output::json(&json!({
                "text": text.id, "language": text.language, "sha256": hash, "words": text.words,
            }));
        }
        output::say(text.words);
        output::say(&format!("{} ({}), sha256 {hash}", text.id, text.language));
        Ok(())
    }
}
