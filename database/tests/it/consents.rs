//! Guardians' consents: asked for, given, taken back, ended and no longer needed, and what that makes of a minor's pots.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use wolo_database::consents::{
    self, Asking, Ending, Giving, HandingOver, NewConsent, NewGiving, Standing, Withdrawing,
};
use wolo_database::{clearance, pots};
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentEnd, ConsentRules, ConsentStage, ConsentText, Guardian, Guardianship,
    Proof, Purpose, Shown, token_hash,
};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotStage};

use crate::scene::{Scene, key, new_pot, noon, settings, unique};

/// A child of twelve, at the process's time.
const CHILD: &str = "2019-03-20";
/// Somebody who comes of age some days after that.
const ALMOST: &str = "2013-03-20";

pub(crate) fn rules() -> ConsentRules {
    ConsentRules::default()
}

pub(crate) fn days(days: i64) -> DateTime<Utc> {
    noon() + TimeDelta::days(days)
}

pub(crate) fn guardian() -> Guardian {
    Guardian {
        name: "Fatou Ndiaye".to_owned(),
        phone: format!("+22176{:07}", unique()).parse().expect("a number"),
        email: Some("fatou@example.sn".parse().expect("an address")),
        is: Guardianship::Mother,
        language: Language::French,
    }
}

pub(crate) fn of(minor: UserId, guardian: Guardian) -> NewConsent {
    let id = ConsentId::from_uuid(Uuid::now_v7());
    NewConsent { id, minor, guardian, token_hash: token_hash(&id.to_string()) }
}

fn agreement() -> Agreement {
    proved(Proof::CodeByWhatsApp)
}

pub(crate) fn proved(proof: Proof) -> Agreement {
    Agreement {
        shown: Shown::of(&ConsentText::current(Language::French)),
        purposes: Purpose::ALL.to_vec(),
        proof,
        address: AddressClass::Ipv4,
    }
}

pub(crate) fn yes(minor: UserId, consent: ConsentId) -> NewGiving {
    let born = BirthDate::new("1985-01-01".parse().expect("a day"));
    NewGiving { minor, consent, agreement: agreement(), born }
}

pub(crate) fn given(giving: &Giving) -> bool {
    matches!(giving, Giving::Given { .. })
}

impl Scene {
    pub(crate) async fn child(&self) -> UserId {
        self.person_born(CHILD).await.id
    }

    pub(crate) async fn ask(&self, new: &NewConsent, at: DateTime<Utc>) -> Asking {
        consents::ask(&self.pool, new, &rules(), at).await.expect("an answer")
    }

    /// A consent that somebody waits for an answer to, asked for at noon.
    pub(crate) async fn requested_consent(&self, minor: UserId) -> ConsentId {
        let new = of(minor, guardian());
        assert!(matches!(self.ask(&new, noon()).await, Asking::Asked(_)));
        new.id
    }

    pub(crate) async fn give(&self, minor: UserId, consent: ConsentId, at: DateTime<Utc>) -> Giving {
        consents::give(&self.pool, &yes(minor, consent), at).await.expect("an answer")
    }

    pub(crate) async fn given_consent(&self, minor: UserId) -> ConsentId {
        let consent = self.requested_consent(minor).await;
        assert!(given(&self.give(minor, consent, days(1)).await));
        consent
    }

    pub(crate) async fn withdraw(&self, minor: UserId, consent: ConsentId, at: DateTime<Utc>) -> Withdrawing {
        consents::withdraw(&self.pool, minor, consent, &rules(), at).await.expect("an answer")
    }

    pub(crate) async fn end_consent(&self, minor: UserId, consent: ConsentId, end: ConsentEnd) -> Ending {
        consents::end(&self.pool, minor, consent, end, days(20)).await.expect("an answer")
    }

    pub(crate) async fn consent_is(&self, consent: ConsentId) -> ConsentStage {
        consents::consent(&self.pool, consent).await.expect("a look").expect("a consent").stage
    }

