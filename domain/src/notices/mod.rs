//! Messages to people: what is said, to whom it may be said when, and what became of it.
//!
//! [`Says`] is what a message says, with everything that its words need; how it is worded, in which language and for which
//! channel, is written in files beside the deeds. Whether a message goes out now, later or never is [`timing()`]; what a
//! provider's receipts make of it is [`NoticeStage`].

mod kinds;
mod letters;
mod replies;
mod samples;
mod says;
pub mod sms;
mod stages;
mod timing;

pub use kinds::{Category, Channel, Kind};
pub use letters::Letter;
pub use replies::Reply;
pub use says::{Coming, RefundCause, Says, TakenBack};
pub use stages::{Fate, NoticeStage};
pub use timing::{NoticeRules, Timing, Withheld, timing};
