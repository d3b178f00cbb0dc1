//! A life of a minor, event by event: sensible or not, in any order.

use std::cell::RefCell;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;
use wolo_database::audit::Doer;
use wolo_database::identities::{self, NewCase};
use wolo_database::{Error, Pool, birth_dates, closures, consents, payouts, pots};
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::identities::{CaseEnd, CaseStage, Decision, Party, Reason, TakingBy, Verdict};
use wolo_domain::ids::{CaseId, ConsentId, PayoutId, PotId, UserId};
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotRules, PotStage, Timeline};

use super::Tally;
use super::oracle::look;
use crate::consents::{guardian, of, yes};
use crate::identities::{RULES, document};
use crate::scene::{Scene, noon};

#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Whatever would come next if all went well; who reviews may be of another mind.
    Onward {
        verdict: Verdict,
    },
    Asked,
    Given,
    Refused,
    Lapsed,
    Withdrawn,
    Ended,
    EndedWithTheAccount,
    Looked,
    CaseOpened,
    Submitted,
    Decided {
        reviewer: usize,
        verdict: Verdict,
    },
    NothingCame,
    GivenUp,
    Corrected {
        born: &'static str,
    },
    Days {
        days: i64,
    },
    AccountClosed,
    AccountRestored,
    Scheduled,
    Opened,
    GiftPaid,
    Closed,
    Planned,
    Ordered,
    Paid,
    Settled,
    Cancelled,
}

/// A child, one who comes of age soon, one on another day, and a grown-up.
pub(super) const BORN: [&str; 4] = ["2019-03-20", "2013-03-20", "2013-12-24", "1990-03-20"];

pub(super) fn events() -> impl Strategy<Value = (&'static str, Vec<Event>)> {
    use Event::*;

    let born = prop::sample::select(&BORN[..]);
    let verdict = prop::sample::select(&[Verdict::Approve, Verdict::Reject, Verdict::Ask][..]);
    let onward =
        prop_oneof![9 => Just(Verdict::Approve), 1 => Just(Verdict::Reject), 1 => Just(Verdict::Ask)];
    let onward = onward.prop_map(|verdict| Onward { verdict });
    let guardian = prop_oneof![
        2 => Just(Asked), 2 => Just(Given), 1 => Just(Refused), 1 => Just(Lapsed), 3 => Just(Withdrawn), 1 => Just(Ended),
        1 => Just(EndedWithTheAccount), 3 => Just(Looked),
    ];
    let case = prop_oneof![
        1 => Just(CaseOpened), 1 => Just(Submitted), 1 => Just(NothingCame), 1 => Just(GivenUp),
        3 => (0..2usize, verdict).prop_map(|(reviewer, verdict)| Decided { reviewer, verdict }),
    ];
    let person = prop_oneof![
        3 => born.clone().prop_map(|born| Corrected { born }), 5 => (1..30i64).prop_map(|days| Days { days }),
        1 => Just(AccountClosed), 1 => Just(AccountRestored),
    ];
    let pot = prop_oneof![
        1 => Just(Scheduled), 2 => Just(Opened), 2 => Just(GiftPaid), 1 => Just(Closed), 2 => Just(Planned), 2 => Just(Ordered),
        1 => Just(Paid), 1 => Just(Settled), 1 => Just(Cancelled),
    ];
    let event = prop_oneof![13 => onward, 2 => guardian, 2 => case, 2 => person, 2 => pot];
    (born, prop::collection::vec(event, 20..32))
}

const DOER: Doer<'static> = Doer::new("operator:test", "in a test");

pub(super) struct Life<'a> {
    pub(super) scene: &'a Scene,
    pub(super) api: &'a Pool,
    pub(super) operator: &'a Pool,
    pub(super) reviewers: [UserId; 2],
    pub(super) person: UserId,
    pub(super) born: &'static str,
    pub(super) pot: PotId,
    pub(super) now: DateTime<Utc>,
    pub(super) consent: Option<ConsentId>,
    pub(super) case: Option<CaseId>,
    pub(super) order: PayoutOrder,
    pub(super) tally: &'a RefCell<Tally>,
}

