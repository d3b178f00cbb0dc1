//! The channels of messages of a local world: what the settings say of them, and to whom they tell what became of a message.

use anyhow::{Context as _, Result};
use wolo_bootstrap::Settings;
use wolo_sandbox::World;

use crate::commands::templates::register;

/// Where each of them is, and with which secrets.
pub(super) fn values(world: &World) -> Vec<(&'static str, String)> {
    let (whatsapp, orange, twilio) =
        (world.whatsapp.options(), world.orange.options(), world.twilio.options());
    vec![
        ("whatsapp.url", format!("{}/v25.0", world.whatsapp.base_url())),
        ("whatsapp.access_token", whatsapp.access_token.clone()),
        ("whatsapp.phone_number_id", whatsapp.phone_number_id.clone()),
        ("whatsapp.business_account_id", whatsapp.waba_id.clone()),
        ("whatsapp.webhook_verify_token", whatsapp.verify_token.clone()),
        ("whatsapp.app_secrets", whatsapp.app_secret.clone()),
        ("sendgrid.url", world.sendgrid.base_url().to_owned()),
        ("sendgrid.api_key", world.sendgrid.api_key().to_owned()),
        ("sendgrid.from_email", FROM.to_owned()),
        ("sendgrid.webhook_keys", world.sendgrid.public_key()),
        ("smtp.host", world.smtp.address().ip().to_string()),
        ("smtp.port", world.smtp.address().port().to_string()),
        ("smtp.security", "none".to_owned()),
        ("smtp.from_email", FROM.to_owned()),
        ("orange.url", world.orange.base_url().to_owned()),
        ("orange.client_id", orange.client_id.clone()),
        ("orange.client_secret", orange.client_secret.clone()),
        ("orange.sender", orange.sender.clone()),
        ("orange.receipt_secrets", RECEIPTS_OF_ORANGE.to_owned()),
        ("twilio.url", world.twilio.base_url().to_owned()),
        ("twilio.account_sid", twilio.account_sid.clone()),
        ("twilio.auth_token", twilio.auth_token.clone()),
        ("twilio.sender", twilio.service_sid.clone()),
        ("fcm.url", world.fcm.base_url().to_owned()),
        ("fcm.service_account", world.fcm.service_account()),
        // What goes wrong in a sandbox does so on purpose, and nobody wants to wait for the end of it.
        ("channels.pause_seconds", "1".to_owned()),
        // Nobody sleeps in a world whose days pass in seconds.
        ("notices.quiet_from_hour", "0".to_owned()),
        ("notices.quiet_until_hour", "0".to_owned()),
        ("notices.a_day", "1000".to_owned()),
    ]
}

const FROM: &str = "fete@wolo.example";
/// It guards receipts of play money's messages.
const RECEIPTS_OF_ORANGE: &str = "receipts-of-this-world";

/// Lets them tell our API, and gives WhatsApp the templates that it is to know.
pub(super) async fn open(world: &World, settings: &Settings, api: &str) -> Result<()> {
    let to = |who: &str| format!("{api}/api/notifications/receipts/{who}");
    world.whatsapp.register_webhook(&to("whatsapp"));
    world.sendgrid.register_webhook(&to("sendgrid"));
    world.orange.register_webhook(&to(&format!("orange/{RECEIPTS_OF_ORANGE}")));
    world.twilio.register_webhook(&to("twilio"));
    if let Some(whatsapp) = &settings.channels.whatsapp {
        let registered = register(whatsapp, &settings.api.public_url).await;
        registered.context("WhatsApp could not be given our templates")?;
    }
    Ok(())
}
