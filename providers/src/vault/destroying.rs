//! Destroys documents for good: the key first, without which the rest is noise, then the rest.
//!
//! Each may be asked for again, and picks up what an interrupted one has left.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::places::{contents_of, contents_of_subject, document_key_of, document_keys_of, subject_key_of};
use super::{Place, Vault, VaultError};

impl Vault {
    /// Destroys one document. One that is not there is destroyed already.
    pub async fn destroy_document(&self, place: &Place) -> Result<(), VaultError> {
        let key = document_key_of(place.subject, place.document);
        self.keys.delete(&key).await?;
        self.documents.delete_all(&contents_of(place.subject, place.document)).await?;
        // Somebody who was writing it meanwhile may have added the key of a content that has just gone.
        self.keys.delete(&key).await
    }

    /// Destroys what was stored for a subject before this moment. What has come since stays.
    pub async fn destroy_older(&self, subject: Uuid, before: DateTime<Utc>) -> Result<(), VaultError> {
        for (store, below) in
            [(&self.keys, document_keys_of(subject)), (&self.documents, contents_of_subject(subject))]
        {
            for path in store.older(&below, before).await? {
                store.delete(&path).await?;
            }
        }
        Ok(())
    }

    /// Destroys everything of a subject, in this store and in every copy of it: their key is gone. Whoever stores something
    /// for them afterwards makes a new one; what is on its way to here meanwhile is there as a whole or not at all.
    pub async fn destroy_subject(&self, subject: Uuid) -> Result<(), VaultError> {
        self.keys.delete(&subject_key_of(subject)).await?;
        self.keys.delete_all(&document_keys_of(subject)).await?;
        self.documents.delete_all(&contents_of_subject(subject)).await?;
        // As above: of a content that has just gone, under a new key of the subject's.
        self.keys.delete_all(&document_keys_of(subject)).await
    }
}
