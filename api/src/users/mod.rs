//! Accounts: registering, signing in, and what people change about themselves.
//!
//! Whoever asks learns nothing about whether an account exists: not from the answer, not from its status, and as little
//! as can be from its time.

mod codes;
mod contact;
mod letters;
mod login;
mod passwords;
mod preferences;
mod profile;
mod register;
mod second_factor;
mod sessions;
mod tokens;

pub(crate) use codes::{request as request_code, resend, verify, verify_contact};
pub(crate) use login::login;
pub(crate) use passwords::{change as change_password, forgot, reset};
pub(crate) use preferences::{change as change_preferences, show as show_preferences};
pub(crate) use profile::{change as change_profile, change_contact, me, show as show_profile};
pub(crate) use register::register;
pub(crate) use second_factor::{enrol as enrol_second_factor, give as give_second_factor};
pub(crate) use sessions::{end as end_session, list as list_sessions, logout};
pub(crate) use tokens::refresh;
