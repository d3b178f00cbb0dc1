//! What the book holds: plain records, in whole francs and UTC, without any rule.

use std::{collections::BTreeMap, net::IpAddr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::telling::{Attempt, DeliveryState};

/// A request for money: Wave's checkout session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// `cos-…`
    pub id: String,
    /// What the payer pays, in francs, fee included.
    pub amount: i64,
    pub client_reference: Option<String>,
    pub success_url: String,
    pub error_url: String,
    /// E.164; only this wallet may pay.
    pub restrict_payer_mobile: Option<String>,
    pub when_created: DateTime<Utc>,
    pub when_expires: DateTime<Utc>,
    /// Set once paid.
    pub when_completed: Option<DateTime<Utc>>,
    /// Set when the merchant closed it early.
    pub when_closed: Option<DateTime<Utc>>,
    /// Set once paid.
    pub transaction_id: Option<String>,
    pub payer_mobile: Option<String>,
    /// What Wave kept of the amount, in francs; zero until paid.
    pub fee: i64,
    pub last_payment_error: Option<PaymentError>,
    /// The transaction that gave the money back.
    pub refund_transaction_id: Option<String>,
}

/// Why a payer's attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentError {
    pub code: String,
    pub message: String,
}

/// Where a session stands at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    Open,
    Complete,
    Expired,
}

impl Session {
    /// Expiry is a matter of the clock, so a session has a status only at a moment.
    pub fn status_at(&self, now: DateTime<Utc>) -> CheckoutStatus {
        if self.when_completed.is_some() {
            CheckoutStatus::Complete
        } else if self.when_closed.is_some() || now >= self.when_expires {
            CheckoutStatus::Expired
        } else {
            CheckoutStatus::Open
        }
    }
}

/// Where a payout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStatus {
    Processing,
    Succeeded,
    Failed,
    Reversed,
}

/// What a caller asks to be sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutOrder {
    /// What the recipient gets, in francs.
    pub receive_amount: i64,
    /// E.164
    pub mobile: String,
    pub name: Option<String>,
    pub national_id: Option<String>,
    pub client_reference: Option<String>,
    pub payment_reason: Option<String>,
}

/// Money sent to a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payout {
    /// `pt-…`
    pub id: String,
    #[serde(flatten)]
    pub order: PayoutOrder,
    /// Paid on top of the amount, in francs.
    pub fee: i64,
    pub status: PayoutStatus,
    /// A Wave error code, once failed.
    pub error: Option<String>,
    /// When it was submitted.
    pub when: DateTime<Utc>,
    /// `pb-…`, when it came in a batch.
    pub batch_id: Option<String>,
    /// Set once the money left.
    pub transaction_id: Option<String>,
}

impl Payout {
    /// What the wallet is debited: amount and fee.
    pub fn debit(&self) -> i64 {
        self.order.receive_amount.saturating_add(self.fee)
    }

    /// Whether money left the wallet for it, given back later or not.
    pub fn executed(&self) -> bool {
        matches!(self.status, PayoutStatus::Succeeded | PayoutStatus::Reversed)
    }
}

/// Several payouts asked for at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// `pb-…`
    pub id: String,
    pub payout_ids: Vec<String>,
    /// How many more reads answer `processing`.
    pub polls_left: u32,
}

/// The kinds of statement lines the emulator writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    MerchantPayment,
    MerchantPaymentRefund,
    ApiCheckout,
    ApiCheckoutRefund,
    ApiPayout,
    ApiPayoutReversal,
    BulkPayment,
    BulkPaymentReversal,
    B2bPayment,
    B2bPaymentReversal,
    MerchantSweep,
}

/// One line of the statement. The sum of all `amount`s and the opening balance is the balance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Movement {
    /// `T…`
    pub transaction_id: String,
    pub kind: MovementKind,
    pub when: DateTime<Utc>,
    /// Change of the wallet in francs, net of the fee: positive in, negative out.
    pub amount: i64,
    /// What Wave kept, in francs; negative on a line that gives a fee back.
    pub fee: i64,
    /// The wallet after this line, in francs.
    pub balance: i64,
    pub is_reversal: bool,
    pub counterparty_name: Option<String>,
    pub counterparty_mobile: Option<String>,
    pub client_reference: Option<String>,
    pub payment_reason: Option<String>,
    pub checkout_session_id: Option<String>,
    pub payout_id: Option<String>,
    pub batch_id: Option<String>,
    /// The later line that gave this one back.
    pub reversed_by: Option<String>,
    /// What stands in the line in place of what belongs there: a line that is strange on purpose.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub odd: Map<String, Value>,
}

