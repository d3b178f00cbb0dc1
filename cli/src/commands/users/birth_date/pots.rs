//! What becomes of somebody's pots when their birth date is corrected.
//!
//! A pot's name follows from its owner and the year. One that has not opened moves to the right day of its year; where that day is
//! over it is given up. Who celebrates soon and has no pot for that birthday gets one now, because the sweep of its day is over.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::Serialize;
use wolo_api::rules;
use wolo_bootstrap::settings::Rules;
use wolo_control::pots::{MoveWish, PotMade, PotPlan, Wish, WishAnswer};
use wolo_control::{AskError, Control};
use wolo_database::pots::Pot;
use wolo_database::{Pool, birthdays, pots};
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{PotSettings, PotStage, Timeline};

use crate::commands::pots::restart_it;
use crate::failure::refused;
use crate::output::{day, instant};

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whoever asks the processes.
pub(super) struct Following<'a> {
    pub(super) pool: &'a Pool,
    pub(super) control: &'a Control,
    pub(super) rules: &'a Rules,
    pub(super) birth_date: BirthDate,
    pub(super) now: DateTime<Utc>,
}

/// What has become of the pots.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) pots: Vec<Turned>,
    /// The sweep of this day makes the next pot, where none is there.
    pub(super) made_on: Option<NaiveDate>,
}

/// What has become of one.
#[derive(Debug, Serialize)]
pub(super) struct Turned {
    pot: PotId,
    outcome: Outcome,
    birthday: NaiveDate,
    opens_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Moved,
    /// Its days were right; whether its owner is a minor was looked at again.
    Kept,
    Cancelled,
    Begun,
}

impl Turned {
    fn of(pot: PotId, outcome: Outcome, timeline: &Timeline) -> Self {
        Self { pot, outcome, birthday: timeline.birthday, opens_at: timeline.opens_at }
    }

    pub(super) fn words(&self) -> String {
        let Self { pot, outcome, birthday, opens_at } = self;
        let days = format!("for {}, opening on {}", day(*birthday), instant(*opens_at));
        match outcome {
            Outcome::Moved => format!("{pot} is moved: it is {days}."),
            Outcome::Kept => format!("{pot} stays as it is: {days}."),
            Outcome::Cancelled => format!("{pot} is cancelled: that year's birthday is over."),
            Outcome::Begun => format!("{pot} is begun: it is {days}."),
        }
    }
}