    pub(crate) async fn history(&self, consent: ConsentId) -> Vec<ConsentStage> {
        let events = consents::events(&self.pool, consent).await.expect("a look");
        events.into_iter().map(|event| event.stage).collect()
    }

    pub(crate) async fn pot_of(&self, minor: UserId) -> PotId {
        let owner = wolo_database::people::user(&self.pool, minor).await.expect("a look").expect("a person");
        let new = new_pot(&owner, settings());
        pots::schedule(&self.pool, &new).await.expect("a pot");
        new.id
    }

    pub(crate) async fn is_held(&self, pot: PotId) -> bool {
        let pot = pots::pot(&self.pool, pot).await.expect("a look").expect("a pot");
        pot.holds.iter().any(|hold| hold.reason == HoldReason::Consent)
    }

    /// As if the identities were approved and the hold let go.
    pub(crate) async fn let_go(&self, pot: PotId) {
        self.force(&format!(
            "update pots.holds set released_at = since where pot_id = '{}' and released_at is null",
            pot.uuid()
        ))
        .await;
        assert!(!self.is_held(pot).await);
    }

    async fn lines_of(&self, action: &str) -> i64 {
        self.read(&format!(
            "select count(*) from ops.outbox where topic = 'audit' and payload -> 'happening' ->> 'action' = '{action}'"
        ))
        .await
    }
}

#[tokio::test]
async fn whoever_asks_twice_with_one_name_asks_once() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let new = of(minor, guardian());
    let Asking::Asked(first) = scene.ask(&new, noon()).await else { panic!("not asked") };
    let Asking::AlreadyAsked(again) = scene.ask(&new, days(1)).await else { panic!("asked again") };
    assert!(first == again);
    let Standing { consent, stage, requested_at, answer_by, guardian, minor_name, minor_born, case } = first;
    assert_eq!((consent, stage, case), (new.id, ConsentStage::Requested, 1));
    assert_eq!((requested_at, answer_by), (noon(), Some(days(14))));
    assert!(guardian == new.guardian);
    assert_eq!((minor_name.as_str(), minor_born.day().to_string().as_str()), ("Awa", CHILD));
    assert_eq!(scene.history(new.id).await, [ConsentStage::Requested]);
    let known = consents::standing(&scene.pool, minor).await.expect("a look");
    assert!(known == Some(again));
}

#[tokio::test]
async fn a_request_under_anothers_name_or_secret_or_of_nobody_is_answered_and_not_kept() {
    let scene = Scene::new().await;
    let (minor, other) = (scene.child().await, scene.child().await);
    let new = of(minor, guardian());
    assert!(matches!(scene.ask(&new, noon()).await, Asking::Asked(_)));
    let same_name = NewConsent { minor: other, ..new.clone() };
    let same_secret = NewConsent { id: ConsentId::from_uuid(Uuid::now_v7()), ..same_name.clone() };
    for unfit in [same_name, same_secret] {
        assert_eq!(scene.ask(&unfit, noon()).await, Asking::Unfit);
    }
    for name in [String::new(), "Fatou\0".to_owned(), "é".repeat(201)] {
        let nobody = of(other, Guardian { name, ..guardian() });
        assert_eq!(scene.ask(&nobody, noon()).await, Asking::Unfit);
    }
    assert_eq!(consents::of_minor(&scene.pool, other).await.expect("a look"), []);
}

#[tokio::test]
async fn whom_a_minor_names_second_is_asked_instead_of_the_first_and_a_fourth_waits() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let first = scene.requested_consent(minor).await;
    let second = of(minor, guardian());
    assert!(matches!(scene.ask(&second, days(1)).await, Asking::Asked(_)));
    assert_eq!(scene.consent_is(first).await, ConsentStage::Superseded);
    assert_eq!(scene.history(first).await, [ConsentStage::Requested, ConsentStage::Superseded]);
    assert_eq!(scene.give(minor, first, days(2)).await, Giving::Over { stage: ConsentStage::Superseded });
    assert!(matches!(scene.ask(&of(minor, guardian()), days(2)).await, Asking::Asked(_)));
    let fourth = of(minor, guardian());
    assert_eq!(scene.ask(&fourth, days(3)).await, Asking::TooMany { until: days(30) });
    assert_eq!(scene.ask(&fourth, days(29)).await, Asking::TooMany { until: days(30) });
    assert!(matches!(scene.ask(&fourth, days(30)).await, Asking::Asked(_)));
    let named = consents::of_minor(&scene.pool, minor).await.expect("a look");
    let stages: Vec<_> = named.iter().map(|one| one.stage).collect();
    let superseded = ConsentStage::Superseded;
    assert_eq!(stages, [ConsentStage::Requested, superseded, superseded, superseded]);
}

