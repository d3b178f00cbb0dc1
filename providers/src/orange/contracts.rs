//! What is left of the bundles that were bought at Orange.

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde::Deserialize;

use super::{Orange, reply};
use crate::messages::decoded;
use crate::wire::ProviderError;

/// One bundle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// Three letters: `SEN`.
    pub country: String,
    pub offer_name: String,
    /// Orange's word: `ACTIVE`, `EXPIRED`.
    pub status: String,
    /// Messages of one segment that may still be sent.
    pub available_units: i64,
    /// From when on none of them may.
    #[serde(rename = "expirationDate")]
    pub expires_at: DateTime<Utc>,
}

impl Orange {
    /// The bundles for a country (`SEN`), of which several can be open at once.
    pub async fn contracts(&self, country: &str) -> Result<Vec<Contract>, ProviderError> {
        let request = self
            .calls
            .request(Method::GET, &["sms", "admin", "v1", "contracts"])
            .query(&[("country", country)])
            .header(ACCEPT, "application/json");
        let answer = self.calls.call(request, reply::failure, Utc::now()).await?;
        decoded(&answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_read_whatever_else_stands_there() {
        let written = r#"[{"id":"c-1","type":"SELFSERVICE","developerId":"d","applicationId":"a","country":"SEN",
            "offerName":"SMS_OCB","availableUnits":75,"requestedUnits":100,"status":"ACTIVE",
            "expirationDate":"2026-12-18T15:28:54.307Z","creationDate":"2026-11-18T15:28:54.307Z",
            "lastUpdateDate":"2026-11-18T15:28:54.307Z"}]"#;
        let contracts: Vec<Contract> = serde_json::from_str(written).unwrap();
        assert_eq!((contracts[0].available_units, contracts[0].status.as_str()), (75, "ACTIVE"));
        assert_eq!(contracts[0].expires_at.to_rfc3339(), "2026-12-18T15:28:54.307+00:00");
    }
}
