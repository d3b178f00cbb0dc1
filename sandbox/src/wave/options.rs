//! How the emulator is set up. The defaults suit a local world; tests change what they test.

use std::{path::PathBuf, time::Duration};

use super::book::WebhookEndpoint;
use crate::telling::Retry;

/// What a fee is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    Checkout,
    MerchantPayment,
    Payout,
}

/// One per cent, rounded up to a whole franc, on everything. Wave's own rounding is not documented.
pub fn one_percent(_charge: Charge, francs: i64) -> i64 {
    francs / 100 + i64::from(francs % 100 > 0)
}

/// How the emulator is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 picks a free one.
    pub port: u16,
    /// What the pay links start with; absent: `http://127.0.0.1:<port>`.
    pub public_url: Option<String>,
    pub api_key: String,
    /// The secret that signs API calls.
    pub signing_secret: String,
    /// Whether the key was made with request signing: every call must then be signed.
    pub requires_signature: bool,
    /// The secret of endpoints registered without one of their own.
    pub webhook_secret: String,
    pub webhooks: Vec<WebhookEndpoint>,
    pub webhook_retry: Retry,
    /// How long a receiver may take to answer.
    pub webhook_timeout: Duration,
    pub business_name: String,
    /// Francs in the wallet before the first line. A kept book brings its own.
    pub opening_balance: i64,
    /// The fee in francs for a charge and an amount in francs.
    pub fees: fn(Charge, i64) -> i64,
    pub session_life: Duration,
    /// Lines on a page of the statement, at most 1000.
    pub page_size: usize,
    /// How many reads of a batch answer `processing`.
    pub batch_polls: u32,
    /// Lets `success_url` and `error_url` be `http://127.0.0.1` or `http://localhost`, which Wave refuses.
    pub local_redirects: bool,
    /// The two digits after `+221` of numbers that can hold a wallet.
    pub mobile_prefixes: Vec<String>,
    /// Who pays when the pay page is given no number.
    pub default_payer: String,
    /// Where the book is kept between runs; absent: it lives in memory.
    pub data_folder: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            public_url: None,
            api_key: "wave_sn_test_sandbox-key".into(),
            signing_secret: "wave_sn_AKS_sandbox-secret".into(),
            requires_signature: false,
            webhook_secret: "wave_sn_WHS_sandbox-secret".into(),
            webhooks: Vec::new(),
            webhook_retry: Retry::default(),
            webhook_timeout: Duration::from_secs(5),
            business_name: "WOLO".into(),
            opening_balance: 0,
            fees: one_percent,
            session_life: Duration::from_mins(30),
            page_size: 1000,
            batch_polls: 2,
            local_redirects: false,
            mobile_prefixes: ["70", "71", "75", "76", "77", "78"].map(String::from).to_vec(),
            default_payer: "+221770000001".into(),
            data_folder: None,
        }
    }
}