#[tokio::test]
async fn nobody_can_be_named_who_is_the_minor_or_another_minor_and_no_adult_names_anybody() {
    let scene = Scene::new().await;
    let child = scene.person_born(CHILD).await;
    scene.force("update people.users set email = 'awa.ndiaye@gmail.com'").await;
    let with = |change: &dyn Fn(&mut Guardian)| {
        let mut guardian = guardian();
        change(&mut guardian);
        of(child.id, guardian)
    };
    let own = child.phone.clone().expect("a phone");
    let new = with(&|guardian| guardian.phone = own.clone());
    assert_eq!(scene.ask(&new, noon()).await, Asking::OwnPhone);
    let new = with(&|guardian| guardian.email = "awandiaye+papa@googlemail.com".parse().ok());
    assert_eq!(scene.ask(&new, noon()).await, Asking::OwnMailbox);
    let other = scene.person_born(CHILD).await.phone.expect("a phone");
    let new = with(&|guardian| guardian.phone = other.clone());
    assert_eq!(scene.ask(&new, noon()).await, Asking::GuardianIsMinor);
    let adult = scene.person().await;
    let phone = adult.phone.clone().expect("a phone");
    let new = with(&|guardian| guardian.phone = phone.clone());
    assert!(matches!(scene.ask(&new, noon()).await, Asking::Asked(_)), "an adult with an account may");
    assert_eq!(scene.ask(&of(adult.id, guardian()), noon()).await, Asking::NotAMinor);
    let nobody = UserId::from_uuid(Uuid::now_v7());
    assert_eq!(scene.ask(&of(nobody, guardian()), noon()).await, Asking::PersonUnknown);
}

#[tokio::test]
async fn what_is_given_twice_is_given_once_with_all_that_was_agreed_to() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.requested_consent(minor).await;
    for _ in 0..2 {
        // The engine's clock is finer than the database's.
        let giving = scene.give(minor, consent, days(1) + TimeDelta::nanoseconds(1)).await;
        assert_eq!(giving, Giving::Given { pots: vec![], minors_of_guardian: 1 });
    }
    assert_eq!(scene.give(minor, consent, days(2)).await, Giving::AlreadyGiven { same: true });
    let mut other = yes(minor, consent);
    other.agreement.shown = Shown::of(&ConsentText::current(Language::English));
    let giving = consents::give(&scene.pool, &other, days(2)).await.expect("an answer");
    assert_eq!(giving, Giving::AlreadyGiven { same: false });
    let events = consents::events(&scene.pool, consent).await.expect("a look");
    assert_eq!(scene.history(consent).await, [ConsentStage::Requested, ConsentStage::Given]);
    assert_eq!(events[1].agreed, Some(agreement()));
    assert_eq!((events[0].agreed.clone(), events[1].at), (None, days(1)));
    assert_eq!(scene.lines_of("consent_given").await, 1);
    let by: String = scene
        .read("select payload ->> 'by' from ops.outbox where topic = 'audit' order by created_at limit 1")
        .await;
    assert_eq!(by, format!("guardian:{consent}"));
    assert_eq!(scene.ask(&of(minor, guardian()), days(3)).await, Asking::AlreadyGiven);
}

