//! The clients that speak to the outside world, and the checks on what it sends us.
//!
//! Every provider is reached through a real HTTP client built in one place ([`http`]), and every answer ends in one of
//! four outcomes ([`wire::ProviderError`]), so that a caller can decide on money without knowing a provider's habits.
//!
//! This crate refuses to retry: it makes one attempt and says what is known about it. Repeating is a decision, and
//! decisions belong to workflows. It keeps no state but whether a provider is in trouble ([`BreakerState`]), reads no settings, and never puts a phone number, a name or a
//! secret in an error or in `Debug`.

pub mod cleaning;
pub mod fcm;
mod guard;
pub mod http;
pub mod mail;
pub mod messages;
mod oauth;
pub mod orange;
pub mod private;
pub mod sendgrid;
pub mod smtp;
pub mod social;
pub mod twilio;
pub mod vault;
pub mod wave;
pub mod whatsapp;
pub mod wire;

pub use guard::BreakerState;
pub use private::Private;
pub use wire::{ProviderError, Sent};
