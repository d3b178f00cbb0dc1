//! Who is told what of each event.
//!
//! What an event says is ids and amounts; names and titles are read here, when it is told. An owner is told of the first few
//! gifts of a day and not of a hundred thousand.

use std::collections::BTreeSet;
use std::fmt::Display;

use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use wolo_database::notices::{self, Follower, Gift, Giver, Subject};
use wolo_database::outbox::{Event, Topic};
use wolo_database::pots::{self, Totals};
use wolo_database::{Page, Pool, points};
use wolo_domain::accounts::Role;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{AwardId, CaseId, DonationId, NOBODY, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::notices::{Kind, Letter, RefundCause, Says};
use wolo_domain::people::first_name;
use wolo_domain::points::AwardStage;
use wolo_domain::pots::{Announcement, PotStage};
use wolo_domain::punctuality::{DueFor, LateStep};
use wolo_domain::{dakar, notices as domain};
use wolo_workflows::steps::notices::Message;

use super::Error;

/// An owner is told of so many gifts in a day; whoever wants to know more looks.
const GIFTS_A_DAY: i64 = 5;
/// Givers that are read at once.
const PAGE: u32 = 500;
/// What lay longer is history.
const NEWS_FOR: TimeDelta = TimeDelta::hours(24);

/// A message that is to be brought.
pub(super) struct Due {
    pub(super) message: Message,
    /// After this it is of no use.
    pub(super) expires: Option<DateTime<Utc>>,
}

/// The message that somebody has written whole.
pub(super) fn of_letter(event: &Event, letter: Letter) -> Due {
    let minutes = match &letter.says {
        Says::OneTimeCode { minutes, .. } | Says::VerifyEmail { minutes, .. } => Some(*minutes),
        _ => None,
    };
    let person = event.user.map_or_else(|| NOBODY.to_owned(), |user| user.to_string());
    let message = Message {
        user: event.user,
        to: Some(letter.to),
        or_email: letter.or_email,
        language: letter.language,
        ..Message::new(word(event), person, letter.says)
    };
    Due { message, expires: minutes.map(|minutes| event.created_at + TimeDelta::minutes(minutes.into())) }
}

/// An event's word in the names of processes.
fn word(event: &Event) -> String {
    event.id.simple().to_string()
}

/// An event about a pot, and where to look.
#[derive(Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) pool: &'a Pool,
    pub(super) public_url: &'a str,
    pub(super) event: &'a Event,
}

type Messages<'a> = BoxStream<'a, Result<Due, Error>>;

impl<'a> Telling<'a> {
    /// What it is about, if that is a pot and it is still news.
    pub(super) async fn about(self) -> Result<Option<About>, Error> {
        let Some(pot) = self.event.pot.filter(|_| self.is_news()) else { return Ok(None) };
        Ok(notices::subject(self.pool, pot).await?.map(|pot| About {
            name: first_name(&pot.owner_name).to_owned(),
            link: format!("{}/p/{}", self.public_url, pot.slug),
            pot,
        }))
    }

    fn is_news(self) -> bool {
        let is_news = Utc::now() - self.event.created_at <= NEWS_FOR;
        if !is_news {
            let (topic, key) = (self.event.topic, &self.event.key);
            tracing::warn!(%topic, key, "an event lay too long and is not told");
        }
        is_news
    }