#[tokio::test]
async fn a_yes_of_a_minor_to_other_words_to_half_of_it_or_to_another_consent_is_none() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.requested_consent(minor).await;
    let give = async |change: &dyn Fn(&mut NewGiving)| {
        let mut new = yes(minor, consent);
        change(&mut new);
        consents::give(&scene.pool, &new, days(1)).await.expect("an answer")
    };
    let seventeen = BirthDate::new("2013-03-03".parse().expect("a day"));
    assert_eq!(give(&|new| new.born = seventeen).await, Giving::GuardianIsMinor);
    assert_eq!(give(&|new| new.agreement.shown.hash = "0".repeat(64)).await, Giving::UnknownText);
    assert_eq!(give(&|new| new.agreement.purposes = vec![Purpose::Pot]).await, Giving::TooLittle);
    let other = scene.child().await;
    assert_eq!(give(&|new| new.minor = other).await, Giving::OtherConsent);
    let unknown = ConsentId::from_uuid(Uuid::now_v7());
    assert_eq!(give(&|new| new.consent = unknown).await, Giving::OtherConsent);
    let late = consents::give(&scene.pool, &yes(minor, consent), days(14)).await.expect("an answer");
    assert_eq!(late, Giving::Over { stage: ConsentStage::Lapsed });
    // The minor has taken the guardian's number for their own account meanwhile.
    let takes = "update people.users set phone = (select phone from minors.guardians) where user_id = ";
    scene.force(&format!("{takes} '{}'", minor.uuid())).await;
    assert_eq!(give(&|_| {}).await, Giving::GuardianIsMinor);
    assert_eq!(scene.history(consent).await, [ConsentStage::Requested], "nothing of it was written");
    assert_eq!(scene.lines_of("consent_given").await, 0);
}

#[tokio::test]
async fn a_withdrawal_holds_every_pot_at_once_and_is_agreed_with() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let pot = scene.pot_of(minor).await;
    assert!(scene.is_held(pot).await, "it is born so");
    let consent = scene.given_consent(minor).await;
    assert!(scene.is_held(pot).await, "nobody's identity is approved");
    scene.let_go(pot).await;
    for _ in 0..2 {
        let withdrawn = scene.withdraw(minor, consent, days(3)).await;
        assert_eq!(withdrawn, Withdrawing::Withdrawn { return_by: days(17), pots: vec![pot] });
        assert!(scene.is_held(pot).await);
    }
    assert_eq!(scene.lines_of("consent_withdrawn").await, 1);
    let other = scene.child().await;
    assert_eq!(scene.withdraw(other, consent, days(3)).await, Withdrawing::OtherConsent);
    let requested = scene.requested_consent(other).await;
    let not_given = Withdrawing::NotGiven { stage: ConsentStage::Requested };
    assert_eq!(scene.withdraw(other, requested, days(3)).await, not_given);
}

#[tokio::test]
async fn a_hold_that_was_lifted_at_this_very_instant_hides_no_other() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let pot = scene.pot_of(minor).await;
    let consent = scene.given_consent(minor).await;
    scene.let_go(pot).await;
    scene.withdraw(minor, consent, days(3)).await;
    scene.let_go(pot).await;
    assert!(given(&scene.give(minor, consent, days(3)).await));
    scene.withdraw(minor, consent, days(3)).await;
    assert!(scene.is_held(pot).await);
}

#[tokio::test]
async fn the_same_guardian_may_come_back_in_time_and_then_it_is_over() {
    use ConsentStage::{Ended, Given, Requested, Withdrawn};

    let scene = Scene::new().await;
    let minor = scene.child().await;
    let consent = scene.given_consent(minor).await;
    scene.withdraw(minor, consent, days(2)).await;
    assert_eq!(scene.ask(&of(minor, guardian()), days(3)).await, Asking::AlreadyGiven, "nobody else may");
    assert!(given(&scene.give(minor, consent, days(3)).await));
    scene.withdraw(minor, consent, days(4)).await;
    assert_eq!(scene.give(minor, consent, days(18)).await, Giving::Over { stage: ConsentStage::Ended });
    for _ in 0..2 {
        let over = Ending::Over { stage: ConsentStage::Ended, pots: vec![] };
        assert_eq!(scene.end_consent(minor, consent, ConsentEnd::Ended).await, over);
    }
    assert_eq!(scene.history(consent).await, [Requested, Given, Withdrawn, Given, Withdrawn, Ended]);
    assert_eq!(scene.lines_of("consent_ended").await, 1);
    assert!(matches!(scene.ask(&of(minor, guardian()), days(21)).await, Asking::Asked(_)), "anew");
}

