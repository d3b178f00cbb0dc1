//! The names of running processes. Everybody who speaks to one builds its name here.

use chrono::NaiveDate;
use wolo_domain::ids::{AwardId, CaseId, DiscrepancyId, DonationId, InvitationId, PotId, UserId};

pub fn pot_lifecycle(pot: PotId) -> String {
    format!("pot/{pot}")
}

pub fn donation(donation: DonationId) -> String {
    format!("donation/{donation}")
}

/// A pot is paid out once, so its payout is named after the pot.
pub fn payout(pot: PotId) -> String {
    format!("payout/{pot}")
}

/// A gift goes back once, so its refund is named after the gift.
pub fn refund(donation: DonationId) -> String {
    format!("refund/{donation}")
}

/// An invitation asks one person.
pub fn invitation(invitation: InvitationId) -> String {
    format!("invitation/{invitation}")
}

/// The consent of a guardian is for one minor, whoever the guardian is.
pub fn consent(minor: UserId) -> String {
    format!("consent/{minor}")
}

/// An identity case.
pub fn identity(case: CaseId) -> String {
    format!("identity/{case}")
}

/// An account is closed by one process at a time, which somebody may take back before another begins.
pub fn closure(user: UserId) -> String {
    format!("closure/{user}")
}

/// A person is told of an event once. Both are opaque words: an id of ours, or of nobody.
pub fn notice(event: &str, person: &str) -> String {
    format!("notice/{event}:{person}")
}

/// The schedule that keeps house, and the beginning of the names of its processes: the engine adds the time.
pub const HOUSEKEEPING: &str = "housekeeping";

/// The schedule that makes the pots of those whose birthday comes.
pub const BIRTHDAY_SWEEP: &str = "birthday-sweep";

/// A sweep that a person has asked for: of a day, or of all that were missed.
pub fn birthday_sweep(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| format!("{BIRTHDAY_SWEEP}/missed"), |day| format!("{BIRTHDAY_SWEEP}/{day}"))
}

/// The schedules that compare Wave's statement with our books.
pub const RECONCILE_TODAY: &str = "reconciliation-today";
pub const RECONCILE_YESTERDAY: &str = "reconciliation-yesterday";

/// The schedule that looks whether the books keep their rules.
pub const LEDGER_CHECK: &str = "ledger-check";

/// The schedule that seals how far the audit trail reaches.
pub const AUDIT_CHECKPOINT: &str = "audit-checkpoint";

/// The schedule that looks for steps that are late.
pub const PUNCTUALITY_CHECK: &str = "punctuality-check";

/// The schedule that keeps what ended processes went through.
pub const HISTORY_ARCHIVE: &str = "history-archive";

/// The schedules that there are.
pub const SCHEDULES: [&str; 8] = [
    AUDIT_CHECKPOINT,
    BIRTHDAY_SWEEP,
    HISTORY_ARCHIVE,
    HOUSEKEEPING,
    LEDGER_CHECK,
    PUNCTUALITY_CHECK,
    RECONCILE_TODAY,
    RECONCILE_YESTERDAY,
];

/// A comparison that a person has asked for.
pub fn reconciliation(day: NaiveDate) -> String {
    format!("reconciliation/{day}")
}

/// The comparison of all days that were missed, when a person has asked for it.
pub const RECONCILE_MISSED: &str = "reconciliation/missed";

/// The check after which payouts may go on.
pub const LEDGER_RESUME: &str = "ledger-check/resume";

/// A discrepancy ends once, so its resolution is named after it.
pub fn resolution(discrepancy: DiscrepancyId) -> String {
    format!("discrepancy/{discrepancy}")
}

/// Points are taken back once, so that is named after what they are.
pub fn revocation(award: AwardId) -> String {
    format!("revocation/{award}")
}
