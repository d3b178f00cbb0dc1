//! What the process does next, from where it stands.

use chrono::{DateTime, Utc};
use wolo_domain::consents::{ConsentEnd, ConsentRules, ConsentStage};

use super::Carried;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Somebody is to be told of what happened.
    Tell,
    GiveUpThePots,
    /// The guardian has consented, and identities are to be looked at.
    OpenTheCase,
    /// The minor may have come of age.
    LookAtTheAge,
    Remind,
    /// Nobody has said anything in time.
    LetEnd(ConsentEnd),
    Wait {
        until: Option<DateTime<Utc>>,
        why: &'static str,
    },
    /// Nothing is in force and nothing is left to do.
    Nothing,
}

/// What comes first comes first: of two things that are both due, because time has passed while nobody was there, the one that was due
/// earlier. Nobody is reminded of what they have missed.
pub(super) fn next(work: &Carried, rules: &ConsentRules, look_again: bool, now: DateTime<Utc>) -> Next {
    if !work.to_tell.is_empty() {
        return Next::Tell;
    }
    if work.pots_to_give_up {
        return Next::GiveUpThePots;
    }
    let known = &work.state;
    let Some(stage) = known.stage.filter(|stage| stage.is_in_force()) else { return Next::Nothing };
    if look_again {
        return Next::LookAtTheAge;
    }
    let of_age = known.comes_of_age_at;
    let silence = known.answer_by.zip(stage.by_silence());
    match (of_age.filter(|at| *at <= now), silence.filter(|(by, _)| *by <= now)) {
        (Some(of_age), Some((by, end))) => {
            return if of_age <= by { Next::LookAtTheAge } else { Next::LetEnd(end) };
        }
        (Some(_), None) => return Next::LookAtTheAge,
        (None, Some((_, end))) => return Next::LetEnd(end),
        (None, None) => {}
    }
    if stage == ConsentStage::Given && known.case_opened.is_none() {
        return Next::OpenTheCase;
    }
    let reminder = reminder(work, rules, stage);
    if reminder.is_some_and(|at| at <= now) {
        return Next::Remind;
    }
    let until = [of_age, silence.map(|(by, _)| by), reminder].into_iter().flatten().min();
    Next::Wait { until, why: waits_for(stage) }
}

/// When the guardian is reminded next. Without the link there is nothing to remind of.
fn reminder(work: &Carried, rules: &ConsentRules, stage: ConsentStage) -> Option<DateTime<Utc>> {
    let requested_at = work.requested_at.filter(|_| stage == ConsentStage::Requested)?;
    work.link.as_ref()?;
    rules.reminder(requested_at, work.state.reminders_sent)
}

const fn waits_for(stage: ConsentStage) -> &'static str {
    match stage {
        ConsentStage::Requested => "the guardian's answer",
        ConsentStage::Withdrawn => "the guardian to come back",
        _ => "the minor to come of age",
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use wolo_domain::notices::Says;

    use super::*;
    use crate::guardian_consent::ConsentState;
    use crate::steps::notices::Message;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    /// Asked for on day 0, of somebody who comes of age on day 100.
    fn at(stage: ConsentStage, answer_by: Option<i64>) -> Carried {
        let known = ConsentState {
            stage: Some(stage),
            answer_by: answer_by.map(day),
            comes_of_age_at: Some(day(100)),
            case_opened: Some(false),
            ..ConsentState::default()
        };
        let link = Some("https://wolo.example/c/x".to_owned());
        Carried { state: known, link, requested_at: Some(day(0)), ..Carried::default() }
    }

    fn of(work: &Carried, now: i64) -> Next {
        next(work, &ConsentRules::default(), false, day(now))
    }

    fn waits(until: i64, why: &'static str) -> Next {
        Next::Wait { until: Some(day(until)), why }
    }

    #[test]
    fn a_request_is_reminded_of_twice_and_lapses() {
        let mut work = at(ConsentStage::Requested, Some(14));
        assert_eq!(of(&work, 0), waits(2, "the guardian's answer"));
        assert_eq!(of(&work, 2), Next::Remind);
        work.state.reminders_sent = 1;
        assert_eq!(of(&work, 2), waits(5, "the guardian's answer"));
        work.state.reminders_sent = 2;
        assert_eq!(of(&work, 5), waits(14, "the guardian's answer"));
        assert_eq!(of(&work, 14), Next::LetEnd(ConsentEnd::Lapsed));
        work.state.reminders_sent = 0;
        assert_eq!(of(&work, 20), Next::LetEnd(ConsentEnd::Lapsed), "nobody is reminded of what they missed");
        work.link = None;
        assert_eq!(of(&work, 2), waits(14, "the guardian's answer"), "there is nothing to open");
    }

    #[test]
    fn what_was_given_stands_until_the_minor_comes_of_age() {
        let mut work = at(ConsentStage::Given, None);
        assert_eq!(of(&work, 50), waits(100, "the minor to come of age"));
        assert_eq!(of(&work, 100), Next::LookAtTheAge);
        assert_eq!(next(&work, &ConsentRules::default(), true, day(50)), Next::LookAtTheAge);
        work.state.case_opened = None;
        assert_eq!(of(&work, 50), Next::OpenTheCase);
        assert_eq!(of(&work, 100), Next::LookAtTheAge, "nobody has to be looked at any more");
    }

    #[test]
    fn what_was_withdrawn_ends_unless_the_minor_comes_of_age_first() {
        let work = at(ConsentStage::Withdrawn, Some(90));
        assert_eq!(of(&work, 80), waits(90, "the guardian to come back"));
        assert_eq!(of(&work, 90), Next::LetEnd(ConsentEnd::Ended));
        assert_eq!(of(&work, 110), Next::LetEnd(ConsentEnd::Ended), "that was first");
        let work = at(ConsentStage::Withdrawn, Some(105));
        assert_eq!(of(&work, 90), waits(100, "the guardian to come back"));
        assert_eq!(of(&work, 110), Next::LookAtTheAge, "that was first");
        let work = at(ConsentStage::Withdrawn, Some(100));
        assert_eq!(of(&work, 100), Next::LookAtTheAge);
    }

    #[test]
    fn people_are_told_and_pots_given_up_before_anything_is_over() {
        let mut work = at(ConsentStage::Ended, None);
        assert_eq!(of(&work, 20), Next::Nothing);
        work.pots_to_give_up = true;
        assert_eq!(of(&work, 20), Next::GiveUpThePots);
        let says = Says::ConsentRefused { name: "Awa".to_owned() };
        work.to_tell = vec![Message::new("event".to_owned(), "somebody".to_owned(), says)];
        assert_eq!(of(&work, 20), Next::Tell);
        assert_eq!(of(&Carried::default(), 0), Next::Nothing, "nobody was asked");
    }
}