#[tokio::test]
async fn a_refusal_and_silence_end_a_request_and_no_more() {
    let scene = Scene::new().await;
    for (end, stage) in
        [(ConsentEnd::Refused, ConsentStage::Refused), (ConsentEnd::Lapsed, ConsentStage::Lapsed)]
    {
        let minor = scene.child().await;
        let consent = scene.requested_consent(minor).await;
        let in_force = Ending::InForce { stage: ConsentStage::Requested };
        assert_eq!(scene.end_consent(minor, consent, ConsentEnd::Ended).await, in_force);
        for end in [end, end, ConsentEnd::Lapsed] {
            let over = Ending::Over { stage, pots: vec![] };
            assert_eq!(scene.end_consent(minor, consent, end).await, over);
        }
        assert_eq!(scene.give(minor, consent, days(21)).await, Giving::Over { stage });
        let given = scene.child().await;
        let stands = scene.given_consent(given).await;
        let in_force = Ending::InForce { stage: ConsentStage::Given };
        assert_eq!(scene.end_consent(given, stands, end).await, in_force);
        assert_eq!(scene.end_consent(given, consent, end).await, Ending::OtherConsent);
    }
    assert_eq!(scene.lines_of("consent_refused").await, 2);
}

#[tokio::test]
async fn at_eighteen_a_pot_is_its_owners_own_and_not_a_day_before() {
    let scene = Scene::new().await;
    let minor = scene.person_born(ALMOST).await.id;
    let pot = scene.pot_of(minor).await;
    assert!(scene.is_held(pot).await);
    let consent = scene.requested_consent(minor).await;
    let look = async |at: &str| {
        let at = at.parse().expect("an instant");
        consents::hand_over(&scene.pool, consent, at).await.expect("an answer")
    };
    let born = BirthDate::new(ALMOST.parse().expect("a day"));
    assert_eq!(look("2031-03-19T23:59:59Z").await, HandingOver::StillMinor { born, case: 1 });
    assert!(scene.is_held(pot).await);
    for _ in 0..2 {
        let HandingOver::HandedOver { pots } = look("2031-03-20T00:00:00Z").await else { panic!("kept") };
        assert_eq!(pots.iter().map(|handed| handed.pot).collect::<Vec<_>>(), [pot]);
        assert!(!scene.is_held(pot).await);
    }
    assert_eq!(scene.consent_is(consent).await, ConsentStage::HandedOver);
    assert_eq!(scene.lines_of("consent_handed_over").await, 1);
    let over = scene.requested_consent(scene.child().await).await;
    scene
        .force(&format!(
            "update minors.consents set stage = 'lapsed', answer_by = null where consent_id = '{}'",
            over.uuid()
        ))
        .await;
    let answer = consents::hand_over(&scene.pool, over, noon()).await.expect("an answer");
    assert_eq!(answer, HandingOver::Over { stage: ConsentStage::Lapsed });
}

#[tokio::test]
async fn from_the_first_moment_of_that_day_a_guardian_has_no_say() {
    let scene = Scene::new().await;
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    let (before, after) = (at("2031-03-19T23:59:59Z"), at("2031-03-20T00:00:00Z"));
    let long = ConsentRules { answer_days: 90, ..rules() };
    let almost = async || {
        let minor = scene.person_born(ALMOST).await.id;
        let new = of(minor, guardian());
        consents::ask(&scene.pool, &new, &long, noon()).await.expect("an answer");
        (minor, new.id)
    };
    let refuse = async |minor, consent, at| {
        consents::end(&scene.pool, minor, consent, ConsentEnd::Refused, at).await.expect("an answer")
    };
    let (minor, consent) = almost().await;
    let pot = scene.pot_of(minor).await;
    assert_eq!(scene.give(minor, consent, after).await, Giving::Over { stage: ConsentStage::HandedOver });
    let requested = Ending::InForce { stage: ConsentStage::Requested };
    assert_eq!(refuse(minor, consent, after).await, requested);
    assert!(given(&scene.give(minor, consent, before).await));
    let handed_over = Withdrawing::NotGiven { stage: ConsentStage::HandedOver };
    assert_eq!(scene.withdraw(minor, consent, after).await, handed_over);
    assert!(matches!(scene.withdraw(minor, consent, before).await, Withdrawing::Withdrawn { .. }));
    assert!(scene.is_held(pot).await);
    let (minor, consent) = almost().await;
    assert!(matches!(refuse(minor, consent, before).await, Ending::Over { .. }));
}

