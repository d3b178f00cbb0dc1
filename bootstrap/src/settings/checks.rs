//! Which values make sense, alone and together, and which outside world they may name in which mode.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::books::books;
use super::consents::consents;
use super::identities::identities;
use super::providers::{social, wave};
use super::reader::Reader;
use super::signing::{certificates, tokens};
use super::sponsorship::sponsorship;
use super::vault::vault;
use super::{
    Accounts, Api, ClientAddress, Database, Limits, Mode, Passwords, Rate, Redis, Retention, Rules, Settings,
    Telemetry, Temporal, Worker, channels,
};
use crate::codec::PayloadKey;

/// A year's worth of seconds, and more days or minutes than anyone means: the upper end of most durations.
const LONG: i64 = 31_536_000;

/// `None` only when problems were noted.
pub(super) fn read(reader: &mut Reader) -> Option<Settings> {
    let mode = mode(reader);
    let database = database(reader, mode);
    let temporal = temporal(reader, mode);
    let wave = wave(reader, mode);
    let channels = channels::channels(reader, mode);
    let notices = channels::notices(reader);
    let api = api(reader, mode);
    let redis = redis(reader);
    let limits = limits(reader);
    let tokens = tokens(reader, mode);
    let certificates = certificates(reader, mode);
    let accounts = accounts(reader, mode);
    let retention = retention(reader);
    let passwords = passwords(reader);
    let social = social(reader, mode);
    let vault = vault(reader, mode);
    let worker = worker(reader);
    let telemetry = telemetry(reader);
    let books = books(reader);
    let rules = rules(reader);
    let sponsorship = sponsorship(reader);
    let consents = consents(reader);
    let identities = identities(reader);
    Some(Settings {
        mode,
        database,
        temporal: temporal?,
        wave: wave?,
        channels,
        notices,
        api: api?,
        redis,
        limits,
        tokens: tokens?,
        certificates: certificates?,
        accounts,
        retention,
        passwords,
        social,
        vault,
        worker,
        telemetry,
        books,
        rules,
        sponsorship,
        consents,
        identities,
    })
}

fn mode(reader: &mut Reader) -> Mode {
    match reader.text("mode").as_str() {
        "development" => Mode::Development,
        "production" => Mode::Production,
        _ => {
            reader.problem("mode", "must be development or production");
            // The stricter of the two, so that nothing else slips through the report.
            Mode::Production
        }
    }
}

fn database(reader: &mut Reader, mode: Mode) -> Database {
    let url = reader.secret_text("database.url");
    let shaped = Url::parse(&url).is_ok_and(|url| {
        matches!(url.scheme(), "postgres" | "postgresql")
            && !url.username().is_empty()
            && url.path().len() > 1
    });
    if !shaped {
        reader.problem("database.url", "must be postgres://user:password@host:port/database");
    }
    not_the_default(reader, mode, "database.url");
    Database {
        url: SecretString::from(url),
        max_connections: reader.number("database.max_connections", &(1..=1000)),
    }
}

fn temporal(reader: &mut Reader, mode: Mode) -> Option<Temporal> {
    let address = reader.url("temporal.address");
    let namespace = reader.some_text("temporal.namespace");
    let mut ids = BTreeSet::new();
    let mut payload_keys = Vec::new();
    let texts = reader.secret_list("temporal.payload_keys");
    if texts.is_empty() {
        reader.problem("temporal.payload_keys", "must hold at least one key");
    }
    for (place, text) in texts.iter().enumerate() {
        match PayloadKey::parse(text) {
            Ok(key) if ids.insert(key.id().to_owned()) => payload_keys.push(key),
            Ok(_) => reader.problem("temporal.payload_keys", "has two keys of the same id"),
            Err(error) => reader.problem("temporal.payload_keys", format_args!("key {}: {error}", place + 1)),
        }
    }
    if mode == Mode::Production && ids.contains("development") {
        reader.problem("temporal.payload_keys", "holds the development key, which production refuses");
    }
    let ui = if reader.text("temporal.ui").is_empty() { None } else { reader.url("temporal.ui") };
    let codec_secret = reader.secret("temporal.codec_secret");
    if mode == Mode::Production && codec_secret.is_some() {
        reader.problem("temporal.codec_secret", "is for development alone, and production refuses it");
    }
    Some(Temporal { address: address?, namespace, payload_keys, ui, codec_secret })
}

