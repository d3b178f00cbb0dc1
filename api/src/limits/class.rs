//! Kinds of requests, each with a limit of its own.

use axum::http::Method;
use wolo_bootstrap::settings::{self, Rate};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Read,
    Write,
    Money,
    SignIn,
    /// No route is of this class: it is counted beside the route's own, where a request names a phone.
    Phone,
    Webhook,
    /// What providers of messages tell.
    Receipt,
    /// What pages tell of visitors.
    Visit,
}

impl Class {
    pub(crate) const ALL: [Self; 8] = [
        Self::Read,
        Self::Write,
        Self::Money,
        Self::SignIn,
        Self::Phone,
        Self::Webhook,
        Self::Receipt,
        Self::Visit,
    ];

    /// The class of a route, by its template; none of what is always answered.
    pub(crate) fn of(method: &Method, route: &str) -> Option<Self> {
        match route {
            "/metrics" | "/ready" => None,
            "/api/payments/webhook" => Some(Self::Webhook),
            _ if route.starts_with("/api/notifications/receipts/") => Some(Self::Receipt),
            "/api/analytics/events" => Some(Self::Visit),
            _ if route.ends_with("/health") => None,
            // It gives all of an account away at once, and costs as much.
            "/api/users/export" => Some(Self::SignIn),
            _ if method.is_safe() => Some(Self::Read),
            // A page of the engine's asks for each event by itself, and nothing is changed.
            "/api/admin/codec/decode" | "/dev/codec/{secret}/decode" => Some(Self::Read),
            "/api/payments/donate" | "/p/{pot}" | "/api/pots/{pot}/close" | "/api/users/points/convert" => {
                Some(Self::Money)
            }
            _ if route.starts_with("/api/users/auth/") || route.starts_with("/admin/login") => {
                Some(Self::SignIn)
            }
            // The password is given there once more; with the code of an invitation one signs in as well, and a guardian's opens a
            // session.
            "/api/users/me"
            | "/api/sponsorship/code"
            | "/api/sponsorship/accept"
            | "/i/{token}/code"
            | "/i/{token}/accept"
            | "/g/{token}/code"
            | "/g/{token}/session" => Some(Self::SignIn),
            _ => Some(Self::Write),
        }
    }

    /// As the settings, the answers and the figures call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Money => "money",
            Self::SignIn => "sign_in",
            Self::Phone => "phone",
            Self::Webhook => "webhook",
            Self::Receipt => "receipt",
            Self::Visit => "visit",
        }
    }

    pub(super) const fn rate(self, limits: &settings::Limits) -> Rate {
        match self {
            Self::Read => limits.read,
            Self::Write => limits.write,
            Self::Money => limits.money,
            Self::SignIn => limits.sign_in,
            Self::Phone => limits.phone,
            Self::Webhook => limits.webhook,
            Self::Receipt => limits.receipt,
            Self::Visit => limits.visit,
        }
    }

    /// Its place in [`Class::ALL`].
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_the_class_of_what_it_does() {
        for (method, route, class) in [
            (Method::GET, "/api/pots", Some(Class::Read)),
            (Method::POST, "/api/pots", Some(Class::Write)),
            (Method::POST, "/api/pots/{pot}/close", Some(Class::Money)),
            (Method::POST, "/api/pots/{pot}/report", Some(Class::Write)),
            (Method::POST, "/p/{pot}/report", Some(Class::Write)),
            (Method::POST, "/api/payments/donate", Some(Class::Money)),
            (Method::POST, "/api/users/points/convert", Some(Class::Money)),
            (Method::GET, "/api/users/points", Some(Class::Read)),
            (Method::POST, "/api/payments/webhook", Some(Class::Webhook)),
            (Method::GET, "/api/payments/webhook", Some(Class::Webhook)),
            (Method::GET, "/api/notifications/receipts/whatsapp", Some(Class::Receipt)),
            (Method::POST, "/api/notifications/receipts/orange/{secret}", Some(Class::Receipt)),
            (Method::POST, "/api/notifications/opt-out/{token}", Some(Class::Write)),
            (Method::POST, "/api/users/auth/login", Some(Class::SignIn)),
            (Method::POST, "/admin/login", Some(Class::SignIn)),
            (Method::POST, "/admin/login/second-factor", Some(Class::SignIn)),
            (Method::GET, "/admin/login", Some(Class::Read)),
            (Method::POST, "/admin/logout", Some(Class::Write)),
            (Method::GET, "/api/users/export", Some(Class::SignIn)),
            (Method::DELETE, "/api/users/me", Some(Class::SignIn)),
            (Method::POST, "/api/sponsorship/code", Some(Class::SignIn)),
            (Method::POST, "/api/sponsorship/accept", Some(Class::SignIn)),
            (Method::POST, "/i/{token}/accept", Some(Class::SignIn)),
            (Method::POST, "/i/{token}", Some(Class::Write)),
            (Method::POST, "/g/{token}/code", Some(Class::SignIn)),
            (Method::POST, "/g/{token}/session", Some(Class::SignIn)),
            (Method::POST, "/g/{token}/give", Some(Class::Write)),
            (Method::GET, "/g/{token}", Some(Class::Read)),
            (Method::POST, "/api/analytics/events", Some(Class::Visit)),
            (Method::GET, "/api/analytics/exports/{export}", Some(Class::Read)),
            (Method::POST, "/api/admin/codec/decode", Some(Class::Read)),
            (Method::POST, "/api/admin/codec/encode", Some(Class::Write)),
            (Method::GET, "/api/pots/health", None),
            (Method::GET, "/health", None),
            (Method::GET, "/metrics", None),
            // An address that does not exist.
            (Method::GET, "-", Some(Class::Read)),
        ] {
            assert_eq!(Class::of(&method, route), class, "{method} {route}");
        }
    }

    #[test]
    fn every_class_is_in_its_place() {
        for (place, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.place(), place);
        }
    }
}
