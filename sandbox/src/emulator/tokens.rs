//! Access tokens that an emulator gives out (OAuth 2), and that end on its own clock.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

/// Those that were given out, and until when each is good.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Tokens(BTreeMap<String, DateTime<Utc>>);

/// What a token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    Good,
    /// None was shown.
    Missing,
    /// Nobody gave it out, or it was taken back.
    Unknown,
    Expired,
}

impl Tokens {
    pub(crate) fn give(&mut self, now: DateTime<Utc>, life: Duration) -> String {
        let token = Uuid::new_v4().simple().to_string();
        let until = TimeDelta::from_std(life).ok().and_then(|life| now.checked_add_signed(life));
        self.0.insert(token.clone(), until.unwrap_or(DateTime::<Utc>::MAX_UTC));
        token
    }

    /// What the token of a call is worth.
    pub(crate) fn worth(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Worth {
        let Some(shown) = headers.get(AUTHORIZATION) else { return Worth::Missing };
        let token = shown.to_str().ok().and_then(|shown| shown.strip_prefix("Bearer "));
        match token.and_then(|token| self.0.get(token)) {
            Some(until) if now < *until => Worth::Good,
            Some(_) => Worth::Expired,
            None => Worth::Unknown,
        }
    }

    /// Takes all of them back.
    pub(crate) fn revoke(&mut self) {
        self.0.clear();
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}
