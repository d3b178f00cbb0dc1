//! When the books are looked at.

use super::Books;
use super::reader::Reader;

pub(super) fn books(reader: &mut Reader) -> Books {
    Books {
        reconcile_today_at_minute: reader.number("books.reconcile_today_at_minute", &(0..=59)),
        reconcile_yesterday_at_hour: reader.number("books.reconcile_yesterday_at_hour", &(0..=23)),
        under_way_minutes: reader.number("books.under_way_minutes", &(1..=1_440)),
        check_every_minutes: reader.number("books.check_every_minutes", &(1..=1_440)),
        discrepancy_days: reader.number("books.discrepancy_days", &(1..=365)),
    }
}
