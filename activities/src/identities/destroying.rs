//! Destroying documents: in the vault first, and then it is written down. Who dies in between destroys once more what is gone.

use chrono::{DateTime, Utc};
use temporalio_sdk::activities::ActivityError;
use wolo_database::identities::{self, Kept};
use wolo_domain::ids::CaseId;
use wolo_providers::vault::{Place, Vault};

use super::IdentitySteps;
use crate::failure;

impl IdentitySteps {
    /// Destroys those documents of a case that are meant, with their keys.
    pub(super) async fn destroy_all(
        &self,
        case: CaseId,
        at: DateTime<Utc>,
        is_meant: impl Fn(&Kept) -> bool + Send + Sync,
    ) -> Result<(), ActivityError> {
        for kept in identities::undestroyed(&self.pool, case).await? {
            if is_meant(&kept) {
                destroy(self.vault()?, &kept).await?;
                identities::destroyed(&self.pool, kept.document, at).await?;
            }
        }
        Ok(())
    }

    /// With the last of somebody's cases goes what the vault has had of them until then: a document whose sender died before it was
    /// written down stands in no row.
    pub(super) async fn destroy_what_nobody_knows_of(
        &self,
        case: CaseId,
        at: DateTime<Utc>,
    ) -> Result<(), ActivityError> {
        let mut connection = self.pool.acquire().await.map_err(wolo_database::Error::from)?;
        let known = identities::case(&mut connection, case).await?;
        let Some(known) = known else { return Ok(()) };
        let subject = known.entry.subject;
        // Of a case that somebody begins meanwhile nothing can have come before this moment.
        if !identities::with_documents(&self.pool, subject).await?.is_empty() {
            return Ok(());
        }
        let destroyed = self.vault()?.destroy_older(subject.uuid(), at).await;
        destroyed.map_err(|error| failure::retry(failure::VAULT_UNREACHABLE, error))
    }

    fn vault(&self) -> Result<&Vault, ActivityError> {
        let absent = || failure::retry(failure::VAULT_ABSENT, "this worker has no vault");
        self.vault.as_deref().ok_or_else(absent)
    }
}

async fn destroy(vault: &Vault, kept: &Kept) -> Result<(), ActivityError> {
    let place =
        Place { subject: kept.subject.uuid(), document: kept.document.uuid(), kind: kept.kind.as_str() };
    vault.destroy_document(&place).await.map_err(|error| failure::retry(failure::VAULT_UNREACHABLE, error))
}
