//! The settings: what an operator may change, read once at the start.
//!
//! `settings.default.toml` is the documentation and the defaults at once, so the two cannot part. A program starts only
//! when every value of every layer has been understood; otherwise it says all that is wrong in one go. Values of secrets
//! are never repeated, not even bad ones.

mod books;
mod channels;
mod checks;
mod consents;
mod former;
mod identities;
mod layers;
mod providers;
mod reader;
mod signing;
mod sponsorship;
#[cfg(test)]
mod tests;
mod vault;

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::{SecretSlice, SecretString};
use url::Url;

use crate::codec::PayloadKey;

pub use channels::{Channels, Fcm, Notices, Orange, SendGrid, Smtp, SmtpSecurity, Twilio, WhatsApp};
pub use layers::Layers;
pub use vault::{Bucket, Vault, VaultStore};

/// Everything, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    pub database: Database,
    pub temporal: Temporal,
    pub wave: Wave,
    pub channels: Channels,
    pub notices: Notices,
    pub api: Api,
    pub redis: Redis,
    pub limits: Limits,
    pub tokens: Tokens,
    pub certificates: Certificates,
    pub accounts: Accounts,
    pub retention: Retention,
    pub passwords: Passwords,
    pub social: Social,
    /// Absent: this process has no use for identity documents.
    pub vault: Option<Vault>,
    pub worker: Worker,
    pub telemetry: Telemetry,
    pub books: Books,
    pub rules: Rules,
    pub sponsorship: Sponsorship,
    pub consents: Consents,
    pub identities: Identities,
}

/// Which outside world is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The sandbox on this machine; a real provider is refused.
    Development,
    /// Real providers and real secrets; anything of the sandbox is refused.
    Production,
}

#[derive(Debug, Clone)]
pub struct Database {
    /// With user and password, so it is a secret as a whole.
    pub url: SecretString,
    pub max_connections: u32,
}

#[derive(Debug, Clone)]
pub struct Temporal {
    /// `http` or `https`, host and port.
    pub address: Url,
    pub namespace: String,
    /// At least one; the first encrypts, all decrypt.
    pub payload_keys: Vec<PayloadKey>,
    /// Where the engine's web pages are, if people look at them.
    pub ui: Option<Url>,
    /// Development alone: whoever on this machine knows it has payloads decrypted.
    pub codec_secret: Option<SecretString>,
}

#[derive(Debug, Clone)]
pub struct Wave {
    pub url: Url,
    pub api_key: SecretString,
    /// For keys that were made with request signing.
    pub signing_secret: Option<SecretString>,
    /// At least one.
    pub webhook_secrets: Vec<SecretString>,
    /// For one call as a whole.
    pub timeout: Duration,
    pub at_once: usize,
    pub pause: Duration,
}

#[derive(Debug, Clone)]
pub struct Api {
    pub listen: SocketAddr,
    pub public_url: Url,
    pub body_limit_bytes: usize,
    /// For the head of a request, from the connection's beginning or its last answer on.
    pub head_timeout: Duration,
    pub request_timeout: Duration,
    /// Less than `request_timeout`.
    pub patience: Duration,
    /// As browsers write them: scheme, host and port.
    pub cors_origins: Vec<String>,
    pub client_address: ClientAddress,
    pub most_in_flight: usize,
    pub most_webhooks_in_flight: usize,
    pub most_receipts_in_flight: usize,
    /// A single address is a network of one.
    pub metrics_from: Vec<IpNet>,
    /// Zero: nothing is kept.
    pub list_cache: Duration,
}

/// Where the address of a caller is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAddress {
    Connection,
    /// The last address of `X-Forwarded-For`, which our proxy writes.
    RightmostForwardedFor,
}

#[derive(Debug, Clone)]
pub struct Redis {
    /// With its password, so it is a secret as a whole.
    pub url: Option<SecretString>,
}