impl<'a> Life<'a> {
    pub(super) async fn begin(
        scene: &'a Scene,
        (api, operator): (&'a Pool, &'a Pool),
        reviewers: [UserId; 2],
        born: &'static str,
        tally: &'a RefCell<Tally>,
    ) -> Self {
        let person = scene.person_born(born).await.id;
        let pot = PotId::for_birthday(person, 2031);
        let order = PayoutOrder::first(PayoutId::of_pot(pot));
        let now = noon();
        Self {
            scene,
            api,
            operator,
            reviewers,
            person,
            born,
            pot,
            now,
            consent: None,
            case: None,
            order,
            tally,
        }
    }

    /// Refusals are part of the story; a fault of the database or of our SQL is not.
    pub(super) async fn meet(&mut self, event: &Event) {
        // Each event has an instant of its own, as a process has them.
        self.now += TimeDelta::seconds(1);
        let event = match event {
            Event::Onward { verdict } => self.next(*verdict).await,
            event => event.clone(),
        };
        let met = self.act(&event).await;
        assert!(!matches!(met, Err(Error::Broken(_) | Error::Unavailable(_))), "{event:?}: {met:?}");
    }

    /// What a person of good will would do next.
    async fn next(&self, verdict: Verdict) -> Event {
        let row = pots::pot(&self.scene.pool, self.pot).await.expect("a look");
        let Some(pot) = row else { return Event::Scheduled };
        match pot.stage {
            PotStage::Scheduled if pot.holds.is_empty() => Event::Opened,
            PotStage::Open if pot.totals.given.is_zero() => Event::GiftPaid,
            PotStage::Open => Event::Closed,
            PotStage::Closed => Event::Planned,
            PotStage::PayingOut => match payouts::payout(&self.scene.pool, self.order.payout).await {
                Ok(Some(payout)) if payout.ended_at.is_some() => Event::Settled,
                Ok(Some(payout)) if payout.begun => Event::Paid,
                _ => Event::Ordered,
            },
            _ => self.next_for_an_answer(verdict).await,
        }
    }

    async fn next_for_an_answer(&self, verdict: Verdict) -> Event {
        let Some(consent) = self.consent else { return Event::Asked };
        let stage = self.scene.consent_is(consent).await;
        if stage.is_in_force() && self.facts().await.is_of_age() {
            return Event::Looked;
        }
        match stage {
            ConsentStage::Requested | ConsentStage::Withdrawn => return Event::Given,
            ConsentStage::Given => {}
            _ => return Event::Asked,
        }
        let decided = |reviewer| Event::Decided { reviewer, verdict };
        let Some(case) = self.case else { return Event::CaseOpened };
        let mut connection = self.scene.pool.acquire().await.expect("a connection");
        let case = identities::case(&mut connection, case).await.expect("a look").expect("a case");
        match case.entry.stage {
            CaseStage::Opened | CaseStage::MoreNeeded => Event::Submitted,
            CaseStage::Submitted | CaseStage::InReview => decided(case.words.len() % 2),
            CaseStage::Approved | CaseStage::Rejected => Event::CaseOpened,
        }
    }

    async fn act(&mut self, event: &Event) -> Result<(), Error> {
        let (pool, at) = (&self.scene.pool, self.now);
        match *event {
            Event::Onward { .. } => {}
            Event::Asked => {
                let new = of(self.person, guardian());
                if let consents::Asking::Asked(_) = self.scene.ask(&new, at).await {
                    (self.consent, self.case) = (Some(new.id), None);
                }
            }
            Event::Days { days } => self.now += TimeDelta::days(days),
            Event::Corrected { born } => self.is_corrected(born).await?,
            Event::AccountClosed => {
                closures::close(pool, self.person, DOER, at).await?;
            }
            Event::AccountRestored => {
                closures::restore(self.operator, self.person, DOER).await?;
            }
            Event::CaseOpened
            | Event::Submitted
            | Event::Decided { .. }
            | Event::NothingCame
            | Event::GivenUp => {
                self.is_looked_into(event).await?;
            }
            Event::Given
            | Event::Refused
            | Event::Lapsed
            | Event::Withdrawn
            | Event::Ended
            | Event::EndedWithTheAccount
            | Event::Looked => {
                if let Some(consent) = self.consent {
                    self.guardian_says(event, consent).await?;
                }
            }
            _ => self.pot_goes_on(event).await?,
        }
        Ok(())
    }

