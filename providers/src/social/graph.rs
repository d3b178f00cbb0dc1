//! Facebook's access tokens, which apps for Android and the web still show. They say nothing by themselves: Facebook is
//! asked for whose app one was made, and for whom.
//!
//! Without the first question, a token that somebody gave to another app would open an account here.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use wolo_domain::accounts::IdentityProvider;

use super::{AHEAD_SECONDS, FacebookAccess, Identity, ProofError, Refused, is_name};
use crate::guard::Guard;
use crate::http::{self, Answer};
use crate::private::Private;
use crate::wire::ProviderError;

/// Theirs have about two hundred characters.
const LONGEST: usize = 2048;

/// How old a token may be, where Facebook says when it was made. An app that signs somebody in has just got one; an
/// older one has lain about.
const OLDEST_SECONDS: i64 = 3600;

/// Codes of Facebook's errors that mean: we ask too often.
const TOO_OFTEN: [i64; 4] = [4, 17, 32, 613];
/// The token of the call is not good.
const TOKEN_NOT_GOOD: i64 = 190;

/// Asks Facebook about access tokens of its users.
#[derive(Debug)]
pub struct Graph {
    http: Client,
    guard: Guard<Answer>,
    app_id: String,
    app_secret: SecretString,
    address: Url,
}

/// An access token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub identity: Identity,
    /// Until when Facebook would say so again; some are good for ever.
    pub good_until: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Enveloped<T> {
    data: T,
}

/// What Facebook says of a token. One that it does not know has little more than `is_valid`.
#[derive(Deserialize)]
struct Debugged {
    is_valid: bool,
    app_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    user_id: Option<String>,
    /// Zero: never.
    expires_at: Option<i64>,
    issued_at: Option<i64>,
}

#[derive(Deserialize)]
struct Me {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureWords,
}

#[derive(Deserialize)]
struct FailureWords {
    code: i64,
}

impl Graph {
    pub(super) fn new(access: FacebookAccess, http: Client, guard: &Guard<Answer>) -> Self {
        let FacebookAccess { app_id, app_secret, graph, .. } = access;
        Self { http, guard: guard.clone(), app_id, app_secret, address: graph }
    }

    /// Who the token was given to, if it was made for our app and is good now.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Shown, ProofError> {
        if token.len() > LONGEST
            || token.is_empty()
            || !token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(Refused::Unreadable.into());
        }
        let debugged = self.debugged(token).await?;
        let (user, good_until) = self.accepted(&debugged, now)?;
        let me = self.me(token).await?;
        if me.id != user || !is_name(user) {
            return Err(Refused::Subject.into());
        }
        let identity = Identity {
            provider: IdentityProvider::Facebook,
            subject: me.id,
            // Facebook does not say whether it has proved an address, so it is not even asked for one.
            proved_email: None,
            name: me.name.map(Private::new),
        };
        Ok(Shown { identity, good_until })
    }

    fn accepted<'a>(
        &self,
        debugged: &'a Debugged,
        now: DateTime<Utc>,
    ) -> Result<(&'a str, Option<DateTime<Utc>>), Refused> {
        if !debugged.is_valid || debugged.kind.as_deref() != Some("USER") {
            return Err(Refused::NotGood);
        }
        if debugged.app_id.as_ref() != Some(&self.app_id) {
            return Err(Refused::Audience);
        }
        let now = now.timestamp();
        if debugged.issued_at.is_some_and(|at| at > now + AHEAD_SECONDS) {
            return Err(Refused::FromTheFuture);
        }
        let expires_at = debugged.expires_at.filter(|at| *at != 0);
        if expires_at.is_some_and(|at| at <= now)
            || debugged.issued_at.is_some_and(|at| at <= now - OLDEST_SECONDS)
        {
            return Err(Refused::Expired);
        }
        let user = debugged.user_id.as_deref().ok_or(Refused::NotGood)?;
        Ok((user, expires_at.and_then(|at| DateTime::from_timestamp(at, 0))))
    }

    async fn debugged(&self, token: &str) -> Result<Debugged, ProviderError> {
        let app = format!("{}|{}", self.app_id, self.app_secret.expose_secret());
        let question = [("input_token", token), ("access_token", &app)];
        let request = self.http.get(self.at("debug_token")).query(&question);
        let answer = self.asked(request).await?;
        let Enveloped { data } = decoded(&answer)?;
        Ok(data)
    }

    async fn me(&self, token: &str) -> Result<Me, ProofError> {
        let proof = app_secret_proof(&self.app_secret, token);
        let question = [("fields", "id,name"), ("access_token", token), ("appsecret_proof", &proof)];
        let answer = self.asked(self.http.get(self.at("me")).query(&question)).await?;
        match failure(&answer) {
            // Withdrawn between the two questions.
            Some(FailureWords { code: TOKEN_NOT_GOOD }) => Err(Refused::NotGood.into()),
            _ => Ok(decoded(&answer)?),
        }
    }

    /// The address of one question; what stands in the setting is kept as a prefix.
    fn at(&self, question: &str) -> Url {
        let mut url = self.address.clone();
        // An http(s) address always has path segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(question);
        }
        url
    }

    async fn asked(&self, request: RequestBuilder) -> Result<Answer, ProviderError> {
        self.guard.call(Box::pin(answer(request))).await
    }
}

/// Facebook tells of its limits under the status of a refusal.
async fn answer(request: RequestBuilder) -> Result<Answer, ProviderError> {
    let answer = http::answer(request).await?;
    match failure(&answer) {
        Some(words) if TOO_OFTEN.contains(&words.code) => Err(ProviderError::Throttled { retry_after: None }),
        _ => Ok(answer),
    }
}

fn failure(answer: &Answer) -> Option<FailureWords> {
    if answer.status < 400 {
        return None;
    }
    serde_json::from_slice::<Failure>(&answer.body).ok().map(|failure| failure.error)
}

fn decoded<T: DeserializeOwned>(answer: &Answer) -> Result<T, ProviderError> {
    if answer.status >= 400 {
        return Err(match failure(answer) {
            Some(FailureWords { code }) => ProviderError::Refused {
                code: format!("facebook-{code}"),
                message: "".into(),
                status: answer.status,
            },
            None => ProviderError::unexpected("an error without a code", Some(answer.status)),
        });
    }
    // serde's own words quote the value that it did not like.
    serde_json::from_slice(&answer.body)
        .map_err(|_| ProviderError::unexpected("the body is not what was expected", Some(answer.status)))
}

/// Shows that whoever asks with a user's token is the app that it was made for: lower-case hex of HMAC-SHA256 over the
/// token, under the app's secret.
fn app_secret_proof(secret: &SecretString, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    hex::encode(hmac::sign(&key, token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_proved_to_be_the_apps() {
        assert_eq!(
            app_secret_proof(&SecretString::from("wolo_app_secret"), "EAAWOLOTOKEN"),
            "edf61707a827dc8592bb234620753f70e1b7b8acf68aa0b72ab1c96f93eae399"
        );
    }
}
