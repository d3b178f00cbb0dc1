//! Reading a request body as strictly as Wave does: no unknown field, amounts as strings, whole francs.

use axum::http::StatusCode;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::{
    book::PayoutOrder,
    errors::{Envelope, Refusal},
};

/// The longest text of an ordinary field, in characters.
const TEXT: usize = 255;
/// The longest reason printed on a recipient's receipt.
const REASON: usize = 40;

/// A JSON object whose fields are taken out one by one; what is left at the end was not asked for.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Parses a body sent as JSON.
    pub(super) fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, Refusal> {
        let is_json = content_type.is_some_and(|kind| {
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
        if !is_json {
            let message = "The request body must be JSON.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "request-not-json", message));
        }
        let value = serde_json::from_slice(body).map_err(|_| {
            let message = "The request body is not valid JSON.";
            Refusal::new(StatusCode::BAD_REQUEST, "request-parsing-error", message)
        })?;
        Self::from_value(value)
    }

    pub(super) fn from_value(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Refusal::field("__root__", "value is not a valid dict", "type_error.dict")),
        }
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::field(name, "extra fields not permitted", "value_error.extra")),
        }
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, Refusal> {
        match self.0.remove(name) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(Refusal::field(name, "value is not a valid list", "type_error.list")),
            None => Err(missing(name)),
        }
    }

    pub(super) fn optional(&mut self, name: &str, longest: usize) -> Result<Option<String>, Refusal> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= longest => Ok(Some(text)),
            Some(Value::String(_)) => {
                let message = format!("ensure this value has at most {longest} characters");
                Err(Refusal::field(name, &message, "value_error.any_str.max_length"))
            }
            Some(_) => Err(Refusal::field(name, "str type expected", "type_error.str")),
        }
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        self.optional(name, TEXT)
    }

    fn required(&mut self, name: &str) -> Result<String, Refusal> {
        self.optional(name, usize::MAX)?.ok_or_else(|| missing(name))
    }

    /// A positive whole number of francs.
    pub(super) fn amount(&mut self, name: &str) -> Result<i64, Refusal> {
        francs(&self.required(name)?).map_err(|message| Refusal::field(name, message, "value_error"))
    }

    pub(super) fn optional_amount(&mut self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => {
                francs(&text).map(Some).map_err(|message| Refusal::field(name, message, "value_error"))
            }
        }
    }

    /// The wallet holds francs, so anything else is refused; `mismatch` says how a known currency is.
    pub(super) fn currency(&mut self, mismatch: fn() -> Refusal) -> Result<(), Refusal> {
        const KNOWN: [&str; 6] = ["EUR", "GMD", "GNF", "SLE", "UGX", "USD"];
        match self.required("currency")?.as_str() {
            "XOF" => Ok(()),
            other if KNOWN.contains(&other) => Err(mismatch()),
            other => {
                let message = format!("Unknown currency identifier: {other}.");
                Err(Refusal::field("currency", &message, "value_error"))
            }
        }
    }

    /// An https address; with `local` also a plain one on this machine.
    pub(super) fn redirect(&mut self, name: &str, local: bool) -> Result<String, Refusal> {
        let text = self.required(name)?;
        let accepted = Url::parse(&text).is_ok_and(|url| match url.scheme() {
            "https" => url.host().is_some(),
            "http" => local && on_this_machine(&url),
            _ => false,
        });
        if accepted {
            Ok(text)
        } else {
            Err(Refusal::field(name, "URL scheme not permitted, use https", "value_error.url.scheme"))
        }
    }

    pub(super) fn mobile(&mut self, name: &str) -> Result<String, Refusal> {
        let mobile = self.required(name)?;
        if is_e164(&mobile) { Ok(mobile) } else { Err(bad_mobile()) }
    }

    /// One payout, alone or in a batch.
    pub(super) fn payout(mut self, wallets: &[String]) -> Result<PayoutOrder, Refusal> {
        self.currency(currency_mismatch)?;
        let order = PayoutOrder {
            receive_amount: self.amount("receive_amount")?,
            mobile: self.mobile("mobile")?,
            name: self.text("name")?,
            national_id: self.text("national_id")?,
            client_reference: self.text("client_reference")?,
            payment_reason: self.optional("payment_reason", REASON)?,
        };
        if self.text("aggregated_merchant_id")?.is_some() {
            let code = "invalid-aggregated-merchant-id";
            let message = "This business is not an aggregator.";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, code, message).shaped(Envelope::ErrorCode));
        }
        self.finish()?;
        check_wallet(&order.mobile, wallets)?;
        Ok(order)
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::field(name, "field required", "value_error.missing")
}

fn bad_mobile() -> Refusal {
    let message = "Invalid phone number.";
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "request-validation-error", message)
        .shaped(Envelope::Plain)
}

fn currency_mismatch() -> Refusal {
    let message = "The currency is not that of the wallet.";
    Refusal::new(StatusCode::BAD_REQUEST, "currency-mismatch", message).shaped(Envelope::ErrorCode)
}

/// Refuses numbers that cannot hold a wallet in this country.
pub(super) fn check_wallet(mobile: &str, prefixes: &[String]) -> Result<(), Refusal> {
    let Some(national) = mobile.strip_prefix("+221") else {
        let message = "The recipient is in another country.";
        return Err(
            Refusal::new(StatusCode::BAD_REQUEST, "country-mismatch", message).shaped(Envelope::ErrorCode)
        );
    };
    let known = national.len() == 9 && prefixes.iter().any(|prefix| national.starts_with(prefix.as_str()));
    if known { Ok(()) } else { Err(bad_mobile()) }
}

/// `+`, then 8 to 15 digits of which the first is not zero.
pub(super) fn is_e164(mobile: &str) -> bool {
    mobile.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        _ => false,
    }
}

fn francs(text: &str) -> Result<i64, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("value is not a valid amount");
    }
    if text.contains('.') {
        return Err("XOF has no decimal places");
    }
    if text.starts_with('0') {
        return Err(if text == "0" { "amount must be positive" } else { "amount must have no leading zero" });
    }
    text.parse()
        .ok()
        // Keeps every later sum far from the edge of an i64.
        .filter(|francs: &i64| *francs <= 1_000_000_000_000)
        .ok_or("amount is too large")
}
