//! How people invite others, and what that brings.

use super::Sponsorship;
use super::reader::Reader;

pub(super) fn sponsorship(reader: &mut Reader) -> Sponsorship {
    let points = 0..=1_000;
    let sponsorship = Sponsorship {
        invitations_a_day: reader.number("sponsorship.invitations_a_day", &(1..=1_000)),
        invitations_per_contact: reader.number("sponsorship.invitations_per_contact", &(1..=100)),
        contact_days: reader.number("sponsorship.contact_days", &(1..=90)),
        phone_prefixes: prefixes(reader),
        invitation_days: reader.number("sponsorship.invitation_days", &(1..=90)),
        reminder_days_after: reader.numbers("sponsorship.reminder_days_after", &(1..=90)),
        points_invitation_accepted: reader.number("sponsorship.points_invitation_accepted", &points),
        points_pot_opened: reader.number("sponsorship.points_pot_opened", &points),
        points_first_gift: reader.number("sponsorship.points_first_gift", &points),
        points_mature_days: reader.number("sponsorship.points_mature_days", &(0..=365)),
        points_per_credit: reader.number("sponsorship.points_per_credit", &(1..=1_000)),
        credit_xof: reader.number("sponsorship.credit_xof", &(1..=100_000)),
        credit_budget_xof: reader.number("sponsorship.credit_budget_xof", &(0..=1_000_000_000)),
    };
    let reminders = &sponsorship.reminder_days_after;
    let rising = reminders.windows(2).all(|pair| pair[0] < pair[1]);
    if !rising || reminders.last().is_some_and(|last| *last >= sponsorship.invitation_days) {
        reader.problem(
            "sponsorship.reminder_days_after",
            "must rise, and end below sponsorship.invitation_days",
        );
    }
    sponsorship
}

/// The beginnings of numbers in E.164 form: a plus and no more digits than a number has, of which the first is no zero.
fn prefixes(reader: &mut Reader) -> Vec<String> {
    let prefixes = reader.list("sponsorship.phone_prefixes");
    let begins_a_number = |text: &String| {
        text.strip_prefix('+').is_some_and(|digits| {
            (1..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|digit| digit.is_ascii_digit())
        })
    };
    if !prefixes.iter().all(begins_a_number) {
        reader.problem("sponsorship.phone_prefixes", "must be beginnings of phone numbers, like +221");
    }
    prefixes
}
