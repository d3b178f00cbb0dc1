//! Names that the earlier system read from its environment, and what they are called here.
//!
//! They stand above the defaults and below everything else, so that an installation can move over one name at a time.

use url::Url;

use super::Problem;

/// The former name and the key.
const NAMES: [(&str, &str); 8] = [
    ("WAVE_API_URL", "wave.url"),
    ("WAVE_API_KEY", "wave.api_key"),
    ("WAVE_WEBHOOK_SECRET", "wave.webhook_secrets"),
    ("WHATSAPP_ACCESS_TOKEN", "whatsapp.access_token"),
    ("WHATSAPP_PHONE_NUMBER_ID", "whatsapp.phone_number_id"),
    ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", "whatsapp.webhook_verify_token"),
    ("SENDGRID_API_KEY", "sendgrid.api_key"),
    ("SENDGRID_FROM_EMAIL", "sendgrid.from_email"),
];

/// Three names that are one address here.
const REDIS: [&str; 3] = ["REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD"];
const REDIS_KEY: &str = "redis.url";

pub(super) fn is_known(name: &str) -> bool {
    key_of(name).is_some() || REDIS.contains(&name)
}

/// The keys and values that these variables stand for, and what is wrong with them.
pub(super) fn read(variables: &[(String, String)]) -> (Vec<(&'static str, String)>, Vec<Problem>) {
    let named = variables.iter().filter_map(|(name, value)| Some((key_of(name)?, value.clone())));
    let mut values: Vec<_> = named.collect();
    let mut problems = Vec::new();
    let [host, port, password] = REDIS.map(|wanted| {
        variables.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.trim()).unwrap_or_default()
    });
    // Without a host the other two say nothing: platforms that run containers set REDIS_PORT for uses of their own.
    if !host.is_empty() {
        match redis_address(host, port, password) {
            Ok(address) => values.push((REDIS_KEY, address)),
            Err((name, words)) => {
                problems.push(Problem { key: name.to_owned(), words: words.to_owned() });
            }
        }
    }
    (values, problems)
}

fn key_of(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(former, _)| *former == name).map(|(_, key)| *key)
}

fn redis_address(host: &str, port: &str, password: &str) -> Result<String, (&'static str, &'static str)> {
    let not_a_host = (REDIS[0], "must be a host name or an address");
    let mut address = Url::parse("redis://host").map_err(|_| not_a_host)?;
    if host.contains(['/', '@', '?', '#']) {
        return Err(not_a_host);
    }
    address.set_host(Some(host)).map_err(|_| not_a_host)?;
    if !port.is_empty() {
        let number = port.parse().map_err(|_| (REDIS[1], "must be a port"))?;
        address.set_port(Some(number)).map_err(|()| not_a_host)?;
    }
    let password = Some(password).filter(|password| !password.is_empty());
    address.set_password(password).map_err(|()| not_a_host)?;
    Ok(address.into())
}
