//! Giving: asking for a gift, knowing where it stands, and hearing what Wave says about it.
//!
//! Nothing here believes a webhook: it is kept and passed on, and the gift's own process asks Wave.

mod donate;
mod inbox;
mod launch;
mod page;
mod status;
mod webhook;

pub(crate) use donate::{__path_donate, Gift, Giving, REFUSALS, donate, longest_message};
pub(crate) use inbox::Inbox;
pub(crate) use launch::pay_origin;
pub(crate) use status::{__path_status, POT_COOKIE, status};
pub(crate) use webhook::{__path_webhook, LIMIT as WEBHOOK_LIMIT, webhook};
