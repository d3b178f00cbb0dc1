//! An emulator of its own for each test, a client for it, and every call that the client can make.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use wolo_domain::money::Xof;
use wolo_providers::ProviderError;
use wolo_providers::http::Timeouts;
use wolo_providers::wave::{CreateCheckout, IdempotencyKey, SendPayout, VerifyRecipient, Wave, WaveAccess};
use wolo_sandbox::wave::{self as emulator, Endpoint, Options};

pub(crate) const PERSON: &str = "+221770000009";

pub(crate) struct Setting {
    pub(crate) emulator: emulator::Wave,
    pub(crate) wave: Wave,
}

impl Setting {
    pub(crate) async fn start() -> Self {
        Self::with(Options { opening_balance: 1_000_000, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let signed = options.requires_signature;
        let emulator = emulator::Wave::start(options).await.unwrap();
        let mut access = access(emulator.base_url(), emulator.api_key());
        access.signing_secret = signed.then(|| SecretString::from(emulator.signing_secret()));
        let wave = Wave::new(access).unwrap();
        Self { emulator, wave }
    }

    /// The same emulator through a client that knows of no trouble before.
    pub(crate) fn another(&self) -> Wave {
        Wave::new(access(self.emulator.base_url(), self.emulator.api_key())).unwrap()
    }

    /// The same emulator through a client that does not wait long, and knows of no trouble before.
    pub(crate) fn impatient(&self) -> Wave {
        let mut access = access(self.emulator.base_url(), self.emulator.api_key());
        access.timeouts = Timeouts { connect: Duration::from_secs(30), total: Duration::from_millis(150) };
        Wave::new(access).unwrap()
    }

    /// What the calls need: an open session, a paid one, and a payout.
    pub(crate) async fn facts(&self) -> Facts {
        let open = self.wave.create_checkout(&gift("don_open", 5000)).await.unwrap().id;
        let paid = self.wave.create_checkout(&gift("don_paid", 7000)).await.unwrap().id;
        self.emulator.pay(&paid, None).unwrap();
        let payout = self.wave.send_payout(&key("first"), &order("dist_first", 1000)).await.unwrap().id;
        Facts { open, paid, payout, now: self.emulator.now() }
    }
}

pub(crate) struct Facts {
    pub(crate) open: String,
    pub(crate) paid: String,
    pub(crate) payout: String,
    pub(crate) now: DateTime<Utc>,
}

pub(crate) fn access(base_url: &str, api_key: &str) -> WaveAccess {
    WaveAccess {
        base_url: base_url.parse().unwrap(),
        api_key: SecretString::from(api_key),
        signing_secret: None,
        timeouts: Timeouts::total(Duration::from_secs(30)),
        at_once: 64,
        pause: Duration::from_secs(1),
    }
}

pub(crate) fn gift(reference: &str, francs: i64) -> CreateCheckout {
    CreateCheckout {
        amount: Xof::new(francs),
        client_reference: reference.to_owned(),
        success_url: "https://wolo.example/ok".parse().unwrap(),
        error_url: "https://wolo.example/ko".parse().unwrap(),
    }
}

pub(crate) fn order(reference: &str, francs: i64) -> SendPayout {
    SendPayout {
        receive_amount: Xof::new(francs),
        mobile: PERSON.into(),
        name: Some("Awa Test".into()),
        client_reference: reference.to_owned(),
        payment_reason: Some("Cagnotte anniversaire".to_owned()),
    }
}

pub(crate) fn question(mobile: &str) -> VerifyRecipient {
    VerifyRecipient {
        mobile: mobile.into(),
        name: Some("Awa Test".into()),
        national_id: None,
        amount: Some(Xof::new(1000)),
    }
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::new(text).unwrap()
}

/// Every call of the client, so that a failure can be tried on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    CreateCheckout,
    Checkout,
    SearchCheckouts,
    ExpireCheckout,
    RefundCheckout,
    SendPayout,
    Payout,
    SearchPayouts,
    ReversePayout,
    VerifyRecipient,
    Balance,
    StatementPage,
}

impl Call {
    pub(crate) const ALL: [Self; 12] = [
        Self::CreateCheckout,
        Self::Checkout,
        Self::SearchCheckouts,
        Self::ExpireCheckout,
        Self::RefundCheckout,
        Self::SendPayout,
        Self::Payout,
        Self::SearchPayouts,
        Self::ReversePayout,
        Self::VerifyRecipient,
        Self::Balance,
        Self::StatementPage,
    ];

    pub(crate) fn endpoint(self) -> Endpoint {
        match self {
            Self::CreateCheckout => Endpoint::CheckoutCreate,
            Self::Checkout => Endpoint::CheckoutGet,
            Self::SearchCheckouts => Endpoint::CheckoutSearch,
            Self::ExpireCheckout => Endpoint::CheckoutExpire,
            Self::RefundCheckout => Endpoint::CheckoutRefund,
            Self::SendPayout => Endpoint::PayoutCreate,
            Self::Payout => Endpoint::PayoutGet,
            Self::SearchPayouts => Endpoint::PayoutSearch,
            Self::ReversePayout => Endpoint::PayoutReverse,
            Self::VerifyRecipient => Endpoint::RecipientVerify,
            Self::Balance => Endpoint::Balance,
            Self::StatementPage => Endpoint::Transactions,
        }
    }

    /// Makes the call so that it would succeed if nothing went wrong. Each can be made again.
    pub(crate) async fn make(self, wave: &Wave, facts: &Facts) -> Result<(), ProviderError> {
        match self {
            Self::CreateCheckout => wave.create_checkout(&gift("don_new", 5000)).await.map(drop),
            Self::Checkout => wave.checkout(&facts.open).await.map(drop),
            Self::SearchCheckouts => wave.search_checkouts("don_open").await.map(drop),
            Self::ExpireCheckout => wave.expire_checkout(&facts.open).await.map(drop),
            Self::RefundCheckout => wave.refund_checkout(&facts.paid).await,
            Self::SendPayout => wave.send_payout(&key("again"), &order("dist_again", 2000)).await.map(drop),
            Self::Payout => wave.payout(&facts.payout).await.map(drop),
            Self::SearchPayouts => wave.search_payouts("dist_first").await.map(drop),
            Self::ReversePayout => wave.reverse_payout(&facts.payout).await,
            Self::VerifyRecipient => wave.verify_recipient(&question(PERSON)).await.map(drop),
            Self::Balance => wave.balance().await.map(drop),
            Self::StatementPage => wave.statement_page(facts.now.date_naive(), None).await.map(drop),
        }
    }
}
