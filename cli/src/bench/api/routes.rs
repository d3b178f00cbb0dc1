//! What is measured: each route as its callers ask for it, and as pgbench has it.
//!
//! A route's statements stand here in the order in which its handler runs them. A further route is a further function
//! and a line in [`Route::all`].

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chrono::Utc;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use wolo_database::Context;
use wolo_database::webhooks::PAYMENT_FAILED;
use wolo_domain::ids::{DonationId, PotId};
use wolo_sandbox::wave::signature;

use super::pgbench::Script;
use super::sign_in;
use super::statements::{EVENT_HANDLED, EVENT_RECEIVED, FAILED_ATTEMPTS, GIFT, POT, committed, rolled_back};
use crate::local::Local;

pub(super) type Body = Full<Bytes>;

/// Of pgbench's rate, for routes that read and for the one that writes.
const READS_PERCENT_GOAL: u64 = 60;
const WRITES_PERCENT_GOAL: u64 = 80;

/// Events have ids of nineteen digits, ours and pgbench's.
const FIRST_EVENT: u64 = 1_000_000_000_000_000_000;
const LAST_EVENT: u64 = 8_999_999_999_999_999_999;
/// Nothing waits for it, so it costs the inbox alone.
const EVENT_KIND: &str = "merchant.payment_received";

pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) ask: Arc<Ask>,
    /// Absent where the statements are the least of what the route does.
    pub(super) beside: Option<Beside>,
}

/// What a route is held against.
pub(super) struct Beside {
    pub(super) script: Script,
    /// Of pgbench's rate.
    pub(super) goal_percent: u64,
}

/// How a route is asked.
pub(super) enum Ask {
    Read {
        path: String,
    },
    /// As Wave does it: every event is a new one, and signed.
    Tell {
        path: &'static str,
        secret: SecretString,
    },
    SignIn {
        path: &'static str,
        body: String,
    },
}

impl Route {
    pub(super) fn all(local: &Local, pot: PotId, gift: DonationId) -> Result<[Self; 4]> {
        let secret = local.settings.wave.webhook_secrets.first().context("Wave's webhooks have a secret")?;
        Ok([Self::pot(pot)?, Self::status(gift)?, Self::webhook(secret.clone())?, Self::login()])
    }

    /// A public pot, as a visitor sees it.
    fn pot(pot: PotId) -> Result<Self> {
        let text = rolled_back(&[Context::visitor().claims(), POT.with(&[":pot"])?]);
        Ok(Self {
            name: "GET /api/pots/{id}",
            ask: Arc::new(Ask::Read { path: format!("/api/pots/{pot}") }),
            beside: Some(Beside {
                script: Script { text, values: vec![("pot", pot.uuid().to_string())] },
                goal_percent: READS_PERCENT_GOAL,
            }),
        })
    }

    fn status(gift: DonationId) -> Result<Self> {
        let text = rolled_back(&[
            Context::visitor().with_donation(gift).claims(),
            GIFT.with(&[":gift"])?,
            FAILED_ATTEMPTS.with(&[":subject", ":kind"])?,
        ]);
        let values = vec![
            ("gift", gift.uuid().to_string()),
            ("subject", gift.to_string()),
            ("kind", PAYMENT_FAILED.to_owned()),
        ];
        Ok(Self {
            name: "GET /api/payments/status/{id}",
            ask: Arc::new(Ask::Read { path: format!("/api/payments/status/{gift}") }),
            beside: Some(Beside { script: Script { text, values }, goal_percent: READS_PERCENT_GOAL }),
        })
    }

    /// Stored in one transaction, and noted as dealt with in another.
    fn webhook(secret: SecretString) -> Result<Self> {
        let claims = Context::wave().claims();
        let received = EVENT_RECEIVED.with(&[
            "array[:provider]",
            "array[:event]",
            "array[:kind]",
            "array[null]",
            "array[:raw]",
        ])?;
        let handled = EVENT_HANDLED.with(&[":provider", ":event"])?;
        let text = format!(
            "\\set event random({FIRST_EVENT}, {LAST_EVENT})\n{}{}",
            committed(&[claims.clone(), received]),
            committed(&[claims, handled])
        );
        let values = vec![
            ("provider", "wave".to_owned()),
            ("kind", EVENT_KIND.to_owned()),
            ("raw", format!("\\x{}", hex::encode(event(FIRST_EVENT)))),
        ];
        Ok(Self {
            name: "POST /api/payments/webhook",
            ask: Arc::new(Ask::Tell { path: "/api/payments/webhook", secret }),
            beside: Some(Beside { script: Script { text, values }, goal_percent: WRITES_PERCENT_GOAL }),
        })
    }

    /// With the right password: a hash is computed, and a session begins.
    fn login() -> Self {
        let body = sign_in::body(sign_in::PHONE, sign_in::PASSWORD);
        Self {
            name: "POST /api/users/auth/login",
            ask: Arc::new(Ask::SignIn { path: sign_in::PATH, body: body.to_string() }),
            beside: None,
        }
    }
}

impl Ask {
    /// The next request to an API at this address.
    pub(super) fn request(&self, address: SocketAddr) -> Result<Request<Body>> {
        let host = address.to_string();
        Ok(match self {
            Self::Read { path } => Request::get(path).header(HOST, host).body(Body::default())?,
            Self::Tell { path, secret } => {
                let body = event(rand::random_range(FIRST_EVENT..=LAST_EVENT));
                let signed =
                    signature::header([secret.expose_secret()], Utc::now().timestamp(), body.as_bytes());
                Request::post(*path)
                    .header(HOST, host)
                    .header("wave-signature", signed)
                    .body(Body::from(body))?
            }
            Self::SignIn { path, body } => Request::post(*path)
                .header(HOST, host)
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(body.clone()))?,
        })
    }
}

fn event(id: u64) -> String {
    json!({
        "id": id.to_string(),
        "type": EVENT_KIND,
        "data": {
            "id": "T_MESUREMESURE",
            "amount": "1000",
            "currency": "XOF",
            "merchant_name": "WOLO",
            "merchant_id": "M_MESUREMESURE",
            "when_created": "2026-01-01T00:00:00Z",
        },
    })
    .to_string()
}
