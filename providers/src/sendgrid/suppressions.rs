//! The lists of those to whom SendGrid does not send: it drops a mail to them without trying. An address that bounced once
//! stays on its list until somebody takes it off; who has asked us for nothing more is put on the global one, so that a
//! mistake of ours cannot reach them.

use chrono::serde::ts_seconds;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use wolo_domain::contacts::Email;

use super::SendGrid;
use crate::messages::{decoded, with_json};
use crate::private::Private;
use crate::wire::ProviderError;

/// Why an address is on the list of those that bounced.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bounce {
    #[serde(with = "ts_seconds")]
    pub created: DateTime<Utc>,
    /// The words of the other server, which quote the address.
    pub reason: Private<String>,
    /// Of SMTP: `5.1.1`.
    pub status: String,
}

#[derive(Serialize)]
struct Recipients<'a> {
    recipient_emails: [&'a str; 1],
}

impl SendGrid {
    /// `GET /v3/suppression/bounces/{email}`: nothing if the address is not on it.
    pub async fn bounce(&self, email: &Email) -> Result<Option<Bounce>, ProviderError> {
        let segments = ["v3", "suppression", "bounces", email.reveal()];
        let answer = self.call(self.request(Method::GET, &segments)).await?;
        let bounces: Vec<Bounce> = decoded(&answer)?;
        Ok(bounces.into_iter().next())
    }

    /// `DELETE /v3/suppression/bounces/{email}`: mail is tried again. Safe to repeat.
    pub async fn forget_bounce(&self, email: &Email) -> Result<(), ProviderError> {
        self.delete(&["v3", "suppression", "bounces", email.reveal()]).await
    }

    /// `POST /v3/asm/suppressions/global`: nothing more is sent there. Safe to repeat.
    pub async fn suppress(&self, email: &Email) -> Result<(), ProviderError> {
        let body = Recipients { recipient_emails: [email.reveal()] };
        let request = self.request(Method::POST, &["v3", "asm", "suppressions", "global"]);
        self.call(with_json(request, &body)?).await.map(drop)
    }

    /// `DELETE /v3/asm/suppressions/global/{email}`. Safe to repeat.
    pub async fn end_suppression(&self, email: &Email) -> Result<(), ProviderError> {
        self.delete(&["v3", "asm", "suppressions", "global", email.reveal()]).await
    }

    /// Not to be there is what was wanted.
    async fn delete(&self, segments: &[&str]) -> Result<(), ProviderError> {
        match self.call(self.request(Method::DELETE, segments)).await {
            Ok(_) | Err(ProviderError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
