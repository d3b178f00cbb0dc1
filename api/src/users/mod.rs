//! Accounts: registering, signing in, and what people change about themselves.
//!
//! Whoever asks learns nothing about whether an account exists: not from the answer, not from its status, and as little
//! as can be from its time.

mod close;
mod codes;
mod contact;
mod convert;
mod export;
mod identities;
mod leaderboard;
mod letters;
mod login;
mod passwords;
mod points;
mod preferences;
mod profile;
mod register;
mod second_factor;
mod sessions;
mod social_login;
mod tokens;

pub(crate) use close::{__path_close, close};
pub(crate) use codes::{
    __path_request, __path_resend, __path_verify, __path_verify_contact, DEVICE_CHARS, Sent, attempt, prove,
    request, resend, send, send_to_guardian, send_to_holder, verify, verify_contact,
};
pub(crate) use convert::{__path_convert, convert};
pub(crate) use export::{__path_export, export};
pub(crate) use identities::{
    __path_list as __path_list_identities, __path_unlink, list as list_identities, unlink,
};
pub(crate) use leaderboard::Leaderboard;
pub(crate) use login::{__path_login, login, with_password};
pub(crate) use passwords::{
    __path_change as __path_change_password, __path_forgot, __path_reset, change as change_password, forgot,
    reset,
};
pub(crate) use points::{
    __path_history as __path_points_history, __path_leaders, __path_show as __path_show_points,
    history as points_history, leaders, show as show_points,
};
pub(crate) use preferences::{
    __path_change as __path_change_preferences, __path_show as __path_show_preferences,
    change as change_preferences, show as show_preferences,
};
pub(crate) use profile::{
    __path_change as __path_change_profile, __path_change_contact, __path_me,
    __path_show as __path_show_profile, change as change_profile, change_contact, me, show as show_profile,
};
pub(crate) use register::{__path_register, register};
pub(crate) use second_factor::{
    __path_enrol, __path_give, Proven, enrol, enrolled, give, with_second_factor,
};
pub(crate) use sessions::{__path_end, __path_list, __path_logout, end, list, logout};
pub(crate) use social_login::{__path_nonce, __path_social_login, nonce, social_login};
pub(crate) use tokens::{
    __path_refresh, Entry, SignedIn, half_way, open, refresh, roles_of, signed_in, usable,
};