fn api(reader: &mut Reader, mode: Mode) -> Option<Api> {
    let listen = reader.socket("api.listen");
    let public_url = reader.url("api.public_url");
    if mode == Mode::Production
        && public_url.as_ref().is_some_and(|url| url.scheme() != "https" || is_loopback(url))
    {
        reader.problem("api.public_url", "must be an https address that people can reach, in production");
    }
    let body_limit_bytes = reader.number("api.body_limit_bytes", &(1024..=16_777_216));
    let head_timeout = seconds(reader, "api.head_timeout_seconds", 300);
    let request_timeout = seconds(reader, "api.request_timeout_seconds", 300);
    let patience = seconds(reader, "api.patience_seconds", 300);
    // A time that could not be read is zero, and has been told of already.
    if patience >= request_timeout && !request_timeout.is_zero() {
        reader.problem("api.patience_seconds", "must be less than api.request_timeout_seconds");
    }
    Some(Api {
        listen,
        public_url: public_url?,
        body_limit_bytes,
        head_timeout,
        request_timeout,
        patience,
        cors_origins: origins(reader),
        client_address: client_address(reader),
        most_in_flight: reader.number("api.most_in_flight", &(1..=100_000)),
        most_webhooks_in_flight: reader.number("api.most_webhooks_in_flight", &(1..=100_000)),
        most_receipts_in_flight: reader.number("api.most_receipts_in_flight", &(1..=100_000)),
        metrics_from: metrics_from(reader),
        list_cache: Duration::from_secs(reader.number("api.list_cache_seconds", &(0..=60))),
    })
}

fn origins(reader: &mut Reader) -> Vec<String> {
    let origins = reader.list("api.cors_origins");
    let exact = |text: &String| Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == *text);
    if !origins.iter().all(exact) {
        reader.problem("api.cors_origins", "must be origins like https://wolo.example, without a path");
    }
    origins
}

fn client_address(reader: &mut Reader) -> ClientAddress {
    match reader.text("api.client_address").as_str() {
        "connection" => ClientAddress::Connection,
        "rightmost-x-forwarded-for" => ClientAddress::RightmostForwardedFor,
        _ => {
            reader.problem("api.client_address", "must be connection or rightmost-x-forwarded-for");
            ClientAddress::Connection
        }
    }
}

fn metrics_from(reader: &mut Reader) -> Vec<IpNet> {
    let network = |text: &String| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let texts = reader.list("api.metrics_from");
    texts.iter().map(network).collect::<Option<_>>().unwrap_or_else(|| {
        reader.problem("api.metrics_from", "must be IP addresses, or networks like 10.42.0.0/16");
        Vec::new()
    })
}

fn telemetry(reader: &mut Reader) -> Telemetry {
    const ENDPOINT: &str = "telemetry.otlp_endpoint";
    let given = !reader.text(ENDPOINT).is_empty();
    Telemetry { otlp_endpoint: if given { reader.url(ENDPOINT) } else { None } }
}

fn redis(reader: &mut Reader) -> Redis {
    let url = reader.secret("redis.url");
    let shaped = |url: &SecretString| {
        Url::parse(url.expose_secret()).is_ok_and(|url| url.scheme() == "redis" && url.has_host())
    };
    if !url.as_ref().is_none_or(shaped) {
        reader.problem("redis.url", "must be redis://user:password@host:port");
    }
    Redis { url }
}

fn limits(reader: &mut Reader) -> Limits {
    Limits {
        read: rate(reader, "limits.read"),
        write: rate(reader, "limits.write"),
        money: rate(reader, "limits.money"),
        sign_in: rate(reader, "limits.sign_in"),
        phone: rate(reader, "limits.phone"),
        webhook: rate(reader, "limits.webhook"),
        receipt: rate(reader, "limits.receipt"),
        visit: rate(reader, "limits.visit"),
    }
}

