//! What one request is counted against: its caller, at the edge, and whatever else its handler finds in it. The answer tells
//! of the measure that is nearest to its end.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use wolo_domain::contacts::Contact;
use wolo_domain::people::Phone;

use super::{Class, Limits, Standing};
use crate::problem::Problem;

/// Goes with the request, so that what a handler counts is told at the edge.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<Option<Standing>>>);

impl Tally {
    /// Counts the request against the phone that it names, for what is asked with it, beside its caller.
    pub(crate) async fn phone(&self, limits: &Limits, asked: Class, phone: &Phone) -> Result<(), Problem> {
        let key = limits.key(&format!("phone/{}", asked.name()), phone.reveal().as_bytes());
        let standing = limits.take(Class::Phone, key).await;
        self.note(standing);
        standing.allowed()
    }

    /// The same where the contact may be a mail address: only phones cost money to write to, and codes to either are counted
    /// when they are sent.
    pub(crate) async fn contact(&self, limits: &Limits, contact: &Contact) -> Result<(), Problem> {
        match contact {
            Contact::Phone(phone) => self.phone(limits, Class::SignIn, phone).await,
            Contact::Email(_) => Ok(()),
        }
    }

    pub(crate) fn note(&self, standing: Standing) {
        let mut nearest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *nearest = Some(nearest.map_or(standing, |before| before.or_nearer(standing)));
    }

    /// Where the caller will first be told to wait.
    pub(crate) fn nearest(&self) -> Option<Standing> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Tally {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}
