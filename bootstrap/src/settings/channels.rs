//! The channels that messages go out on. Each is complete or absent: a token without the number that it is for would be
//! noticed when the first message is lost.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::Mode;
use super::checks::seconds;
use super::providers::provider_url;
use super::reader::Reader;

/// What messages go out on; an absent one is not used.
#[derive(Debug, Clone)]
pub struct Channels {
    /// For one call as a whole.
    pub timeout: Duration,
    pub pause: Duration,
    pub whatsapp: Option<WhatsApp>,
    pub sendgrid: Option<SendGrid>,
    pub smtp: Option<Smtp>,
    pub orange: Option<Orange>,
    pub twilio: Option<Twilio>,
    pub fcm: Option<Fcm>,
}

#[derive(Debug, Clone)]
pub struct WhatsApp {
    /// With the version of Meta's API in it.
    pub url: Url,
    pub access_token: SecretString,
    pub phone_number_id: String,
    /// May be empty.
    pub business_account_id: String,
    pub webhook_verify_token: SecretString,
    /// Without one no receipt is believed.
    pub app_secrets: Vec<SecretString>,
    pub per_second: NonZeroU32,
}

#[derive(Debug, Clone)]
pub struct SendGrid {
    pub url: Url,
    pub api_key: SecretString,
    pub from_email: String,
    /// Public keys that sign its events, base64 of DER; without one none is believed.
    pub webhook_keys: Vec<String>,
    pub per_second: NonZeroU32,
}

#[derive(Debug, Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub security: SmtpSecurity,
    /// User and password.
    pub login: Option<(String, SecretString)>,
    pub from_email: String,
    pub per_second: NonZeroU32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    StartTls,
    Tls,
    /// Only on this machine.
    None,
}

#[derive(Debug, Clone)]
pub struct Orange {
    pub url: Url,
    pub client_id: String,
    pub client_secret: SecretString,
    pub sender: String,
    pub sender_name: Option<String>,
    /// At least one: what stands in the address of our receipts, which Orange does not sign.
    pub receipt_secrets: Vec<SecretString>,
    pub per_second: NonZeroU32,
}

#[derive(Debug, Clone)]
pub struct Twilio {
    pub url: Url,
    pub account_sid: String,
    pub auth_token: SecretString,
    /// A number, a name, or a service's id.
    pub sender: String,
    pub per_second: NonZeroU32,
}

#[derive(Debug, Clone)]
pub struct Fcm {
    pub url: Url,
    /// The JSON file of a service account.
    pub service_account: SecretString,
    pub per_second: NonZeroU32,
}

/// What everybody is spared, and how long messages are waited for.
#[derive(Debug, Clone)]
pub struct Notices {
    pub quiet_from_hour: u32,
    pub quiet_until_hour: u32,
    pub a_day: u32,
    pub receipt: Duration,
    pub code_receipt: Duration,
    pub unknown: Duration,
    pub announcements_per_second: NonZeroU32,
}

pub(super) fn notices(reader: &mut Reader) -> Notices {
    Notices {
        quiet_from_hour: reader.number("notices.quiet_from_hour", &(0..=23)),
        quiet_until_hour: reader.number("notices.quiet_until_hour", &(0..=23)),
        a_day: reader.number("notices.a_day", &(1..=1_000)),
        receipt: Duration::from_hours(reader.number("notices.receipt_hours", &(1..=168))),
        code_receipt: seconds(reader, "notices.code_receipt_seconds", 600),
        unknown: Duration::from_mins(reader.number("notices.unknown_minutes", &(1..=1_440))),
        announcements_per_second: per_second(reader, "notices.announcements_per_second"),
    }
}

pub(super) fn channels(reader: &mut Reader, mode: Mode) -> Channels {
    Channels {
        timeout: seconds(reader, "channels.timeout_seconds", 120),
        pause: seconds(reader, "channels.pause_seconds", 3_600),
        whatsapp: whatsapp(reader, mode),
        sendgrid: sendgrid(reader, mode),
        smtp: smtp(reader),
        orange: orange(reader, mode),
        twilio: twilio(reader, mode),
        fcm: fcm(reader, mode),
    }
}

fn whatsapp(reader: &mut Reader, mode: Mode) -> Option<WhatsApp> {
    let access_token = reader.secret("whatsapp.access_token");
    let phone_number_id = reader.text("whatsapp.phone_number_id");
    let business_account_id = reader.text("whatsapp.business_account_id");
    let webhook_verify_token = reader.secret("whatsapp.webhook_verify_token");
    let app_secrets = secrets(reader, "whatsapp.app_secrets");
    for key in ["whatsapp.phone_number_id", "whatsapp.business_account_id"] {
        if !reader.text(key).bytes().all(|byte| byte.is_ascii_digit()) {
            reader.problem(key, "must be digits: it is Meta's id");
        }
    }
    let given = [
        ("whatsapp.access_token", access_token.is_some()),
        ("whatsapp.phone_number_id", !phone_number_id.is_empty()),
        ("whatsapp.webhook_verify_token", webhook_verify_token.is_some()),
    ];
    let per_second = per_second(reader, "whatsapp.per_second");
    let url = whole(reader, mode, "whatsapp.url", &given)?;
    Some(WhatsApp {
        url,
        access_token: access_token?,
        phone_number_id,
        business_account_id,
        webhook_verify_token: webhook_verify_token?,
        app_secrets,
        per_second,
    })
}