/// A minute is cut into whole microseconds, so there is an end to how many fit into it.
fn rate(reader: &mut Reader, key: &str) -> Rate {
    let numbers: Vec<u32> = reader.numbers(key, &(1..=1_000_000));
    let rate = match numbers[..] {
        [burst, per_minute] => NonZeroU32::new(burst).zip(NonZeroU32::new(per_minute)),
        _ => None,
    };
    let (burst, per_minute) = rate.unwrap_or_else(|| {
        reader.problem(key, "must be how many at once, and how many a minute");
        (NonZeroU32::MIN, NonZeroU32::MIN)
    });
    Rate { burst, per_minute }
}

fn accounts(reader: &mut Reader, mode: Mode) -> Accounts {
    let pepper = required(reader, "accounts.pepper");
    if pepper.expose_secret().len() < 16 {
        reader.problem("accounts.pepper", "must have at least 16 characters");
    }
    not_the_default(reader, mode, "accounts.pepper");
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    Accounts {
        pepper,
        code_minutes: reader.number("accounts.code_minutes", &(1..=60)),
        code_tries: reader.number("accounts.code_tries", &(1..=20)),
        guesses: reader.number("accounts.guesses", &(1..=1000)),
        guess_window: minutes(reader.number("accounts.guess_window_minutes", &(1..=1440))),
        session: minutes(24 * 60 * reader.number::<u32>("accounts.session_days", &(1..=365))),
        desk: minutes(60 * reader.number::<u32>("accounts.desk_hours", &(1..=72))),
        repeat: Duration::from_secs(reader.number("accounts.repeat_seconds", &(1..=300))),
        // Longer than a window of guesses, and than the day for which codes are counted.
        leftovers_days: reader.number("accounts.leftovers_days", &(2..=365)),
        ended_sessions_days: reader.number("accounts.ended_sessions_days", &(1..=3650)),
    }
}

fn retention(reader: &mut Reader) -> Retention {
    Retention {
        closed_account_days: reader.number("retention.closed_account_days", &(1..=365)),
        // A key is repeated for a day at most; an answer that is gone would be given anew.
        answers_days: reader.number("retention.answers_days", &(2..=365)),
        // Longer than providers tell anything again.
        hearsay_days: reader.number("retention.hearsay_days", &(7..=3650)),
        audit_years: reader.number("retention.audit_years", &(1..=100)),
        books_years: reader.number("retention.books_years", &(1..=100)),
        visits_years: reader.number("retention.visits_years", &(1..=100)),
        histories_years: reader.number("retention.histories_years", &(1..=100)),
    }
}

fn passwords(reader: &mut Reader) -> Passwords {
    let passwords = Passwords {
        memory_kib: reader.number("passwords.memory_kib", &(8..=4_194_304)),
        iterations: reader.number("passwords.iterations", &(1..=100)),
        lanes: reader.number("passwords.lanes", &(1..=64)),
        at_once: reader.number("passwords.at_once", &(1..=256)),
    };
    if passwords.memory_kib < 8 * passwords.lanes {
        reader.problem("passwords.memory_kib", "must be at least eight times passwords.lanes");
    }
    passwords
}

