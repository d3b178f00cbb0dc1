//! The account under which we speak to Google: a key that signs for it, and the access tokens that it is given for that.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::messages::HttpApi;
use crate::oauth::Issuer;
use crate::wire::ProviderError;

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion is good, which Google allows at most.
const LIVES: i64 = 3600;

/// A service account, as Google writes it into the file that is downloaded once.
#[derive(Clone)]
pub struct ServiceAccount {
    pub(super) project_id: String,
    pub(super) token_uri: Url,
    email: String,
    key_id: String,
    key: EncodingKey,
}

/// Shows whose account it is, and nothing that signs for it.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("project_id", &self.project_id).finish_non_exhaustive()
    }
}

/// The text is no service account. Nothing of it is repeated: it holds a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    #[error("it is not the JSON file of a service account")]
    Content,
    #[error("its project cannot be one")]
    Project,
    #[error("its private key is not an RSA key in PEM")]
    Key,
}

#[derive(Deserialize)]
struct File {
    project_id: String,
    private_key_id: String,
    private_key: SecretString,
    client_email: String,
    token_uri: Url,
}

impl ServiceAccount {
    /// Reads what stands in the file.
    pub fn read(text: &SecretString) -> Result<Self, InvalidServiceAccount> {
        let File { project_id, private_key_id, private_key, client_email, token_uri } =
            serde_json::from_str(text.expose_secret()).map_err(|_| InvalidServiceAccount::Content)?;
        let is_project = (1..=64).contains(&project_id.len())
            && project_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !is_project {
            return Err(InvalidServiceAccount::Project);
        }
        let key = EncodingKey::from_rsa_pem(private_key.expose_secret().as_bytes())
            .map_err(|_| InvalidServiceAccount::Key)?;
        Ok(Self { project_id, token_uri, email: client_email, key_id: private_key_id, key })
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// Asks Google for access tokens with assertions that the account has signed (RFC 7523).
pub(super) struct Assertions {
    pub(super) api: HttpApi,
    pub(super) account: ServiceAccount,
}

impl Issuer for Assertions {
    const EARLY: TimeDelta = TimeDelta::minutes(5);

    fn api(&self) -> &HttpApi {
        &self.api
    }

    fn question(&self, now: DateTime<Utc>) -> Result<RequestBuilder, ProviderError> {
        let ServiceAccount { token_uri, email, key_id, key, .. } = &self.account;
        let header = Header { kid: Some(key_id.clone()), ..Header::new(Algorithm::RS256) };
        let iat = now.timestamp();
        let claims = Claims { iss: email, scope: SCOPE, aud: token_uri.as_str(), iat, exp: iat + LIVES };
        let assertion = jsonwebtoken::encode(&header, &claims, key)
            .map_err(|_| ProviderError::refused_here("unusable-private-key"))?;
        let form = [("grant_type", GRANT), ("assertion", &assertion)];
        // The base address is already that of the tokens.
        Ok(self.api.request(Method::POST, &[]).form(&form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(project: &str, key: &str) -> Result<ServiceAccount, InvalidServiceAccount> {
        let text = serde_json::json!({
            "type": "service_account", "project_id": project, "private_key_id": "k", "private_key": key,
            "client_email": "wolo@wolo.iam.example", "token_uri": "https://oauth2.googleapis.com/token",
        });
        ServiceAccount::read(&SecretString::from(text.to_string()))
    }

    #[test]
    fn a_file_that_is_no_service_account_is_refused_without_being_shown() {
        let not_a_file = ServiceAccount::read(&SecretString::from("{}"));
        assert_eq!(not_a_file.err(), Some(InvalidServiceAccount::Content));
        assert_eq!(read("a/b", "x").err(), Some(InvalidServiceAccount::Project));
        let pem = "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n";
        for key in ["s3cret", pem] {
            let error = read("wolo", key).unwrap_err();
            assert_eq!(error, InvalidServiceAccount::Key);
            assert!(!format!("{error} {error:?}").contains("cret"));
        }
    }
}