    async fn guardian_says(&self, event: &Event, consent: ConsentId) -> Result<(), Error> {
        let (scene, person, at) = (self.scene, self.person, self.now);
        let end = match event {
            Event::Given => {
                consents::give(&scene.pool, &yes(person, consent), at).await?;
                return Ok(());
            }
            Event::Withdrawn => {
                if let consents::Withdrawing::Withdrawn { .. } = scene.withdraw(person, consent, at).await {
                    self.tally.borrow_mut().withdrawn += 1;
                }
                return Ok(());
            }
            Event::Looked => {
                if let consents::HandingOver::HandedOver { .. } =
                    consents::hand_over(&scene.pool, consent, at).await?
                {
                    self.tally.borrow_mut().handed_over += 1;
                }
                return Ok(());
            }
            Event::Refused => ConsentEnd::Refused,
            Event::Lapsed => ConsentEnd::Lapsed,
            Event::Ended => ConsentEnd::Ended,
            _ => ConsentEnd::AccountClosed,
        };
        consents::end(&scene.pool, person, consent, end, at).await?;
        Ok(())
    }

    /// As the operator's command does it: the date, and then the pot that can still move.
    async fn is_corrected(&mut self, born: &'static str) -> Result<(), Error> {
        let day = BirthDate::new(born.parse().expect("a day"));
        let corrected = birth_dates::correct(self.operator, self.person, day, DOER, self.now).await?;
        if corrected == birth_dates::Correcting::Corrected {
            self.born = born;
            // It may die here: the pot is as safe without the rest.
            self.judge("Corrected, and the pot is not moved yet").await;
            pots::move_birthday(&self.scene.pool, self.pot, &self.timeline(), self.now).await?;
        }
        Ok(())
    }

    pub(super) fn timeline(&self) -> Timeline {
        let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
        let birthday = format!("2031{}", &self.born[4..]).parse().expect("a day");
        Timeline::plan(birthday, self.now, &rules)
    }

    async fn is_looked_into(&mut self, event: &Event) -> Result<(), Error> {
        let (pool, at) = (&self.scene.pool, self.now);
        if let (Event::CaseOpened, Some(consent)) = (event, self.consent) {
            if let consents::HandingOver::StillMinor { case, .. } =
                consents::hand_over(pool, consent, at).await?
            {
                let id = CaseId::of_consent(consent, case);
                let (subject, approvals_needed) = (self.person, RULES.approvals(true));
                let new = NewCase { id, subject, consent: Some(consent), approvals_needed, at };
                identities::open(pool, &new).await?;
                self.case = Some(id);
            }
            return Ok(());
        }
        let Some(case) = self.case else { return Ok(()) };
        match *event {
            Event::Submitted => {
                for party in Party::ALL {
                    identities::add(pool, case, &document(party), RULES.most_documents, at).await?;
                }
                let round = look::<i32>(
                    self.operator,
                    &format!("select round from minors.cases where case_id = '{}'", case.uuid()),
                )
                .await;
                identities::submit(pool, case, u32::try_from(round).expect("a round") + 1, at).await?;
                let by = TakingBy { reviewer: self.reviewers[0], assigned_by: None };
                identities::take(pool, case, &by).await?;
            }
            Event::Decided { reviewer, verdict } => {
                self.is_decided(case, self.reviewers[reviewer], verdict).await?;
            }
            Event::NothingCame | Event::GivenUp => {
                let end =
                    if matches!(event, Event::GivenUp) { CaseEnd::GivenUp } else { CaseEnd::NothingCame };
                identities::end(pool, case, end, RULES.destroys_after(end, at), at).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn is_decided(&self, case: CaseId, reviewer: UserId, verdict: Verdict) -> Result<(), Error> {
        let (pool, at) = (&self.scene.pool, self.now);
        let mut connection = pool.acquire().await?;
        let sent = identities::case(&mut connection, case).await?.expect("a case").documents;
        drop(connection);
        let mut seen = Vec::new();
        for sent in sent.iter().filter(|sent| sent.is_there()) {
            identities::look(pool, case, Uuid::now_v7(), sent.document.id, (reviewer, "to decide"), at)
                .await?;
            seen.push(sent.document.sha256);
        }
        let reasons = if verdict == Verdict::Approve { vec![] } else { vec![Reason::Unreadable] };
        let decision = Decision { verdict, reviewer, reasons, note: "seen".to_owned(), seen };
        let decided = identities::decide(pool, case, &decision, RULES, at).await?;
        if decided.answered.standing.stage == CaseStage::Rejected {
            self.tally.borrow_mut().rejected += 1;
        }
        Ok(())
    }
}
