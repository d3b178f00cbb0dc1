//! The product's numbers, from the settings, in the shapes that the processes of schedules want. The API has its own, because
//! neither of the two may know the other; a test holds them together.

use wolo_bootstrap::Settings;
use wolo_bootstrap::settings::{Notices, Rules, Sponsorship};
use wolo_domain::money::Xof;
use wolo_domain::notices::NoticeRules;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::points::PointsRules;
use wolo_domain::pots::PotRules;
use wolo_domain::punctuality::Punctuality;
use wolo_domain::retention::Retention;
use wolo_workflows::birthday_sweep::BirthdayPots;
use wolo_workflows::notice_delivery::NoticePatience;
use wolo_workflows::payout::PayoutPatience;
use wolo_workflows::pot_lifecycle::PotPatience;
use wolo_workflows::refund::RefundPatience;

pub(crate) fn birthday_pots(rules: &Rules) -> BirthdayPots {
    BirthdayPots {
        rules: PotRules {
            opens_days_before: rules.opens_days_before,
            reminder_days_before: rules.reminder_days_before.clone(),
            payout_hour: rules.payout_hour_dakar,
        },
        patience: PotPatience {
            payout: PayoutPatience {
                recheck_seconds: rules.payout_recheck_seconds.into(),
                longest_pause_seconds: u64::from(rules.longest_pause_minutes) * 60,
                retry_seconds: rules.payout_retry_seconds.into(),
                unknown_after_seconds: u64::from(rules.payout_unknown_after_minutes) * 60,
                float_retry_seconds: u64::from(rules.float_retry_minutes) * 60,
                same_key_seconds: u64::from(rules.payout_same_key_hours) * 3_600,
                never_paid_after_seconds: u64::from(rules.payout_never_paid_after_hours) * 3_600,
                continue_after_events: rules.continue_after_events,
            },
            payout_rules: PayoutRules { two_approvals_from: Xof::new(rules.payout_two_approvals_from_xof) },
            refund: refund_patience(rules),
            continue_after_events: rules.continue_after_events,
        },
        target: Xof::new(rules.default_target_xof),
    }
}

pub(crate) fn punctuality(settings: &Settings) -> Punctuality {
    let rules = &settings.rules;
    Punctuality {
        late_after_seconds: u64::from(rules.punctuality_minutes) * 60,
        sweep_hour: rules.sweep_hour_dakar,
        look_back_days: rules.opens_days_before,
        escalate_hours: settings.identities.escalate_hours,
    }
}

pub(crate) fn retention(settings: &Settings) -> Retention {
    let (accounts, numbers) = (&settings.accounts, &settings.retention);
    Retention {
        leftovers_days: accounts.leftovers_days,
        ended_sessions_days: accounts.ended_sessions_days,
        answers_days: numbers.answers_days,
        hearsay_days: numbers.hearsay_days,
        audit_years: numbers.audit_years,
        books_years: numbers.books_years,
        visits_years: numbers.visits_years,
        histories_years: numbers.histories_years,
    }
}

pub(crate) fn points(numbers: &Sponsorship) -> PointsRules {
    PointsRules {
        invitation_accepted: numbers.points_invitation_accepted,
        pot_opened: numbers.points_pot_opened,
        first_gift: numbers.points_first_gift,
        mature_days: numbers.points_mature_days,
    }
}

pub(crate) fn notices(numbers: &Notices) -> (NoticeRules, NoticePatience) {
    let rules = NoticeRules {
        quiet_from: numbers.quiet_from_hour,
        quiet_until: numbers.quiet_until_hour,
        a_day: numbers.a_day,
    };
    let patience = NoticePatience {
        receipt_seconds: numbers.receipt.as_secs(),
        code_receipt_seconds: numbers.code_receipt.as_secs(),
        unknown_seconds: numbers.unknown.as_secs(),
    };
    (rules, patience)
}

pub(crate) fn refund_patience(rules: &Rules) -> RefundPatience {
    RefundPatience::new(
        rules.refund_recheck_seconds,
        rules.refund_retry_minutes,
        rules.refund_longest_pause_hours,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::to_value;
    use wolo_bootstrap::settings::Layers;

    use super::*;

    #[test]
    fn a_pot_of_the_sweep_has_the_numbers_of_one_that_is_made_by_hand() {
        let settings = Layers::new().read().expect("the defaults are sound");
        let swept = birthday_pots(&settings.rules);
        let by_hand = wolo_api::rules::birthday_pots(&settings.rules);
        assert_eq!(to_value(swept).expect("JSON"), to_value(by_hand).expect("JSON"));
    }

    #[test]
    fn an_invitation_that_is_begun_again_has_the_numbers_of_one_that_begins() {
        let settings = Layers::new().read().expect("the defaults are sound");
        let first = (points(&settings.sponsorship), notices(&settings.notices));
        let again = (
            wolo_api::rules::of_points(&settings.sponsorship),
            wolo_api::rules::of_notices(&settings.notices),
        );
        assert_eq!(to_value(first).expect("JSON"), to_value(again).expect("JSON"));
    }

    #[test]
    fn the_rules_of_retention_are_the_domains_where_nobody_has_set_others() {
        let settings = Layers::new().read().expect("the defaults are sound");
        assert_eq!(retention(&settings), Retention::default());
        let closed = settings.retention.closed_account_days;
        assert_eq!(closed, wolo_domain::retention::CLOSED_ACCOUNT_DAYS);
    }

    #[test]
    fn what_is_late_to_the_worker_is_late_to_an_operator() {
        let settings = Layers::new().read().expect("the defaults are sound");
        assert_eq!(punctuality(&settings), wolo_api::rules::punctuality(&settings));
    }
}