impl Following<'_> {
    fn today(&self) -> NaiveDate {
        dakar::day_of(self.now)
    }

    async fn scheduled(&self, user: UserId) -> Result<Vec<Pot>> {
        let pots = pots::of_owner(self.pool, user).await?;
        Ok(pots.into_iter().filter(|pot| pot.stage == PotStage::Scheduled).collect())
    }

    /// The right days of a pot; none when its year's birthday is over.
    fn days_of(&self, pot: &Pot) -> Option<Timeline> {
        let birthday = self.birth_date.still_ahead_in(pot.birthday.year(), self.today())?;
        let rules = rules::of_pots(self.rules);
        Some(if birthday == pot.birthday {
            Timeline::of_planned(birthday, pot.opens_at, pot.closes_at, &rules)
        } else {
            Timeline::plan(birthday, self.now, &rules)
        })
    }

    /// What will become of the pots, in words.
    pub(super) async fn would_be(&self, user: UserId) -> Result<Vec<String>> {
        let pots = self.scheduled(user).await?;
        Ok(pots
            .iter()
            .map(|pot| match self.days_of(pot) {
                Some(days) => format!(
                    "{} is for {} and opens on {}",
                    pot.id,
                    day(days.birthday),
                    instant(days.opens_at)
                ),
                None => format!("{} is given up for good: that year's birthday is over", pot.id),
            })
            .collect())
    }

    pub(super) async fn follow(&self, user: UserId, wish: &Wish) -> Result<Followed> {
        let mut followed = Followed { pots: Vec::new(), made_on: None };
        let mut chosen = None;
        for pot in self.scheduled(user).await? {
            followed.pots.push(match self.days_of(&pot) {
                Some(days) => self.shift(&pot, days, wish).await?,
                None => self.give_up(&pot, wish).await?,
            });
            chosen = Some(pot.settings);
        }
        self.look_ahead(user, chosen, &mut followed).await?;
        Ok(followed)
    }

    async fn shift(&self, pot: &Pot, days: Timeline, wish: &Wish) -> Result<Turned> {
        let outcome = if days.birthday == pot.birthday { Outcome::Kept } else { Outcome::Moved };
        let turned = Turned::of(pot.id, outcome, &days);
        let moved = MoveWish { timeline: days, by: wish.by.clone(), reason: wish.reason.clone() };
        answered(pot.id, self.control.move_pot(pot.id, moved).await)?;
        Ok(turned)
    }

    async fn give_up(&self, pot: &Pot, wish: &Wish) -> Result<Turned> {
        let answer = self.control.cancel_pot(pot.id, wish.clone()).await;
        // A pot whose opening day it is finds out by itself, and may have come first.
        if !self.is_cancelled(pot.id).await? {
            answered(pot.id, answer)?;
        }
        let (birthday, opens_at) = (pot.birthday, pot.opens_at);
        Ok(Turned { pot: pot.id, outcome: Outcome::Cancelled, birthday, opens_at })
    }

    async fn is_cancelled(&self, pot: PotId) -> Result<bool> {
        let row = pots::pot(self.pool, pot).await?;
        Ok(row.is_some_and(|row| row.stage == PotStage::Cancelled))
    }

    /// The next birthday has a pot, gets one now, or waits for its sweep.
    async fn look_ahead(
        &self,
        user: UserId,
        chosen: Option<PotSettings>,
        followed: &mut Followed,
    ) -> Result<()> {
        let birthday = self.birth_date.next_on_or_after(self.today());
        let known = pots::of_owner(self.pool, user).await?;
        let wants_one = birthdays::celebrant(self.pool, user).await?;
        let Some((celebrant, _)) = wants_one else { return Ok(()) };
        if known.iter().any(|pot| pot.birthday.year() == birthday.year()) {
            return Ok(());
        }
        let made_on = dakar::days_before(birthday, self.rules.opens_days_before);
        if made_on > self.today() {
            followed.made_on = Some(made_on);
            return Ok(());
        }
        let target = Xof::new(self.rules.default_target_xof);
        let settings = chosen.unwrap_or_else(|| PotSettings::of_birthday(&celebrant.name, target));
        followed.pots.extend(self.begin(user, birthday, settings).await?);
        Ok(())
    }

    async fn begin(
        &self,
        owner: UserId,
        birthday: NaiveDate,
        settings: PotSettings,
    ) -> Result<Option<Turned>> {
        let pot = PotId::for_birthday(owner, birthday.year());
        let of_pots = rules::of_pots(self.rules);
        let timeline = Timeline::plan(birthday, self.now, &of_pots);
        let turned = Turned::of(pot, Outcome::Begun, &timeline);
        let patience = rules::pot_patience(self.rules);
        let request = format!("birth-date/{birthday}");
        let plan =
            PotPlan { pot, owner, request, settings, timeline, rules: of_pots, patience, carried: None };
        let mut made = self.control.schedule_pot(plan.clone(), PATIENCE).await;
        // There is none of that year: a process that has ended found that its birthday was over, when the date was another one.
        if matches!(made, Err(AskError::Ended)) {
            made = self.control.schedule_pot_anew(plan, PATIENCE).await;
        }
        let made = made.with_context(|| format!("{pot} could not be begun"))?;
        Ok((made == PotMade::Scheduled).then_some(turned))
    }
}

/// What a pot's process answered, where it is to do what it was asked.
fn answered(pot: PotId, answer: Result<WishAnswer, AskError>) -> Result<()> {
    match answer {
        Err(AskError::NotFound | AskError::Ended) => {
            Err(refused(format!("{pot} has no process; {}", restart_it(pot))))
        }
        Err(error) => Err(error).with_context(|| format!("the process of {pot} gave no answer")),
        Ok(WishAnswer::Done) => Ok(()),
        Ok(WishAnswer::NotPossible { stage: Some(PotStage::Scheduled) }) => {
            Err(refused(format!("{pot} was not moved: the birth date was corrected once more meanwhile")))
        }
        Ok(WishAnswer::NotPossible { stage: Some(stage) }) => {
            Err(refused(format!("{pot} is {stage} by now, and keeps its day")))
        }
        Ok(_) => Err(refused(format!("{pot} cannot follow now"))),
    }
}
