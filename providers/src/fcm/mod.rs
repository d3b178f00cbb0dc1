//! Push messages by Firebase Cloud Messaging (HTTP v1), to phones of any make and to browsers.
//!
//! Nothing says whether a push arrived: what Firebase answers is the only receipt, and the app tells us what was opened. It
//! has no idempotency key, but a push takes the place of one on the same device that carries the same reference of ours, so
//! one that went out twice is seen once. For that reason alone a 503 that names a time to come back is taken as such here.
//!
//! Source: Google's published client for Go and the documentation of its error codes.

mod account;
mod reply;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::guard::BreakerState;
use crate::messages::{Handed, HttpAccess, HttpApi, SetupError, decoded, with_json};
use crate::oauth::Authorized;
use crate::private::Private;
use crate::wire::ProviderError;

pub use account::{InvalidServiceAccount, ServiceAccount};
pub use reply::remedy;

use account::Assertions;

const NAME: &str = "Firebase";

/// Longest name under which Apple's devices put one push in the place of another.
const LONGEST_REFERENCE: usize = 64;

/// What is needed to send for one project at Firebase.
#[derive(Debug, Clone)]
pub struct FcmAccess {
    pub http: HttpAccess,
    /// Its project is the one that the apps are registered with.
    pub account: ServiceAccount,
}

/// A push.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// The name that Firebase gave to the app on one device.
    pub device: Private<String>,
    pub title: String,
    pub text: String,
    /// What opens when it is touched.
    pub link: Option<Url>,
    /// How long it is worth anything to a device that is off. At most 28 days are kept.
    pub lives: Duration,
    /// Ours, 1 to 64 visible ASCII characters. It takes the place of a push with the same one, and the app reports by it.
    pub reference: String,
}

/// Who it is for and what it says are nobody else's.
impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push").field("reference", &self.reference).finish_non_exhaustive()
    }
}

/// A client of one project at Firebase. Cheap to clone; makes one attempt per call.
#[derive(Debug, Clone)]
pub struct Fcm {
    calls: Arc<Authorized<Assertions>>,
    project: String,
}

#[derive(Deserialize)]
struct Named {
    /// `projects/wolo/messages/0:1`
    name: String,
}

impl Fcm {
    pub fn new(access: FcmAccess) -> Result<Self, SetupError> {
        let FcmAccess { http, account } = access;
        let project = account.project_id.clone();
        let tokens = HttpAccess { base_url: account.token_uri.clone(), ..http.clone() };
        let assertions = Assertions { api: HttpApi::new("Google's tokens", tokens)?, account };
        let api = HttpApi::new(NAME, http)?;
        Ok(Self { calls: Arc::new(Authorized::new(api, assertions)), project })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.calls.breaker()
    }

    /// Hands over a push.
    pub async fn send(&self, push: &Push) -> Result<Handed, ProviderError> {
        let reference = &push.reference;
        if !(1..=LONGEST_REFERENCE).contains(&reference.len())
            || !reference.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(ProviderError::refused_here("invalid-reference"));
        }
        let now = Utc::now();
        let path = ["v1", "projects", &self.project, "messages:send"];
        let body = Send { message: Message::of(push, now) };
        let request = with_json(self.calls.request(Method::POST, &path), &body)?;
        let answer = self.calls.call(request, reply::failure, now).await?;
        let Named { name } = decoded(&answer)?;
        if name.is_empty() || name.len() > 255 || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ProviderError::unexpected("a message without a name", Some(answer.status)));
        }
        Ok(Handed { id: name })
    }
}

#[derive(Serialize)]
struct Send<'a> {
    message: Message<'a>,
}

/// Each kind of device has its own words for the same four things: it matters now, it is one of its kind, it ends then, it
/// opens this.
#[derive(Serialize)]
struct Message<'a> {
    token: &'a str,
    notification: Notification<'a>,
    data: BTreeMap<&'static str, &'a str>,
    android: Android<'a>,
    apns: Apns<'a>,
    webpush: Webpush<'a>,
}

#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
}

#[derive(Serialize)]
struct Android<'a> {
    priority: &'static str,
    ttl: String,
    collapse_key: &'a str,
    notification: Tag<'a>,
}

#[derive(Serialize)]
struct Tag<'a> {
    tag: &'a str,
}

#[derive(Serialize)]
struct Apns<'a> {
    headers: ApnsHeaders<'a>,
}

#[derive(Serialize)]
struct ApnsHeaders<'a> {
    #[serde(rename = "apns-priority")]
    priority: &'static str,
    /// Seconds since 1970.
    #[serde(rename = "apns-expiration")]
    expiration: String,
    #[serde(rename = "apns-collapse-id")]
    collapse_id: &'a str,
}

#[derive(Serialize)]
struct Webpush<'a> {
    headers: WebpushHeaders,
    notification: Tag<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fcm_options: Option<Link<'a>>,
}

#[derive(Serialize)]
struct WebpushHeaders {
    #[serde(rename = "TTL")]
    ttl: String,
    #[serde(rename = "Urgency")]
    urgency: &'static str,
}

#[derive(Serialize)]
struct Link<'a> {
    link: &'a str,
}

impl<'a> Message<'a> {
    fn of(push: &'a Push, now: DateTime<Utc>) -> Self {
        let Push { device, title, text, link, lives, reference } = push;
        let link = link.as_ref().map(Url::as_str);
        let seconds = lives.as_secs();
        let ends_at = now.timestamp().saturating_add_unsigned(seconds);
        let tag = reference.as_str();
        Self {
            token: device.expose(),
            notification: Notification { title, body: text },
            data: link.map(|link| ("link", link)).into_iter().chain([("reference", tag)]).collect(),
            android: Android {
                priority: "high",
                ttl: format!("{seconds}s"),
                collapse_key: tag,
                notification: Tag { tag },
            },
            apns: Apns {
                headers: ApnsHeaders { priority: "10", expiration: ends_at.to_string(), collapse_id: tag },
            },
            webpush: Webpush {
                headers: WebpushHeaders { ttl: seconds.to_string(), urgency: "high" },
                notification: Tag { tag },
                // Firebase takes no other addresses.
                fcm_options: link.filter(|link| link.starts_with("https:")).map(|link| Link { link }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_push_says_the_same_to_every_kind_of_device() {
        let push = Push {
            device: "d-1".into(),
            title: "Awa".to_owned(),
            text: "Bon anniversaire".to_owned(),
            link: Some("https://wolo.example/p/1".parse().unwrap()),
            lives: Duration::from_hours(24),
            reference: "ntf_1".to_owned(),
        };
        let written = serde_json::to_value(Message::of(&push, DateTime::UNIX_EPOCH)).unwrap();
        let expected = json!({
            "token": "d-1",
            "notification": { "title": "Awa", "body": "Bon anniversaire" },
            "data": { "link": "https://wolo.example/p/1", "reference": "ntf_1" },
            "android": {
                "priority": "high", "ttl": "86400s", "collapse_key": "ntf_1", "notification": { "tag": "ntf_1" },
            },
            "apns": { "headers": {
                "apns-priority": "10", "apns-expiration": "86400", "apns-collapse-id": "ntf_1",
            } },
            "webpush": {
                "headers": { "TTL": "86400", "Urgency": "high" },
                "notification": { "tag": "ntf_1" },
                "fcm_options": { "link": "https://wolo.example/p/1" },
            },
        });
        assert_eq!(written, expected);
        let shown = format!("{push:?}");
        assert!(!shown.contains("Awa") && !shown.contains("d-1"), "{shown}");
    }
}