fn sendgrid(reader: &mut Reader, mode: Mode) -> Option<SendGrid> {
    let api_key = reader.secret("sendgrid.api_key");
    let from_email = mail_address(reader, "sendgrid.from_email");
    let webhook_keys = reader.list("sendgrid.webhook_keys");
    let given = [("sendgrid.api_key", api_key.is_some()), ("sendgrid.from_email", !from_email.is_empty())];
    let per_second = per_second(reader, "sendgrid.per_second");
    let url = whole(reader, mode, "sendgrid.url", &given)?;
    Some(SendGrid { url, api_key: api_key?, from_email, webhook_keys, per_second })
}

fn smtp(reader: &mut Reader) -> Option<Smtp> {
    let host = reader.text("smtp.host");
    let port = reader.number("smtp.port", &(1..=65_535));
    let user = reader.text("smtp.user");
    let password = reader.secret("smtp.password");
    let from_email = mail_address(reader, "smtp.from_email");
    let security = match reader.text("smtp.security").as_str() {
        "starttls" => SmtpSecurity::StartTls,
        "tls" => SmtpSecurity::Tls,
        "none" => SmtpSecurity::None,
        _ => {
            reader.problem("smtp.security", "must be starttls, tls or none");
            SmtpSecurity::StartTls
        }
    };
    let login = match (user.is_empty(), password) {
        (true, None) => None,
        (false, Some(password)) => Some((user, password)),
        _ => {
            reader.problem("smtp", "needs user and password, or none of them");
            None
        }
    };
    let given = [("smtp.host", !host.is_empty()), ("smtp.from_email", !from_email.is_empty())];
    let per_second = per_second(reader, "smtp.per_second");
    complete(reader, &given).then_some(Smtp { host, port, security, login, from_email, per_second })
}

fn orange(reader: &mut Reader, mode: Mode) -> Option<Orange> {
    let client_id = reader.text("orange.client_id");
    let client_secret = reader.secret("orange.client_secret");
    let receipt_secrets = secrets(reader, "orange.receipt_secrets");
    let sender = reader.some_text("orange.sender");
    let sender_name = Some(reader.text("orange.sender_name")).filter(|name| !name.is_empty());
    let given = [
        ("orange.client_id", !client_id.is_empty()),
        ("orange.client_secret", client_secret.is_some()),
        ("orange.receipt_secrets", !receipt_secrets.is_empty()),
    ];
    let per_second = per_second(reader, "orange.per_second");
    let url = whole(reader, mode, "orange.url", &given)?;
    let client_secret = client_secret?;
    Some(Orange { url, client_id, client_secret, sender, sender_name, receipt_secrets, per_second })
}

fn twilio(reader: &mut Reader, mode: Mode) -> Option<Twilio> {
    let account_sid = reader.text("twilio.account_sid");
    let auth_token = reader.secret("twilio.auth_token");
    let sender = reader.text("twilio.sender");
    let given = [
        ("twilio.account_sid", !account_sid.is_empty()),
        ("twilio.auth_token", auth_token.is_some()),
        ("twilio.sender", !sender.is_empty()),
    ];
    let per_second = per_second(reader, "twilio.per_second");
    let url = whole(reader, mode, "twilio.url", &given)?;
    Some(Twilio { url, account_sid, auth_token: auth_token?, sender, per_second })
}

fn fcm(reader: &mut Reader, mode: Mode) -> Option<Fcm> {
    let service_account = reader.secret("fcm.service_account");
    let per_second = per_second(reader, "fcm.per_second");
    let url = whole(reader, mode, "fcm.url", &[("fcm.service_account", service_account.is_some())])?;
    Some(Fcm { url, service_account: service_account?, per_second })
}

/// The address of a channel that has all it needs; nothing of one that has none of it. Half of it is a problem.
fn whole(reader: &mut Reader, mode: Mode, url: &str, given: &[(&str, bool)]) -> Option<Url> {
    if complete(reader, given) {
        provider_url(reader, mode, url)
    } else {
        reader.text(url);
        None
    }
}

/// How often a channel is used at most.
fn per_second(reader: &mut Reader, key: &str) -> NonZeroU32 {
    let times = reader.number(key, &(1..=100_000));
    NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN)
}

fn complete(reader: &mut Reader, given: &[(&str, bool)]) -> bool {
    let is_given = |(_, given): &(&str, bool)| *given;
    if given.iter().any(is_given) {
        for (key, _) in given.iter().filter(|one| !is_given(one)) {
            reader.problem(key, "must be given too, or nothing of its channel");
        }
    }
    given.iter().all(is_given)
}

fn secrets(reader: &mut Reader, key: &str) -> Vec<SecretString> {
    let secrets = reader.secret_list(key);
    if secrets.iter().any(String::is_empty) {
        reader.problem(key, "must hold none that is empty");
    }
    secrets.into_iter().map(SecretString::from).collect()
}

fn mail_address(reader: &mut Reader, key: &str) -> String {
    let address = reader.text(key);
    if !address.is_empty() && !address.contains('@') {
        reader.problem(key, "must be a mail address");
    }
    address
}
