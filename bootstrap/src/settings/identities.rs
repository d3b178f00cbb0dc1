//! How identities are looked into.

use super::Identities;
use super::reader::Reader;

pub(super) fn identities(reader: &mut Reader) -> Identities {
    Identities {
        most_documents: reader.number("identities.most_documents", &(2..=50)),
        approvals_for_minors: reader.number("identities.approvals_for_minors", &(2..=5)),
        approvals_for_adults: reader.number("identities.approvals_for_adults", &(1..=5)),
        escalate_hours: reader.number("identities.escalate_hours", &(1..=720)),
        nothing_came_days: reader.number("identities.nothing_came_days", &(1..=365)),
        keep_approved_days: reader.number("identities.keep_approved_days", &(0..=30)),
        keep_rejected_days: reader.number("identities.keep_rejected_days", &(0..=7)),
        cases_a_year: reader.number("identities.cases_a_year", &(1..=100)),
    }
}