/// A line that appears without the API: made by hand in Wave's app, or planted for a test.
#[derive(Clone, Debug, Deserialize)]
pub struct PlantedLine {
    pub kind: MovementKind,
    /// As it changes the wallet, in francs.
    pub amount: i64,
    #[serde(default)]
    pub fee: i64,
    #[serde(default)]
    pub is_reversal: bool,
    #[serde(default)]
    pub client_reference: Option<String>,
    #[serde(default)]
    pub checkout_session_id: Option<String>,
    /// Now, unless another time is given.
    #[serde(default)]
    pub when: Option<DateTime<Utc>>,
    /// Fields of the statement by their names there, with what they are to say: `{"currency": "USD"}`.
    #[serde(default)]
    pub odd: Map<String, Value>,
}

impl PlantedLine {
    pub fn new(kind: MovementKind, amount: i64, fee: i64) -> Self {
        Self {
            kind,
            amount,
            fee,
            is_reversal: false,
            client_reference: None,
            checkout_session_id: None,
            when: None,
            odd: Map::new(),
        }
    }
}

/// Something Wave tells the merchant about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// `EV_…` or `AE_…`
    pub id: String,
    /// `checkout.session.completed` and so on.
    pub kind: String,
    /// The exact bytes that are signed and sent.
    pub body: String,
    pub when: DateTime<Utc>,
}

/// How an endpoint is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// `Wave-Signature` over timestamp and body, one `v1` for each secret.
    Signing,
    /// `Authorization: Bearer <first secret>`.
    SharedSecret,
}

/// Where webhooks go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    pub url: String,
    /// Two while a rotation lasts.
    pub secrets: Vec<String>,
    pub strategy: Strategy,
    /// Event kinds wanted; empty means all.
    #[serde(default)]
    pub events: Vec<String>,
}

/// One delivery and its attempts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Position in the book, which is also its number in the control API.
    pub number: usize,
    pub event_id: String,
    pub url: String,
    pub state: DeliveryState,
    /// The fault that bent it, in a word.
    pub fault: Option<String>,
    pub attempts: Vec<Attempt>,
    /// An honest delivery is not bent by webhook faults (a copy, or one asked for again).
    pub honest: bool,
}

/// The state of the API key and the wallet behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    pub key_revoked: bool,
    pub wallet: WalletState,
    /// Callers outside this list are refused; absent means everyone may call.
    pub allowed_ips: Option<Vec<IpAddr>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletState {
    #[default]
    Active,
    /// Only the balance can be read.
    Disabled,
    Invalid,
}

/// What Wave knows about the owner of a wallet, for recipient checks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    pub name: Option<String>,
    pub national_id: Option<String>,
}

/// Recipient checks of one phone inside the current window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Checks {
    pub window_start: DateTime<Utc>,
    pub count: u32,
    pub blocked_until: Option<DateTime<Utc>>,
}

impl Checks {
    const WINDOW: TimeDelta = TimeDelta::minutes(5);
    const BLOCK: TimeDelta = TimeDelta::minutes(60);
    const ALLOWED: u32 = 30;

    /// Counts one check; false when the phone is blocked.
    pub(in crate::wave) fn allow(&mut self, now: DateTime<Utc>) -> bool {
        if self.blocked_until.is_some_and(|until| now < until) {
            return false;
        }
        if now - self.window_start >= Self::WINDOW {
            *self = Self { window_start: now, count: 0, blocked_until: None };
        }
        self.count += 1;
        if self.count > Self::ALLOWED {
            self.blocked_until = Some(now + Self::BLOCK);
        }
        self.count <= Self::ALLOWED
    }
}

/// The answer an idempotency key stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// Lower-case hex of the request body's SHA-256.
    pub body_sha256: String,
    pub status: u16,
    pub answer: String,
}

/// Who called what, for tests that count calls.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Calls by endpoint name, such as `payout.create`.
    pub calls: BTreeMap<String, u64>,
    /// Replies held by a fault at this moment.
    #[serde(default)]
    pub stalled: u32,
}
