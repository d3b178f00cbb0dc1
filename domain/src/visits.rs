//! What visitors do on our pages, in a fixed list of words: it says nothing of who they are.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::words::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    PageViewed,
    /// The ways to share a pot were looked at.
    ShareOpened,
    /// One of them was taken.
    Shared,
    LinkCopied,
    QrShown,
    GivePressed,
    JoinPressed,
}

impl VisitKind {
    pub const ALL: [Self; 7] = [
        Self::PageViewed,
        Self::ShareOpened,
        Self::Shared,
        Self::LinkCopied,
        Self::QrShown,
        Self::GivePressed,
        Self::JoinPressed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PageViewed => "page_viewed",
            Self::ShareOpened => "share_opened",
            Self::Shared => "shared",
            Self::LinkCopied => "link_copied",
            Self::QrShown => "qr_shown",
            Self::GivePressed => "give_pressed",
            Self::JoinPressed => "join_pressed",
        }
    }
}

words!(VisitKind, "something that visitors do");

/// Where they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitPage {
    Home,
    Pot,
    Give,
    Thanks,
    Invitation,
    Profile,
}

impl VisitPage {
    pub const ALL: [Self; 6] =
        [Self::Home, Self::Pot, Self::Give, Self::Thanks, Self::Invitation, Self::Profile];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Pot => "pot",
            Self::Give => "give",
            Self::Thanks => "thanks",
            Self::Invitation => "invitation",
            Self::Profile => "profile",
        }
    }
}

words!(VisitPage, "a page of ours");

/// By which way something was shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareWay {
    #[serde(rename = "whatsapp")]
    WhatsApp,
    Sms,
    Email,
    Other,
}

impl ShareWay {
    pub const ALL: [Self; 4] = [Self::WhatsApp, Self::Sms, Self::Email, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Other => "other",
        }
    }
}

words!(ShareWay, "a way to share something");

/// Whether a visitor's clock can be believed: they may have been offline for days, and no clock is exact.
pub fn is_believable(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - TimeDelta::days(7)..=now + TimeDelta::minutes(10)).contains(&at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_as_written() {
        assert!(VisitKind::ALL.iter().all(|one| one.as_str().parse() == Ok(*one)));
        assert!(VisitPage::ALL.iter().all(|one| one.as_str().parse() == Ok(*one)));
        assert!(ShareWay::ALL.iter().all(|one| one.as_str().parse() == Ok(*one)));
        let json = |way: ShareWay| serde_json::to_value(way).unwrap();
        assert!(ShareWay::ALL.iter().all(|one| json(*one) == one.as_str()));
    }

    #[test]
    fn a_clock_is_believed_for_a_week_and_not_in_the_future() {
        let now: DateTime<Utc> = "2026-11-27T12:00:00Z".parse().unwrap();
        for (at, believed) in [
            ("2026-11-20T12:00:00Z", true),
            ("2026-11-20T11:59:59Z", false),
            ("2026-11-27T12:10:00Z", true),
            ("2026-11-27T12:10:01Z", false),
        ] {
            assert_eq!(is_believable(at.parse().unwrap(), now), believed, "{at}");
        }
    }
}