/// How often one caller may ask, by kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub read: Rate,
    pub write: Rate,
    pub money: Rate,
    pub sign_in: Rate,
    pub phone: Rate,
    pub webhook: Rate,
    pub receipt: Rate,
    pub visit: Rate,
}

/// At least one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once, after a pause.
    pub burst: NonZeroU32,
    pub per_minute: NonZeroU32,
}

#[derive(Debug, Clone)]
pub struct Tokens {
    /// Ed25519, PKCS#8 in PEM. In development it may have been made at this start.
    pub signing_key: SecretString,
    pub key_id: String,
    pub issuer: String,
    pub audience: String,
    pub access: Duration,
    /// Public keys that checked tokens before `signing_key`, by their ids; 32 bytes each.
    pub former_keys: Vec<(String, Vec<u8>)>,
}

/// How certificates are sealed, and with what they are checked.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// Absent: this process settles nothing.
    pub sealing: Option<Sealing>,
    /// Public keys that are published beside the one that seals, by their ids; 32 bytes each.
    pub public_keys: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone)]
pub struct Sealing {
    pub key_id: String,
    /// Ed25519, PKCS#8 in DER.
    pub key: SecretSlice<u8>,
}

#[derive(Debug, Clone)]
pub struct Accounts {
    /// Keys the hashes of codes, tokens and contacts.
    pub pepper: SecretString,
    pub code_minutes: u32,
    pub code_tries: i32,
    pub guesses: i32,
    pub guess_window: Duration,
    pub session: Duration,
    pub desk: Duration,
    pub repeat: Duration,
    pub leftovers_days: u32,
    pub ended_sessions_days: u32,
}

/// How long what is kept beside these; what each rule is about stands in the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub closed_account_days: u32,
    pub answers_days: u32,
    pub hearsay_days: u32,
    pub audit_years: u32,
    pub books_years: u32,
    pub visits_years: u32,
    pub histories_years: u32,
}

/// What hashing a password costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passwords {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
    pub at_once: usize,
}

/// Whose word is taken for who somebody is. A provider that is absent is off.
#[derive(Debug, Clone)]
pub struct Social {
    pub nonce: Duration,
    pub at_once: usize,
    pub pause: Duration,
    pub google: Option<IdTokens>,
    pub apple: Option<IdTokens>,
    pub facebook: Option<Facebook>,
}

/// A provider that tells who somebody is by tokens that it signs.
#[derive(Debug, Clone)]
pub struct IdTokens {
    /// At least one.
    pub client_ids: Vec<String>,
    /// At least one.
    pub issuers: Vec<String>,
    pub keys_url: Url,
}

#[derive(Debug, Clone)]
pub struct Facebook {
    /// Made for the same app.
    pub id_tokens: IdTokens,
    pub app_id: String,
    pub app_secret: SecretString,
    pub graph_url: Url,
}

#[derive(Debug, Clone)]
pub struct Worker {
    /// Of which build its programs are: letters, digits, `-` and `_`. Absent: nobody has said.
    pub build_id: Option<String>,
    /// Whether the engine gives processes to one build alone. Then there is a `build_id`.
    pub versioned: bool,
    /// At least one, without repetition. Whether such queues exist is known to the worker.
    pub queues: Vec<String>,
    pub health_listen: SocketAddr,
    pub shutdown_grace: Duration,
}

/// What is told to those who watch over the processes.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// Of a collector of traces, without the path of its protocol. Absent: nothing is traced.
    pub otlp_endpoint: Option<Url>,
}

/// When the books are compared with Wave's statement, and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// 0 to 59, of every hour.
    pub reconcile_today_at_minute: u32,
    /// 0 to 23, in Dakar.
    pub reconcile_yesterday_at_hour: u32,
    pub under_way_minutes: u32,
    pub check_every_minutes: u32,
    pub discrepancy_days: u32,
}

