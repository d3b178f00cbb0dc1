//! The kinds of messages there are, the categories that people may mute, and the channels by which they come.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// How a message reaches a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[serde(rename = "whatsapp")]
    WhatsApp,
    Sms,
    Email,
    Push,
}

impl Channel {
    /// In the order in which they are tried for somebody who has not chosen another one.
    pub const ALL: [Self; 4] = [Self::WhatsApp, Self::Sms, Self::Email, Self::Push];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Push => "push",
        }
    }
}

words!(Channel, "a channel of messages");

/// What a message is about, as far as people may choose what they want to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Money,
    Consent,
    Security,
    Reminders,
    Invitations,
    Wishes,
    News,
}

impl Category {
    pub const ALL: [Self; 7] = [
        Self::Money,
        Self::Consent,
        Self::Security,
        Self::Reminders,
        Self::Invitations,
        Self::Wishes,
        Self::News,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Consent => "consent",
            Self::Security => "security",
            Self::Reminders => "reminders",
            Self::Invitations => "invitations",
            Self::Wishes => "wishes",
            Self::News => "news",
        }
    }

    /// Whether it cannot be muted, waits for no morning and is not counted against the day.
    pub const fn must_be_heard(self) -> bool {
        matches!(self, Self::Money | Self::Consent | Self::Security)
    }
}

words!(Category, "a category of messages");

macro_rules! kinds {
    ($($kind:ident = $word:literal, $category:ident;)*) => {
        /// A kind of message; its word names its files of words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($kind,)*
        }

        impl Kind {
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$kind),*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }

            pub const fn category(self) -> Category {
                match self {
                    $(Self::$kind => Category::$category,)*
                }
            }
        }
    };
}

kinds! {
    Welcome = "welcome", News;
    VerifyEmail = "verify_email", Security;
    OneTimeCode = "one_time_code", Security;
    AlreadyRegistered = "already_registered", Security;
    PasswordChanged = "password_changed", Security;
    NewDevice = "new_device", Security;
    IdentityLinked = "identity_linked", Security;
    PotScheduled = "pot_scheduled", Reminders;
    PotMoved = "pot_moved", Reminders;
    PotOpened = "pot_opened", Reminders;
    DaysLeft = "days_left", Reminders;
    LastDay = "last_day", Reminders;
    BirthdayWish = "birthday_wish", Wishes;
    GiftReceived = "gift_received", News;
    GiftReceipt = "gift_receipt", Money;
    GiftRefunded = "gift_refunded", Money;
    GoalReached = "goal_reached", News;
    PotClosed = "pot_closed", News;
    PotCancelled = "pot_cancelled", Money;
    PayoutSent = "payout_sent", Money;
    PayoutHeld = "payout_held", Money;
    ThankYou = "thank_you", Wishes;
    Invitation = "invitation", Invitations;
    InvitationReminder = "invitation_reminder", Invitations;
    InvitationAccepted = "invitation_accepted", Invitations;
    PointsEarned = "points_earned", News;
    PointsMatured = "points_matured", News;
    PointsRevoked = "points_revoked", News;
    ConsentRequest = "consent_request", Consent;
    ConsentReminder = "consent_reminder", Consent;
    ConsentGranted = "consent_granted", Consent;
    ConsentRefused = "consent_refused", Consent;
    ConsentWithdrawn = "consent_withdrawn", Consent;
    IdentityReceived = "identity_received", Consent;
    IdentityApproved = "identity_approved", Consent;
    IdentityRejected = "identity_rejected", Consent;
    IdentityMoreNeeded = "identity_more_needed", Consent;
    HandedOver = "handed_over", Consent;
    DataExportReady = "data_export_ready", Security;
    AccountClosed = "account_closed", Security;
    OperatorAlert = "operator_alert", Security;
}

words!(Kind, "a kind of message");

impl Kind {
    /// Whether it is better lost than said twice.
    pub const fn at_most_once(self) -> bool {
        matches!(self, Self::OneTimeCode | Self::VerifyEmail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for channel in Channel::ALL {
            assert_eq!(channel.as_str().parse(), Ok(channel));
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
        }
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
        }
    }

    #[test]
    fn money_consent_and_security_are_always_heard() {
        let heard = Category::ALL.map(Category::must_be_heard);
        assert_eq!(heard, [true, true, true, false, false, false, false]);
    }
}
