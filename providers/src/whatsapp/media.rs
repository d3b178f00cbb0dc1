//! Files that messages show: they are given to Meta first, which keeps them for thirty days.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use url::Url;

use super::{WhatsApp, done};
use crate::messages::decoded;
use crate::wire::{ProviderError, identifier};

/// A file as Meta has it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct MediaFile {
    pub id: String,
    /// Where it can be fetched for five minutes, with our token.
    pub url: Url,
    pub mime_type: String,
    /// Of the bytes, in hex.
    pub sha256: String,
    pub file_size: u64,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

impl WhatsApp {
    /// `POST /{phone number}/media`. Says the file's id. Pictures may have 5 MB, documents 100 MB.
    pub async fn upload(
        &self,
        bytes: Vec<u8>,
        mime_type: &str,
        filename: &str,
    ) -> Result<String, ProviderError> {
        let file = Part::bytes(bytes)
            .file_name(filename.to_owned())
            .mime_str(mime_type)
            .map_err(|_| ProviderError::refused_here("invalid-mime-type"))?;
        let form = Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", mime_type.to_owned())
            .part("file", file);
        let request = self.request(Method::POST, &[&self.phone_number_id, "media"]).multipart(form);
        let answer = self.call(request).await?;
        let Uploaded { id } = decoded(&answer)?;
        match identifier(&id) {
            Ok(_) => Ok(id),
            Err(_) => Err(ProviderError::unexpected("a file without an id", Some(answer.status))),
        }
    }

    /// `GET /{file}`. Only for files of our own number.
    pub async fn media(&self, id: &str) -> Result<MediaFile, ProviderError> {
        let request = self
            .request(Method::GET, &[identifier(id)?])
            .query(&[("phone_number_id", &self.phone_number_id)]);
        let answer = self.call(request).await?;
        let file: MediaFile = decoded(&answer)?;
        if file.id == id {
            Ok(file)
        } else {
            Err(ProviderError::unexpected("another file", Some(answer.status)))
        }
    }

    /// `DELETE /{file}`.
    pub async fn delete_media(&self, id: &str) -> Result<(), ProviderError> {
        done(&self.call(self.request(Method::DELETE, &[identifier(id)?])).await?)
    }
}