/// The product's numbers, as plain integers: the domain gives them their meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub opens_days_before: u32,
    pub sweep_hour_dakar: u32,
    pub punctuality_minutes: u32,
    /// Falling, without repetition, each less than `opens_days_before`.
    pub reminder_days_before: Vec<u32>,
    pub default_target_xof: i64,
    pub gift_min_xof: i64,
    pub gift_max_xof: i64,
    pub message_max_chars: u32,
    pub checkout_grace_seconds: u32,
    /// 0 to 23, on the day after closing.
    pub payout_hour_dakar: u32,
    pub payout_unknown_after_minutes: u32,
    pub payout_recheck_seconds: u32,
    pub payout_retry_seconds: u32,
    pub float_retry_minutes: u32,
    pub payout_two_approvals_from_xof: i64,
    /// Less than a day.
    pub payout_same_key_hours: u32,
    /// At least three days.
    pub payout_never_paid_after_hours: u32,
    pub refund_recheck_seconds: u32,
    pub refund_retry_minutes: u32,
    pub refund_longest_pause_hours: u32,
    /// At least `payout_recheck_seconds` and `checkout_grace_seconds`.
    pub longest_pause_minutes: u32,
    pub continue_after_events: u32,
}

/// How people invite others, and what that brings.
#[derive(Debug, Clone)]
pub struct Sponsorship {
    pub invitations_a_day: u32,
    /// To one contact within `contact_days`, by all sponsors together.
    pub invitations_per_contact: u32,
    pub contact_days: u32,
    /// Phones that begin with one of them may be invited; all, if there is none.
    pub phone_prefixes: Vec<String>,
    pub invitation_days: u32,
    /// Rising, each less than `invitation_days`.
    pub reminder_days_after: Vec<u32>,
    pub points_invitation_accepted: u32,
    pub points_pot_opened: u32,
    pub points_first_gift: u32,
    pub points_mature_days: u32,
    /// So many points are worth `credit_xof`.
    pub points_per_credit: u32,
    pub credit_xof: i64,
    /// How far below nothing promotions may stand.
    pub credit_budget_xof: i64,
}

/// Under which rules a guardian is asked to consent for a minor.
#[derive(Debug, Clone)]
pub struct Consents {
    /// Rising, each less than `answer_days`.
    pub reminder_days_after: Vec<u32>,
    pub answer_days: u32,
    pub return_days: u32,
    /// Within `request_days`, by one minor.
    pub requests: u32,
    pub request_days: u32,
    pub minors_per_guardian_flag: u32,
}

/// How identities are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identities {
    pub most_documents: u32,
    /// At least two.
    pub approvals_for_minors: u32,
    pub approvals_for_adults: u32,
    pub escalate_hours: u32,
    pub nothing_came_days: u32,
    pub keep_approved_days: u32,
    pub keep_rejected_days: u32,
    /// At least one.
    pub cases_a_year: u32,
}

/// One setting as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub key: String,
    /// Nothing where the value is a secret.
    pub value: Option<String>,
    pub from: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Default,
    /// A variable as the earlier system named it.
    FormerName,
    File,
    Environment,
    /// The program that runs, which knows its surroundings.
    Program,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::FormerName => "former name",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Program => "program",
        }
    }
}

/// One thing that is wrong, in words, with the key it is wrong at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub words: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.words)
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the settings file {} cannot be read", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// The parser's own words are left out: they quote the line, and the line may hold a secret.
    #[error("the settings file {} is not TOML ({place})", path.display())]
    Syntax { path: PathBuf, place: String },
    /// All that is wrong: unknown keys first, then values in the order of the defaults file.
    #[error("the settings cannot be used:{}", listed(.0))]
    Invalid(Vec<Problem>),
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |text, problem| text + "\n  " + &problem.to_string())
}

impl Settings {
    /// Reads the defaults, the file (the one given, else the one that `WOLO_CONFIG` names, else none) and the process's
    /// environment.
    pub fn load(file: Option<PathBuf>) -> Result<Self, SettingsError> {
        let mut layers = Layers::from_process();
        if let Some(file) = file {
            layers = layers.file(file);
        }
        layers.read()
    }
}