    /// Everything that people are told of it.
    pub(super) async fn messages(self, about: About) -> Result<Messages<'a>, Error> {
        match self.event.topic {
            Topic::PotAnnounced => self.of_pot(about).await,
            Topic::DonationConfirmed => self.of_gift(about).await,
            Topic::DonationRefunded => self.of_refund(about).await,
            Topic::PayoutSucceeded => {
                let amount = self.fact::<Paid>()?.amount;
                Ok(some(self.to_owner(&about, Says::PayoutSent { pot: about.title(), amount })))
            }
            Topic::PayoutRefused => {
                let held = self.to_owner(&about, Says::PayoutHeld { pot: about.title() });
                let finance = self.to_finance(&about, "payout_refused").await?;
                Ok(all(std::iter::once(held).chain(finance)))
            }
            Topic::DonationSuspended => Ok(all(self.to_finance(&about, "donation_suspended").await?)),
            // It is told when it has gone back. What is sealed, and what may be about no pot, is told by itself.
            Topic::DonationRefundDue
            | Topic::Letter
            | Topic::Invitation
            | Topic::PointsMatured
            | Topic::PointsRevoked
            | Topic::StepLate
            | Topic::StepsLate
            | Topic::CaseEscalated
            | Topic::Audit => Ok(nothing()),
        }
    }

    async fn of_pot(self, about: About) -> Result<Messages<'a>, Error> {
        let Announced { what, .. } = self.fact()?;
        let (name, title, link) = (about.name.clone(), about.title(), about.link.clone());
        let Totals { donations: gifts, given: sum, .. } = self.totals(about.pot.pot).await?;
        let says = match what {
            Announcement::Scheduled => {
                Says::PotScheduled { name, pot: title, opens: dakar::day_of(about.pot.opens_at) }
            }
            Announcement::Moved { .. } => Says::PotMoved {
                name,
                pot: title,
                birthday: about.pot.birthday,
                opens: dakar::day_of(about.pot.opens_at),
            },
            Announcement::Opened => {
                Says::PotOpened { name, pot: title, closes: dakar::day_of(about.pot.closes_at), link }
            }
            Announcement::Reminder { days: 1 } => Says::LastDay { name, pot: title, gifts, link },
            Announcement::Reminder { days } => Says::DaysLeft { name, pot: title, days, gifts, link },
            Announcement::BirthdayWish => Says::BirthdayWish { name },
            Announcement::Closed => Says::PotClosed { pot: title, gifts, sum },
            Announcement::Cancelled => Says::PotCancelled { pot: title, gifts },
            Announcement::Thanks => return Ok(self.to_all_givers(about)),
        };
        Ok(some(self.to_owner(&about, says)))
    }

    async fn of_gift(self, about: About) -> Result<Messages<'a>, Error> {
        let Some(gift) = self.gift().await? else { return Ok(nothing()) };
        let mut due = Vec::new();
        let says = Says::GiftReceipt {
            name: about.name.clone(),
            pot: about.title(),
            amount: gift.amount,
            reference: gift.wave_transaction_id.clone().unwrap_or_default(),
        };
        due.extend(self.to_giver(&about, &gift.giver, says));
        let owner = about.pot.owner.to_string();
        let of_the_goal = format!("goal-{}", about.pot.pot);
        let today = dakar::start_of(dakar::day_of(Utc::now()));
        let told = notices::told(self.pool, &owner, Kind::GiftReceived, today, &of_the_goal).await?;
        if told.since < GIFTS_A_DAY {
            due.push(self.of_gift_to_owner(&about, &gift));
        }
        // The aim is reached once, by whichever gift, while more can follow it. Its sum is asked last, because it costs the more the more
        // gifts there are.
        let target = about.pot.target;
        let open = about.pot.stage == PotStage::Open;
        if open && !told.of_event && self.totals(about.pot.pot).await?.given >= target {
            let says = Says::GoalReached { pot: about.title(), target, link: about.link.clone() };
            due.push(about.due(of_the_goal, owner, Some(about.pot.owner), None, says));
        }
        Ok(all(due))
    }

    /// What the owner may know of a gift now.
    fn of_gift_to_owner(self, about: &About, gift: &Gift) -> Due {
        let surprised = about.pot.surprise && Utc::now() < dakar::start_of(about.pot.birthday);
        let named = !surprised && !gift.anonymous;
        let says = Says::GiftReceived {
            pot: about.title(),
            giver: gift.donor_name.clone().filter(|_| named),
            amount: (!surprised).then_some(gift.amount),
            link: about.link.clone(),
        };
        self.to_owner(about, says)
    }

    async fn of_refund(self, about: About) -> Result<Messages<'a>, Error> {
        let Some(gift) = self.gift().await? else { return Ok(nothing()) };
        let given_up = matches!(about.pot.stage, PotStage::Cancelling | PotStage::Cancelled);
        let cause = match self.fact::<WentBack>()?.by_hand {
            true => RefundCause::ByHand,
            false if given_up => RefundCause::Cancelled,
            false => RefundCause::Late,
        };
        let says =
            Says::GiftRefunded { name: about.name.clone(), pot: about.title(), amount: gift.amount, cause };
        Ok(all(self.to_giver(&about, &gift.giver, says)))
    }

    fn to_owner(self, about: &About, says: Says) -> Due {
        let owner = about.pot.owner;
        about.due(word(self.event), owner.to_string(), Some(owner), None, says)
    }

    /// Somebody with an account is reached as they wish; anybody else by the phone that they gave, if they did.
    fn to_giver(self, about: &About, giver: &Giver, says: Says) -> Option<Due> {
        let to = giver.phone.clone().map(Contact::Phone);
        let (person, to) = match giver.user {
            Some(user) => (user.to_string(), None),
            None => (giver.donation.to_string(), Some(to?)),
        };
        Some(about.due(word(self.event), person, giver.user, to, says))
    }

    /// However many they are, a page of them is in memory at a time.
    fn to_all_givers(self, about: About) -> Messages<'a> {
        let pot = about.pot.pot;
        let pages = stream::try_unfold(None, move |after| async move {
            let page = Page { after, limit: PAGE };
            let givers = notices::givers(self.pool, pot, page).await?;
            let last = givers.last().map(|giver| giver.donation);
            Ok::<_, Error>(last.map(|last| (givers, Some(last))))
        });
        let each = pages.map_ok(move |givers| {
            let thanks = |giver: &Giver| {
                let says = Says::ThankYou { name: about.name.clone(), pot: about.title() };
                self.to_giver(&about, giver, says)
            };
            let due: Vec<_> = givers.iter().filter_map(thanks).map(Ok).collect();
            stream::iter(due)
        });
        each.try_flatten().boxed()
    }

    async fn to_finance(self, about: &About, what: &str) -> Result<Vec<Due>, Error> {
        let finance = notices::trusted_with(self.pool, Role::Finance).await?;
        let due = |user: UserId| {
            let what = format!("{what} {}", about.pot.pot);
            let says = Says::OperatorAlert { what, link: about.link.clone() };
            about.due(word(self.event), user.to_string(), Some(user), None, says)
        };
        Ok(finance.into_iter().map(due).collect())
    }

    /// What those who work here are told of steps that are late. A pot's step may be put right by support, a day's sweep and what
    /// concerns many pots by whoever runs the system.
    pub(super) async fn of_lateness(self) -> Result<Messages<'a>, Error> {
        if !self.is_news() {
            return Ok(nothing());
        }
        let (what, link, roles): (_, _, &[Role]) = if self.event.topic == Topic::StepsLate {
            (format!("steps_late {}", self.fact::<Many>()?.count), self.services(), &[Role::Superadmin])
        } else {
            let LateStep { what, about, .. } = self.fact()?;
            match about {
                DueFor::Day(day) => (format!("{what}_late {day}"), self.services(), &[Role::Superadmin]),
                DueFor::Invitation(invitation) => {
                    (format!("{what}_late {invitation}"), self.services(), &[Role::Superadmin])
                }
                DueFor::Consent(consent) => {
                    (format!("{what}_late {consent}"), self.services(), &[Role::Superadmin])
                }
                DueFor::Case(case) => (format!("{what}_late {case}"), self.services(), &[Role::Superadmin]),
                DueFor::Pot(pot) => {
                    let subject = notices::subject(self.pool, pot).await?;
                    let Some(subject) = subject else { return Ok(nothing()) };
                    let link = format!("{}/p/{}", self.public_url, subject.slug);
                    (format!("{what}_late {pot}"), link, &[Role::Support, Role::Superadmin])
                }
            }
        };
        let told = self.everybody_with(roles).await?.into_iter().map(move |user| {
            let says = Says::OperatorAlert { what: what.clone(), link: link.clone() };
            let message = Message::new(word(self.event), user.to_string(), says);
            Due { message: Message { user: Some(user), pot: self.event.pot, ..message }, expires: None }
        });
        Ok(all(told.collect::<Vec<_>>()))
    }

    /// What those who review are told of a case that nobody decides.
    pub(super) async fn of_case(self) -> Result<Messages<'a>, Error> {
        if !self.is_news() {
            return Ok(nothing());
        }
        let Escalated { case } = self.fact()?;
        let reviewers = self.everybody_with(&[Role::Reviewer, Role::Superadmin]).await?;
        let told = reviewers.into_iter().map(move |user| {
            let says = Says::OperatorAlert { what: format!("case_escalated {case}"), link: self.services() };
            let message = Message::new(word(self.event), user.to_string(), says);
            Due { message: Message { user: Some(user), ..message }, expires: None }
        });
        Ok(all(told.collect::<Vec<_>>()))
    }

    /// What somebody is told of points of theirs that can be used now, or are taken back.
    pub(super) async fn of_points(self) -> Result<Messages<'a>, Error> {
        let Awarded { award, awards } = self.fact()?;
        let mut found = Vec::new();
        for award in if awards.is_empty() { vec![award] } else { awards } {
            found.extend(points::award_of(self.pool, award).await?);
        }
        // Of those that were taken back meanwhile that is told, and that they can be used is not true any more.
        let matured = self.event.topic == Topic::PointsMatured;
        found.retain(|award| !matured || award.stage == AwardStage::Matured);
        let Some(first) = found.first().filter(|_| self.is_news()) else { return Ok(nothing()) };
        let (user, points) = (first.user, found.iter().map(|award| award.points).sum());
        let says = match first.reason {
            _ if matured => {
                let usable = points::of_user(self.pool, user).await?.available().max(0);
                Says::PointsMatured { points, usable }
            }
            Some(reason) => Says::PointsRevoked { points, cause: reason.into() },
            None => return Ok(nothing()),
        };
        let message = Message::new(word(self.event), user.to_string(), says);
        Ok(some(Due { message: Message { user: Some(user), ..message }, expires: None }))
    }

    /// Where one sees who serves what.
    fn services(self) -> String {
        format!("{}/services", self.public_url)
    }

    /// Whoever has several of the roles is one person.
    async fn everybody_with(self, roles: &[Role]) -> Result<BTreeSet<UserId>, Error> {
        let mut people = BTreeSet::new();
        for role in roles {
            people.extend(notices::trusted_with(self.pool, *role).await?);
        }
        Ok(people)
    }

    async fn gift(self) -> Result<Option<Gift>, Error> {
        let Given { donation } = self.fact()?;
        Ok(notices::gift(self.pool, donation).await?)
    }

    async fn totals(self, pot: PotId) -> Result<Totals, Error> {
        Ok(pots::pot(self.pool, pot).await?.map(|pot| pot.totals).unwrap_or_default())
    }

    fn fact<T: for<'d> Deserialize<'d>>(self) -> Result<T, Error> {
        Ok(serde_json::from_value(self.event.payload.clone())?)
    }
}

