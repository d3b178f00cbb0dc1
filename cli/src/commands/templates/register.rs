//! `wolo templates register`: asks Meta to look through the templates that it does not have, and to tell us what becomes of messages.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use url::Url;
use wolo_activities::words::{Purpose, RegisteredButton, Registration, Words};
use wolo_bootstrap::settings;
use wolo_providers::http::Timeouts;
use wolo_providers::messages::HttpAccess;
use wolo_providers::whatsapp::{
    Category, KnownTemplate, NewTemplate, TemplateButton, TemplateForm, WhatsApp, WhatsAppAccess,
};

use crate::commands::Config;
use crate::output::{self, Format, Listing};
use crate::system::System;

/// Templates that are handed in side by side.
const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Args, Debug)]
pub(crate) struct Register {
    #[command(flatten)]
    format: Format,
}

impl Register {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let settings = &System::find(config)?.settings;
        let Some(whatsapp) = &settings.channels.whatsapp else {
            bail!("there is no WhatsApp account in the settings (whatsapp.access_token)");
        };
        if whatsapp.business_account_id.is_empty() {
            bail!("templates belong to a business account: give its id as whatsapp.business_account_id");
        }
        let registered = register(whatsapp, &settings.api.public_url).await?;
        if self.format.json {
            let written = |one: &KnownTemplate| json!({ "name": one.name, "language": one.language, "status": format!("{:?}", one.status) });
            return output::json(&registered.iter().map(written).collect::<Value>());
        }
        if registered.is_empty() {
            output::say("Meta has all of them.");
            return Ok(());
        }
        let mut listing = Listing::new(["TEMPLATE", "LANG", "STATUS"]);
        for one in registered {
            listing.row([one.name, one.language, format!("{:?}", one.status).to_lowercase()]);
        }
        output::say(&listing.text());
        Ok(())
    }
}

/// Hands in every template that the account does not have, and answers those. From then on Meta tells our app about the account.
pub(crate) async fn register(account: &settings::WhatsApp, site: &Url) -> Result<Vec<KnownTemplate>> {
    let client = WhatsApp::new(WhatsAppAccess {
        http: HttpAccess {
            base_url: account.url.clone(),
            timeouts: Timeouts::total(PATIENCE),
            pause: PATIENCE,
        },
        phone_number_id: account.phone_number_id.clone(),
        business_account_id: account.business_account_id.clone(),
        access_token: account.access_token.clone(),
    })?;
    let known = known(&client).await.context("Meta does not say which templates there are")?;
    client.subscribe().await.context("Meta does not agree to tell us what becomes of messages")?;
    let mut wanted = Words::new()?.registry(site)?;
    wanted.retain(|one| !known.contains(&(one.name.clone(), one.language.to_string())));
    stream::iter(wanted)
        .map(async |one| {
            let name = one.name.clone();
            let created = client.create_template(&of(one)).await;
            created.with_context(|| format!("Meta does not take the template {name}"))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Names and languages.
async fn known(client: &WhatsApp) -> Result<HashSet<(String, String)>> {
    let mut known = HashSet::new();
    let mut after = None;
    loop {
        let page = client.templates(after.as_deref()).await?;
        known.extend(page.templates.into_iter().map(|one| (one.name, one.language)));
        after = page.next;
        if after.is_none() {
            return Ok(known);
        }
    }
}

fn of(one: Registration) -> NewTemplate {
    let Registration { name, language, purpose, body, examples, button, .. } = one;
    let category = match purpose {
        Purpose::Utility => Category::Utility,
        Purpose::Marketing => Category::Marketing,
        Purpose::Authentication => Category::Authentication,
    };
    let words = |buttons| TemplateForm::Words { category, body, examples, buttons };
    let form = match button {
        None => words(Vec::new()),
        Some(RegisteredButton::Open { label: text, url, example }) => {
            words(vec![TemplateButton::Url { text, url, example: [example] }])
        }
        Some(RegisteredButton::Copy { label: copy }) => TemplateForm::Code { copy },
    };
    NewTemplate { name, language: language.to_string(), form }
}