fn worker(reader: &mut Reader) -> Worker {
    let queues = reader.list("worker.queues");
    let distinct: BTreeSet<_> = queues.iter().collect();
    if queues.is_empty() || distinct.len() != queues.len() || queues.iter().any(String::is_empty) {
        reader.problem("worker.queues", "must name at least one queue, and none twice");
    }
    let build_id = Some(reader.text("worker.build_id")).filter(|id| !id.is_empty());
    let named = |id: &String| {
        id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !build_id.iter().all(named) {
        reader.problem("worker.build_id", "must be up to 64 letters, digits, - and _");
    }
    let versioned = match reader.text("worker.versioning").as_str() {
        "off" => false,
        "auto_upgrade" => true,
        _ => {
            reader.problem("worker.versioning", "must be off or auto_upgrade");
            false
        }
    };
    if versioned && build_id.is_none() {
        reader.problem("worker.build_id", "must say which build it is when worker.versioning is not off");
    }
    Worker {
        build_id,
        versioned,
        health_listen: reader.socket("worker.health_listen"),
        shutdown_grace: seconds(reader, "worker.shutdown_grace_seconds", 600),
        queues,
    }
}

fn rules(reader: &mut Reader) -> Rules {
    let francs = 1..=1_000_000_000_i64;
    let rules = Rules {
        opens_days_before: reader.number("rules.opens_days_before", &(1..=180)),
        sweep_hour_dakar: reader.number("rules.sweep_hour_dakar", &(0..=23)),
        punctuality_minutes: reader.number("rules.punctuality_minutes", &(1..=1_440)),
        reminder_days_before: reader.numbers("rules.reminder_days_before", &(1..=180)),
        default_target_xof: reader.number("rules.default_target_xof", &francs),
        gift_min_xof: reader.number("rules.gift_min_xof", &francs),
        gift_max_xof: reader.number("rules.gift_max_xof", &francs),
        message_max_chars: reader.number("rules.message_max_chars", &(0..=10_000)),
        checkout_grace_seconds: reader.number("rules.checkout_grace_seconds", &(1..=86_400)),
        payout_hour_dakar: reader.number("rules.payout_hour_dakar", &(0..=23)),
        payout_unknown_after_minutes: reader.number("rules.payout_unknown_after_minutes", &(1..=LONG / 60)),
        payout_recheck_seconds: reader.number("rules.payout_recheck_seconds", &(1..=LONG)),
        payout_retry_seconds: reader.number("rules.payout_retry_seconds", &(1..=LONG)),
        float_retry_minutes: reader.number("rules.float_retry_minutes", &(1..=LONG / 60)),
        payout_two_approvals_from_xof: reader.number("rules.payout_two_approvals_from_xof", &francs),
        payout_same_key_hours: reader.number("rules.payout_same_key_hours", &(1..=23)),
        payout_never_paid_after_hours: reader
            .number("rules.payout_never_paid_after_hours", &(72..=LONG / 3_600)),
        refund_recheck_seconds: reader.number("rules.refund_recheck_seconds", &(1..=LONG)),
        refund_retry_minutes: reader.number("rules.refund_retry_minutes", &(1..=LONG / 60)),
        refund_longest_pause_hours: reader.number("rules.refund_longest_pause_hours", &(1..=LONG / 3_600)),
        longest_pause_minutes: reader.number("rules.longest_pause_minutes", &(1..=LONG / 60)),
        continue_after_events: reader.number("rules.continue_after_events", &(100..=10_000)),
    };
    if rules.gift_min_xof > rules.gift_max_xof {
        reader.problem("rules.gift_min_xof", "must not be more than rules.gift_max_xof");
    }
    let first_pause = rules.payout_recheck_seconds.max(rules.checkout_grace_seconds);
    // A time that could not be read is zero, and has been told of already.
    if (1..first_pause.div_ceil(60)).contains(&rules.longest_pause_minutes) {
        reader.problem(
            "rules.longest_pause_minutes",
            "must not be shorter than rules.payout_recheck_seconds and rules.checkout_grace_seconds",
        );
    }
    let reminders = &rules.reminder_days_before;
    let falling = reminders.windows(2).all(|pair| pair[0] > pair[1]);
    if !falling || reminders.first().is_some_and(|first| *first >= rules.opens_days_before) {
        reader.problem("rules.reminder_days_before", "must fall, and begin below rules.opens_days_before");
    }
    rules
}

pub(super) fn seconds(reader: &mut Reader, key: &str, most: i64) -> Duration {
    Duration::from_secs(reader.number(key, &(1..=most)))
}

pub(super) fn required(reader: &mut Reader, key: &str) -> SecretString {
    reader.secret(key).unwrap_or_else(|| {
        reader.problem(key, "must not be empty");
        SecretString::default()
    })
}

pub(super) fn not_the_default(reader: &mut Reader, mode: Mode, key: &str) {
    if mode == Mode::Production && reader.is_default(key) {
        reader.problem(key, "is still the default, which production refuses");
    }
}

/// Whether the host is this machine by its written form alone: a name that merely resolves here does not count.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