/// What an event is about.
pub(super) struct About {
    pot: Subject,
    name: String,
    link: String,
}

impl About {
    /// The invitation that has brought the pot's owner here.
    pub(super) fn follower(&self) -> Option<Follower> {
        self.pot.follower
    }

    fn title(&self) -> String {
        self.pot.title.clone()
    }

    fn due(
        &self,
        event: String,
        person: impl Display,
        user: Option<UserId>,
        to: Option<Contact>,
        says: Says,
    ) -> Due {
        let expires = match says.kind() {
            domain::Kind::DaysLeft | domain::Kind::LastDay | domain::Kind::BirthdayWish => {
                Some(dakar::end_of(dakar::day_of(Utc::now())))
            }
            _ => None,
        };
        let message =
            Message { user, pot: Some(self.pot.pot), to, ..Message::new(event, person.to_string(), says) };
        Due { message, expires }
    }
}

fn nothing<'a>() -> Messages<'a> {
    all([])
}

fn some<'a>(due: Due) -> Messages<'a> {
    all([due])
}

fn all<'a>(due: impl IntoIterator<Item = Due, IntoIter: Send + 'a>) -> Messages<'a> {
    stream::iter(due.into_iter().map(Ok)).boxed()
}

#[derive(Deserialize)]
struct Announced {
    what: Announcement,
}

#[derive(Deserialize)]
struct Given {
    donation: DonationId,
}

#[derive(Deserialize)]
struct WentBack {
    #[serde(default)]
    by_hand: bool,
}

#[derive(Deserialize)]
struct Paid {
    amount: Xof,
}

#[derive(Deserialize)]
struct Escalated {
    case: CaseId,
}

#[derive(Deserialize)]
struct Awarded {
    award: AwardId,
    /// All of one invitation that it is about; a release before this one has named one only.
    #[serde(default)]
    awards: Vec<AwardId>,
}

#[derive(Deserialize)]
struct Many {
    count: u64,
}