#[tokio::test]
async fn a_minors_pots_are_held_whatever_they_wait_for_and_nobody_is_told_of_those_that_have_ended() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let pot = scene.pot_of(minor).await;
    let follow = async |at| {
        let mut tx = scene.pool.begin().await.expect("a transaction");
        let changed = clearance::follow(&mut tx, minor, at).await.expect("an answer");
        tx.commit().await.expect("a commit");
        changed
    };
    assert_eq!(follow(noon()).await, [], "it is held already");
    scene.let_go(pot).await;
    assert_eq!(follow(noon()).await, [pot]);
    assert_eq!(follow(noon()).await, []);
    pots::cancel(&scene.pool, pot, noon()).await.expect("given up");
    let row = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!(row.stage, PotStage::Cancelled);
    assert!(scene.is_held(pot).await, "what ended without consent is nobody's to see");
    scene.let_go(pot).await;
    assert_eq!(follow(noon()).await, []);
    assert!(scene.is_held(pot).await);
}

#[tokio::test]
async fn a_pot_that_waits_for_the_day_needs_nobody_and_one_that_has_opened_before_it_does() {
    let scene = Scene::new().await;
    let almost = scene.person_born(ALMOST).await.id;
    let pot = scene.pot_of(almost).await;
    let follow = async || {
        let mut tx = scene.pool.begin().await.expect("a transaction");
        clearance::follow(&mut tx, almost, noon()).await.expect("a look");
        wolo_database::commit(tx).await.expect("written");
        scene.is_held(pot).await
    };
    let becomes = async |what: &str| {
        scene.force(&format!("update pots.pots set {what} where pot_id = '{}'", pot.uuid())).await;
    };
    becomes("opens_at = '2031-03-21', closes_at = '2031-04-21'").await;
    assert!(!follow().await, "its owner is of age when it opens");
    becomes("stage = 'open', opened_at = '2031-03-01'").await;
    assert!(follow().await, "its owner is not yet");
}

#[tokio::test]
async fn a_pot_that_has_ended_is_hidden_when_consent_is_taken_back_and_shown_when_it_returns() {
    let scene = Scene::new().await;
    let minor = scene.child().await;
    let pot = scene.pot_of(minor).await;
    let consent = scene.given_consent(minor).await;
    scene.force("insert into minors.cases (
                     case_id, subject_id, consent_id, approvals_needed, opened_at, stage, round, since, submitted_at,
                     decided_at, approved_birth_date, destroy_at
                 )
                 select consent_id, minor_id, consent_id, 2, now(), 'approved', 1, now(), now(), now(), birth_date, now()
                 from minors.consents join people.users on user_id = minor_id").await;
    assert_eq!(pots::open(&scene.pool, pot, days(2)).await.expect("an answer"), pots::Opening::Opened);
    pots::close(&scene.pool, pot, days(3)).await.expect("closed");
    pots::settle(&scene.pool, pot, days(3), &key()).await.expect("settled");
    assert!(!scene.is_held(pot).await);
    let Withdrawing::Withdrawn { pots: told, .. } = scene.withdraw(minor, consent, days(4)).await else {
        panic!("not taken")
    };
    assert_eq!(told, [], "its process has ended");
    assert!(scene.is_held(pot).await);
    assert!(given(&scene.give(minor, consent, days(5)).await));
    assert!(!scene.is_held(pot).await);
}
