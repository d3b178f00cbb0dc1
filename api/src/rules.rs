//! The product's numbers, from the settings, in the shapes that the domain and the processes want.

use wolo_bootstrap::Settings;
use wolo_bootstrap::settings::{Consents, Identities, Notices, Rules, Sponsorship};
use wolo_control::birthdays::BirthdayPots;
use wolo_control::closures::ClosurePatience;
use wolo_control::invitations::NoticePatience;
use wolo_control::pots::{PayoutPatience, PotPatience, RefundPatience};
use wolo_domain::consents::ConsentRules;
use wolo_domain::donations::DonationRules;
use wolo_domain::identities::IdentityRules;
use wolo_domain::money::Xof;
use wolo_domain::notices::NoticeRules;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::points::{CreditRules, PointsRules};
use wolo_domain::pots::PotRules;
use wolo_domain::punctuality::Punctuality;

pub fn of_pots(rules: &Rules) -> PotRules {
    PotRules {
        opens_days_before: rules.opens_days_before,
        reminder_days_before: rules.reminder_days_before.clone(),
        payout_hour: rules.payout_hour_dakar,
    }
}

pub fn of_donations(rules: &Rules) -> DonationRules {
    DonationRules { smallest: Xof::new(rules.gift_min_xof), largest: Xof::new(rules.gift_max_xof) }
}

pub fn pot_patience(rules: &Rules) -> PotPatience {
    PotPatience {
        payout: PayoutPatience {
            recheck_seconds: rules.payout_recheck_seconds.into(),
            longest_pause_seconds: longest_pause_seconds(rules),
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
    }
}

pub fn refund_patience(rules: &Rules) -> RefundPatience {
    RefundPatience::new(
        rules.refund_recheck_seconds,
        rules.refund_retry_minutes,
        rules.refund_longest_pause_hours,
    )
}

pub fn of_credit(numbers: &Sponsorship) -> CreditRules {
    CreditRules { points: numbers.points_per_credit, credit: Xof::new(numbers.credit_xof) }
}

pub fn of_points(numbers: &Sponsorship) -> PointsRules {
    PointsRules {
        invitation_accepted: numbers.points_invitation_accepted,
        pot_opened: numbers.points_pot_opened,
        first_gift: numbers.points_first_gift,
        mature_days: numbers.points_mature_days,
    }
}

pub fn of_notices(numbers: &Notices) -> (NoticeRules, NoticePatience) {
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

pub fn of_closures(settings: &Settings) -> ClosurePatience {
    ClosurePatience {
        erase_after_days: settings.retention.closed_account_days,
        recheck_seconds: settings.rules.refund_recheck_seconds.into(),
        longest_pause_seconds: longest_pause_seconds(&settings.rules),
        continue_after_events: settings.rules.continue_after_events,
    }
}

pub fn of_consents(numbers: &Consents) -> ConsentRules {
    ConsentRules {
        reminder_days_after: numbers.reminder_days_after.clone(),
        answer_days: numbers.answer_days,
        return_days: numbers.return_days,
        requests: numbers.requests,
        request_days: numbers.request_days,
        minors_per_guardian_flag: numbers.minors_per_guardian_flag,
    }
}

pub fn of_identities(numbers: Identities) -> IdentityRules {
    let Identities {
        most_documents,
        approvals_for_minors,
        approvals_for_adults,
        escalate_hours,
        nothing_came_days,
        keep_approved_days,
        keep_rejected_days,
        cases_a_year,
    } = numbers;
    IdentityRules {
        most_documents,
        approvals_for_minors,
        approvals_for_adults,
        escalate_hours,
        nothing_came_days,
        keep_approved_days,
        keep_rejected_days,
        cases_a_year,
    }
}

pub fn longest_pause_seconds(rules: &Rules) -> u64 {
    u64::from(rules.longest_pause_minutes) * 60
}

pub fn punctuality(settings: &Settings) -> Punctuality {
    let rules = &settings.rules;
    Punctuality {
        late_after_seconds: u64::from(rules.punctuality_minutes) * 60,
        sweep_hour: rules.sweep_hour_dakar,
        look_back_days: rules.opens_days_before,
        escalate_hours: settings.identities.escalate_hours,
    }
}

pub fn birthday_pots(rules: &Rules) -> BirthdayPots {
    BirthdayPots {
        rules: of_pots(rules),
        patience: pot_patience(rules),
        target: Xof::new(rules.default_target_xof),
    }
}
