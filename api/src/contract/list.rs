//! The routes as a list, for people who look for one.

use std::fmt;

use axum::http::Method;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::all;
use crate::limits::Class;
use crate::{idempotency, router};

/// One operation, as its description has it.
#[derive(Debug, Clone, Serialize)]
pub struct Route {
    pub method: String,
    /// With names in braces for what varies.
    pub path: String,
    pub who: Who,
    /// The limit that it counts against; none where it is always answered.
    pub limit: Option<&'static str>,
    /// Whether it takes an `Idempotency-Key`.
    pub keyed: bool,
    pub summary: String,
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Anybody,
    /// Anybody with an account.
    SignedIn,
    /// Those who work here as one of these.
    Roles(Vec<String>),
    /// Somebody outside, who proves who they are.
    Sender(&'static str),
}

/// Those outside, by the names of their proofs.
const SENDERS: [(&str, &str); 4] =
    [("wave", "Wave"), ("whatsapp", "WhatsApp"), ("sendgrid", "SendGrid"), ("twilio", "Twilio")];

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::SignedIn => f.write_str("signed in"),
            Self::Roles(roles) => f.write_str(&roles.join(", ")),
            Self::Sender(sender) => f.write_str(sender),
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Every route, by its address.
pub fn routes() -> Vec<Route> {
    let (_, mut document) = router::map().split_for_parts();
    all::complete(&mut document);
    // A document made of texts and numbers always has a JSON form.
    let document = serde_json::to_value(document).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| operations(path, item)).collect()
}

fn operations(path: &str, item: &Value) -> Vec<Route> {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let described = methods.into_iter().filter_map(|method| {
        let operation = item.get(method.as_str().to_lowercase())?;
        Some(Route {
            path: path.to_owned(),
            who: who(operation),
            limit: Class::of(&method, path).map(Class::name),
            keyed: parameters(operation).any(|name| name == idempotency::HEADER),
            summary: operation["summary"].as_str().unwrap_or_default().to_owned(),
            method: method.to_string(),
        })
    });
    described.collect()
}

fn parameters(operation: &Value) -> impl Iterator<Item = &str> {
    operation["parameters"].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str())
}

/// The first way in; where nothing is needed, that one stands first.
fn who(operation: &Value) -> Who {
    let first = &operation["security"][0];
    if let Some((_, sender)) = SENDERS.iter().find(|(proof, _)| first.get(proof).is_some()) {
        return Who::Sender(sender);
    }
    let Some(roles) = first.get("bearer").and_then(Value::as_array) else { return Who::Anybody };
    let roles: Vec<_> = roles.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if roles.is_empty() { Who::SignedIn } else { Who::Roles(roles) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Route {
        routes().into_iter().find(|one| (one.method.as_str(), one.path.as_str()) == (method, path)).unwrap()
    }

    #[test]
    fn a_route_says_who_may_ask_and_what_it_counts_against() {
        for (method, path, who, limit, keyed) in [
            ("GET", "/health", Who::Anybody, None, false),
            ("POST", "/api/payments/donate", Who::Anybody, Some("money"), true),
            ("POST", "/api/payments/webhook", Who::Sender("Wave"), Some("webhook"), false),
            ("POST", "/api/notifications/receipts/twilio", Who::Sender("Twilio"), Some("receipt"), false),
            ("POST", "/api/pots", Who::SignedIn, Some("write"), true),
            ("GET", "/api/users/auth/me", Who::SignedIn, Some("read"), false),
        ] {
            let found = route(method, path);
            assert_eq!((found.who, found.limit, found.keyed), (who, limit, keyed), "{method} {path}");
            assert!(!found.summary.is_empty(), "{method} {path}");
        }
        let hold = route("POST", "/api/admin/pots/{pot}/hold");
        assert_eq!(hold.who.to_string(), "support, superadmin");
    }
}
