//! The case after one that was rejected, and what is said of consents and cases whose process has done nothing.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use wolo_database::audit::Doer;
use wolo_database::identities::{self, NewNext, NextCase};
use wolo_database::{consents, pots};
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::identities::{CaseEnd, CaseStage, IdentityRules, Reason};
use wolo_domain::ids::{CaseId, ConsentId, UserId};
use wolo_domain::punctuality::{DueFor, DueStep, LateStep};

use crate::consents::days;
use crate::punctuality::RULES;
use crate::scene::{Scene, noon};

impl Scene {
    async fn next(&self, minor: UserId, consent: ConsentId, at: DateTime<Utc>) -> NextCase {
        let new = NewNext { consent, subject: minor, rules: IdentityRules::default(), at };
        identities::open_next(&self.pool, &new, None).await.expect("an answer")
    }

    async fn is_rejected(&self, case: CaseId, at: DateTime<Utc>) {
        let end = CaseEnd::NothingCame;
        let destroy_at = IdentityRules::default().destroys_after(end, at);
        identities::end(&self.pool, case, end, destroy_at, at).await.expect("an answer");
    }

    async fn late_consents(&self, at: DateTime<Utc>) -> Vec<LateStep> {
        let late = consents::late(&self.pool, at, RULES, 10).await.expect("a look");
        assert_eq!(late.total, u64::try_from(late.steps.len()).expect("a number"));
        late.steps
    }
}

fn opened(number: u32, reasons: &[Reason]) -> NextCase {
    NextCase::Opened { number, reasons: reasons.to_vec() }
}

fn of(what: DueStep, consent: ConsentId, since: DateTime<Utc>) -> LateStep {
    LateStep { what, about: DueFor::Consent(consent), since }
}

#[tokio::test]
async fn the_next_case_follows_a_rejection_once_and_three_times_a_year() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.requested_consent(minor).await;
    let requested = NextCase::NotGiven { stage: ConsentStage::Requested };
    assert_eq!(scene.next(minor, consent, noon()).await, requested);
    assert_eq!(scene.next(scene.child().await, consent, noon()).await, NextCase::OtherConsent);
    scene.give(minor, consent, days(1)).await;
    let case = |number| CaseId::of_consent(consent, number);
    assert_eq!(scene.next(minor, consent, days(1)).await, opened(1, &[]));
    assert_eq!(scene.next(minor, consent, days(1)).await, opened(1, &[]), "the same wish");
    let stands = NextCase::Stands { number: 1, case: case(1), stage: CaseStage::Opened };
    assert_eq!(scene.next(minor, consent, days(2)).await, stands);

    scene.is_rejected(case(1), days(3)).await;
    let standing = consents::standing(&scene.pool, minor).await.expect("a look").expect("a consent");
    assert_eq!(standing.case, 1, "nobody has asked for another");
    let wishes = (0..4).map(|second| scene.next(minor, consent, days(4) + TimeDelta::seconds(second)));
    let answers = join_all(wishes).await;
    let news = answers.iter().filter(|answer| **answer == opened(2, &[Reason::NothingCame])).count();
    let stood = NextCase::Stands { number: 2, case: case(2), stage: CaseStage::Opened };
    assert_eq!((news, answers.iter().filter(|answer| **answer == stood).count()), (1, 3), "{answers:?}");
    let standing = consents::standing(&scene.pool, minor).await.expect("a look").expect("a consent");
    assert_eq!(standing.case, 2);

    scene.is_rejected(case(2), days(5)).await;
    assert_eq!(scene.next(minor, consent, days(6)).await, opened(3, &[Reason::NothingCame]));
    scene.is_rejected(case(3), days(7)).await;
    assert_eq!(scene.next(minor, consent, days(8)).await, NextCase::TooMany { until: days(1 + 365) });
    let new = NewNext { consent, subject: minor, rules: IdentityRules::default(), at: days(9) };
    let by = Doer::new("operator:fatou", "the papers were the right ones");
    let by_hand = identities::open_next(&scene.pool, &new, Some(by)).await.expect("an answer");
    assert_eq!(by_hand, opened(4, &[Reason::NothingCame]));
    let who: Vec<String> = scene
        .read(
            "select coalesce(array_agg(payload ->> 'by' order by outbox_id), '{}') from ops.outbox
             where topic = 'audit' and payload #>> '{happening,action}' = 'case_opened'",
        )
        .await;
    assert_eq!((who.len(), who.last().map(String::as_str)), (4, Some("operator:fatou")));
}

#[tokio::test]
async fn a_case_that_approved_another_birth_date_makes_way_though_its_process_was_begun_again() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.given_consent(minor).await;
    assert_eq!(scene.next(minor, consent, days(1)).await, opened(1, &[]));
    scene
        .force(&format!(
            "update minors.cases set stage = 'approved', round = 1, submitted_at = opened_at, decided_at = opened_at,
                    destroy_at = opened_at, approved_birth_date = (select birth_date from people.users where user_id = subject_id)
             where case_id = '{}'",
            CaseId::of_consent(consent, 1).uuid()
        ))
        .await;
    let number = async || {
        let standing = consents::standing(&scene.pool, minor).await.expect("a look");
        standing.expect("a consent").case
    };
    assert_eq!(number().await, 1);
    let stands =
        NextCase::Stands { number: 1, case: CaseId::of_consent(consent, 1), stage: CaseStage::Approved };
    assert_eq!(scene.next(minor, consent, days(2)).await, stands);
    scene
        .force(&format!(
            "update people.users set birth_date = birth_date + 1 where user_id = '{}'",
            minor.uuid()
        ))
        .await;
    assert_eq!(number().await, 2);
    assert_eq!(scene.next(minor, consent, days(2)).await, opened(2, &[]));
}

