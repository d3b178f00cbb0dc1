//! Under which rules a guardian is asked to consent for a minor.

use super::Consents;
use super::reader::Reader;

pub(super) fn consents(reader: &mut Reader) -> Consents {
    let consents = Consents {
        reminder_days_after: reader.numbers("consents.reminder_days_after", &(1..=90)),
        answer_days: reader.number("consents.answer_days", &(1..=90)),
        return_days: reader.number("consents.return_days", &(1..=90)),
        requests: reader.number("consents.requests", &(1..=100)),
        request_days: reader.number("consents.request_days", &(1..=365)),
        minors_per_guardian_flag: reader.number("consents.minors_per_guardian_flag", &(2..=1_000)),
    };
    let reminders = &consents.reminder_days_after;
    let rising = reminders.windows(2).all(|pair| pair[0] < pair[1]);
    if !rising || reminders.last().is_some_and(|last| *last >= consents.answer_days) {
        reader.problem("consents.reminder_days_after", "must rise, and end below consents.answer_days");
    }
    consents
}