#[tokio::test]
async fn consents_that_nobody_has_ended_in_time_are_late() {
    let scene = Scene::new().await;
    let (silent, withdrawn) = (scene.child().await, scene.child().await);
    let (asked, back) = (scene.requested_consent(silent).await, scene.given_consent(withdrawn).await);
    scene.withdraw(withdrawn, back, days(2)).await;
    assert_eq!(scene.late_consents(days(14)).await, []);
    let late = [of(DueStep::Silence, asked, days(14)), of(DueStep::Withdrawal, back, days(16))];
    assert_eq!(scene.late_consents(days(17)).await, late);
    assert_eq!(scene.late_consents(days(15)).await, late[..1]);
    let mut in_force = consents::minors_with_process(&scene.pool).await.expect("a look");
    in_force.sort_unstable();
    let mut both = [silent, withdrawn];
    both.sort_unstable();
    assert_eq!(in_force, both);
    scene.end_consent(silent, asked, ConsentEnd::Lapsed).await;
    scene.end_consent(withdrawn, back, ConsentEnd::Ended).await;
    assert_eq!(scene.late_consents(days(30)).await, []);
    assert_eq!(consents::minors_with_process(&scene.pool).await.expect("a look"), []);
}

#[tokio::test]
async fn pots_that_were_not_given_up_after_a_consents_end_are_late_and_those_of_a_later_day_are_not() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.given_consent(minor).await;
    let pot = scene.pot_of(minor).await;
    scene
        .force(&format!("update pots.pots set created_at = '{}' where pot_id = '{}'", noon(), pot.uuid()))
        .await;
    scene.withdraw(minor, consent, days(2)).await;
    scene.end_consent(minor, consent, ConsentEnd::Ended).await;
    assert_eq!(scene.late_consents(days(20)).await, []);
    assert_eq!(scene.late_consents(days(21)).await, [of(DueStep::GivingUp, consent, days(20))]);
    scene
        .force(&format!("update pots.pots set created_at = '{}' where pot_id = '{}'", days(21), pot.uuid()))
        .await;
    assert_eq!(scene.late_consents(days(22)).await, [], "it waits for another guardian");
    scene
        .force(&format!("update pots.pots set created_at = '{}' where pot_id = '{}'", noon(), pot.uuid()))
        .await;
    pots::cancel(&scene.pool, pot, days(22)).await.expect("given up");
    assert_eq!(scene.late_consents(days(23)).await, []);
}

#[tokio::test]
async fn whoever_came_of_age_and_was_handed_nothing_is_late_and_a_leap_day_ends_with_february() {
    let scene = Scene::new().await;
    for (born, of_age) in [
        ("2009-03-20", "2027-03-20T00:00:00Z"),
        ("2008-02-29", "2026-03-01T00:00:00Z"),
        ("2010-03-01", "2028-03-01T00:00:00Z"),
    ] {
        let minor = scene.child().await;
        let consent = scene.given_consent(minor).await;
        scene
            .force(&format!(
                "update people.users set birth_date = '{born}' where user_id = '{}'",
                minor.uuid()
            ))
            .await;
        let of_age: DateTime<Utc> = of_age.parse().expect("an instant");
        let hour = TimeDelta::hours(1);
        assert_eq!(scene.late_consents(of_age + hour).await, [], "{born}");
        let late = [of(DueStep::HandOver, consent, of_age)];
        assert_eq!(scene.late_consents(of_age + hour + hour).await, late, "{born}");
        scene
            .force(&format!(
                "update minors.consents set stage = 'handed_over' where consent_id = '{}'",
                consent.uuid()
            ))
            .await;
    }
}

#[tokio::test]
async fn a_case_of_which_reviewers_were_not_told_is_late_and_all_that_is_late_is_told_together() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let late = async |at| identities::late(&scene.pool, at, RULES, 10).await.expect("a look");
    assert!(late(days(100)).await.is_empty(), "documents are collected");
    let sql = format!(
        "update minors.cases set stage = 'submitted', round = 1, submitted_at = since where case_id = '{}'",
        matter.case.uuid()
    );
    scene.force(&sql).await;
    let of = |since| LateStep { what: DueStep::Escalation, about: DueFor::Case(matter.case), since };
    assert!(late(days(2)).await.is_empty());
    assert_eq!(late(days(3)).await.steps, [of(days(2))]);
    let told = format!(
        "update minors.cases set escalations = 1, escalated_at = since where case_id = '{}'",
        matter.case.uuid()
    );
    scene.force(&told).await;
    assert!(late(days(4)).await.is_empty());
    let all = wolo_database::punctuality::late(&scene.pool, days(5), RULES, 100).await.expect("a look");
    assert!(all.steps.contains(&of(days(4))), "{all:?}");
}
