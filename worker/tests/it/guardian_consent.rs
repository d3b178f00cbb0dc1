//! A guardian's consent: each way in which it ends, and what a minor's pots do meanwhile.

use chrono::{Datelike as _, Days, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_control::consents::{
    AboutConsent, AskAnswer, AskGuardian, ConsentInput, GiveAnswer, GuardianAgrees, RefuseAnswer,
    WithdrawAnswer,
};
use wolo_database::consents;
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentRules, ConsentStage, ConsentText, Guardian, Guardianship, Proof, Purpose,
    Shown,
};
use wolo_domain::contacts::Language;
use wolo_domain::dakar;
use wolo_domain::donations::DonationStage;
use wolo_domain::identities::IdentityRules;
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::notices::{Kind, NoticeRules};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::phones;
use wolo_workflows::guardian_consent::GuardianConsent;
use wolo_workflows::ids;
use wolo_workflows::notice_delivery::NoticePatience;
use wolo_workflows::steps::donations::CheckoutOutcome;

use crate::histories::keep;
use crate::house::{House, LONG, live, until};

/// A minor, and whom they have named last.
pub(crate) struct Asked {
    pub(crate) minor: UserId,
    pub(crate) consent: ConsentId,
    /// Where the request went.
    phone: String,
}

impl Asked {
    pub(crate) fn phone(&self) -> &str {
        &self.phone
    }

    pub(crate) fn process(&self) -> String {
        ids::consent(self.minor)
    }
}

pub(crate) fn input(minor: UserId) -> ConsentInput {
    ConsentInput {
        minor,
        rules: ConsentRules::default(),
        identities: IdentityRules::default(),
        notices: NoticeRules::default(),
        notice_patience: NoticePatience::default(),
        continue_after_events: 2_000,
        link: None,
        carried: None,
    }
}

fn yes(consent: ConsentId) -> GuardianAgrees {
    GuardianAgrees {
        link: None,
        consent,
        agreement: Agreement {
            shown: Shown::of(&ConsentText::current(Language::French)),
            purposes: Purpose::ALL.to_vec(),
            proof: Proof::CodeByWhatsApp,
            address: AddressClass::Ipv4,
        },
        born: BirthDate::new("1980-01-01".parse().expect("a day")),
    }
}

impl House {
    pub(crate) async fn child(&self) -> UserId {
        let born = dakar::day_of(Utc::now()).with_day(1).expect("a day") - Days::new(12 * 365);
        self.person_born(&born.to_string(), 1).await
    }

    /// Somebody who comes of age in so many days.
    async fn almost_adult(&self, days: u64) -> UserId {
        let day = dakar::day_of(Utc::now()) + Days::new(days);
        self.person_born(&day.with_year(day.year() - 18).expect("a day").to_string(), 1).await
    }

    async fn names(&self, minor: UserId) -> (Asked, AskAnswer) {
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let phone = phones::unused();
        let wish = AskGuardian {
            consent,
            guardian: Guardian {
                name: "Fatou Ndiaye".to_owned(),
                phone: phone.parse().expect("a number"),
                email: None,
                is: Guardianship::Mother,
                language: Language::French,
            },
            token: consent.uuid().simple().to_string(),
            link: format!("https://wolo.example/c/{}", consent.uuid().simple()),
        };
        let answer = self.control.ask_guardian(input(minor), wish.clone(), LONG).await.expect("an answer");
        let again = self.control.ask_guardian(input(minor), wish, LONG).await.expect("an answer");
        if let AskAnswer::Asked { .. } = answer {
            assert_eq!(again, AskAnswer::AlreadyAsked);
        }
        (Asked { minor, consent, phone }, answer)
    }

    /// Somebody whom the minor has named and who has been asked.
    pub(crate) async fn asked_by(&self, minor: UserId) -> Asked {
        let (asked, answer) = self.names(minor).await;
        assert!(matches!(answer, AskAnswer::Asked { answer_by: Some(_) }), "{answer:?}");
        asked
    }

    pub(crate) async fn gives(&self, asked: &Asked) -> GiveAnswer {
        let (input, wish) = (input(asked.minor), yes(asked.consent));
        self.control.give_consent(input, wish, LONG).await.expect("an answer")
    }

    pub(crate) async fn given_by(&self, minor: UserId) -> Asked {
        let asked = self.asked_by(minor).await;
        assert_eq!(self.gives(&asked).await, GiveAnswer::Given);
        asked
    }

    async fn refuses(&self, asked: &Asked) -> RefuseAnswer {
        let wish = AboutConsent { consent: asked.consent };
        self.control.refuse_consent(input(asked.minor), wish, LONG).await.expect("an answer")
    }

    pub(crate) async fn withdraws(&self, asked: &Asked) -> WithdrawAnswer {
        let wish = AboutConsent { consent: asked.consent };
        self.control.withdraw_consent(input(asked.minor), wish, LONG).await.expect("an answer")
    }

    pub(crate) async fn consent_ends(&self, asked: &Asked) -> ConsentStage {
        let outcome = self.outcome::<GuardianConsent>(asked.process()).await;
        let row = consents::consent(&self.pool, asked.consent).await.expect("a look").expect("a consent");
        assert_eq!(outcome.stage, Some(row.stage), "the books say the same");
        row.stage
    }

    pub(crate) async fn consent_stands(&self, asked: &Asked, stage: ConsentStage) {
        let known = self.control.consent_state(asked.minor).await.expect("a state");
        assert_eq!((known.consent, known.stage), (Some(asked.consent), Some(stage)));
    }

    pub(crate) async fn both_are_told(&self, asked: &Asked, kind: Kind, times: i64) {
        self.is_told(&asked.consent.to_string(), kind, times).await;
        self.is_told(&asked.minor.to_string(), kind, times).await;
    }

    pub(crate) async fn is_held_for_consent(&self, pot: PotId) -> bool {
        let pot = wolo_database::pots::pot(&self.pool, pot).await.expect("a look").expect("a pot");
        pot.holds.iter().any(|hold| hold.reason == HoldReason::Consent)
    }

    /// Writes another day of birth, as many years later.
    pub(crate) async fn is_younger(&self, person: UserId, years: u32) {
        let sql = format!(
            "update people.users set birth_date = birth_date + interval '{years} years' where user_id = '{}'",
            person.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("a change");
    }
}

#[test]
fn silence_is_reminded_of_twice_and_is_a_refusal_after_two_weeks() {
    live(async |house| {
        let asked = house.asked_by(house.child().await).await;
        let guardian = asked.consent.to_string();
        house.is_told(&guardian, Kind::ConsentRequest, 1).await;
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Lapsed);
        house.is_told(&guardian, Kind::ConsentReminder, 2).await;
        house.both_are_told(&asked, Kind::ConsentRefused, 1).await;
        until("the guardian has all four messages", async || {
            let received = house.world.whatsapp.look(|book| book.messages_to(&asked.phone).count());
            (received == 4).then_some(())
        })
        .await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::Over { stage: ConsentStage::Lapsed });
        // That question has begun a process, which had nothing to do.
        assert_eq!(house.outcome::<GuardianConsent>(asked.process()).await.stage, None);
        keep(house, "consent-asked-too-late", &asked.process()).await;
    });
}

#[test]
fn silence_is_a_refusal() {
    live(async |house| {
        let asked = house.asked_by(house.child().await).await;
        house.is_told(&asked.consent.to_string(), Kind::ConsentRequest, 1).await;
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Lapsed);
        keep(house, "consent-lapsed", &asked.process()).await;
    });
}

#[test]
fn whoever_refuses_has_refused_and_the_minor_may_name_somebody_else() {
    live(async |house| {
        let asked = house.asked_by(house.child().await).await;
        let (other, answer) = house.names(asked.minor).await;
        assert!(matches!(answer, AskAnswer::Asked { .. }));
        let not_given = WithdrawAnswer::NotGiven { stage: ConsentStage::Requested };
        assert_eq!(house.withdraws(&other).await, not_given);
        assert_eq!(house.refuses(&other).await, RefuseAnswer::Refused);
        assert_eq!(house.consent_ends(&other).await, ConsentStage::Refused);
        keep(house, "consent-refused", &other.process()).await;
        house.both_are_told(&other, Kind::ConsentRefused, 1).await;
        assert_eq!(house.refuses(&other).await, RefuseAnswer::Refused, "said again");
        assert_eq!(house.gives(&other).await, GiveAnswer::Over { stage: ConsentStage::Refused });

        let third = house.asked_by(asked.minor).await;
        house.consent_stands(&third, ConsentStage::Requested).await;
        let (_, answer) = house.names(asked.minor).await;
        assert!(matches!(answer, AskAnswer::TooMany { .. }), "{answer:?}");
        assert_eq!(house.refuses(&third).await, RefuseAnswer::Refused);
    });
}

#[test]
fn whom_a_minor_names_second_is_asked_and_the_first_link_is_good_no_more() {
    live(async |house| {
        let first = house.asked_by(house.child().await).await;
        house.is_told(&first.consent.to_string(), Kind::ConsentRequest, 1).await;
        let second = house.asked_by(first.minor).await;
        house.consent_stands(&second, ConsentStage::Requested).await;
        assert_eq!(house.gives(&first).await, GiveAnswer::Over { stage: ConsentStage::Superseded });
        let superseded = RefuseAnswer::NotRequested { stage: ConsentStage::Superseded };
        assert_eq!(house.refuses(&first).await, superseded);
        house.consent_stands(&second, ConsentStage::Requested).await;
        house.is_told(&second.consent.to_string(), Kind::ConsentRequest, 1).await;
        house.forward(&first.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&second).await, ConsentStage::Lapsed);
        assert_eq!(house.told(&first.consent.to_string(), Kind::ConsentReminder).await, 0);
        keep(house, "consent-superseded", &first.process()).await;
    });
}

#[test]
fn what_is_withdrawn_holds_the_pot_at_once_and_gives_every_gift_back_after_two_weeks() {
    live(async |house| {
        // Until identities are approved no minor's pot opens, so this one opens first.
        let pot = house.open_pot().await;
        let gift = house.give(pot, 5_000).await;
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        house.is_younger(row.owner, 28).await;
        let asked = house.asked_by(row.owner).await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::Given);
        house.both_are_told(&asked, Kind::ConsentGranted, 1).await;
        wolo_database::pots::release(&house.pool, pot, HoldReason::Consent, Utc::now())
            .await
            .expect("let go");

        let WithdrawAnswer::Withdrawn { return_by } = house.withdraws(&asked).await else {
            panic!("not taken")
        };
        assert!(house.is_held_for_consent(pot).await, "before it was acknowledged");
        assert_eq!(house.withdraws(&asked).await, WithdrawAnswer::Withdrawn { return_by }, "said again");
        let refused = house.control.open_checkout(house.gift(pot, 1_000), LONG).await.expect("an answer");
        assert!(matches!(refused, CheckoutOutcome::Refused { .. }), "no gift begins");
        house.both_are_told(&asked, Kind::ConsentWithdrawn, 1).await;

        house.set_off(&asked.process(), TimeDelta::days(15));
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        house.stage_is(pot, PotStage::Cancelled).await;
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        keep(house, "consent-withdrawn-and-ended", &asked.process()).await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::Over { stage: ConsentStage::Ended });
    });
}

#[test]
fn whoever_has_withdrawn_may_come_back_and_nobody_else_is_asked_meanwhile() {
    live(async |house| {
        let asked = house.given_by(house.almost_adult(20).await).await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::AlreadyGiven { same: true });
        let (_, answer) = house.names(asked.minor).await;
        assert_eq!(answer, AskAnswer::AlreadyGiven);
        assert!(matches!(house.withdraws(&asked).await, WithdrawAnswer::Withdrawn { .. }));
        let (_, answer) = house.names(asked.minor).await;
        assert_eq!(answer, AskAnswer::AlreadyGiven);
        house.forward(&asked.process(), TimeDelta::days(10)).await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::Given);
        house.consent_stands(&asked, ConsentStage::Given).await;
        house.both_are_told(&asked, Kind::ConsentGranted, 2).await;
        house.forward(&asked.process(), TimeDelta::days(11)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::HandedOver);
        keep(house, "consent-withdrawn-and-returned", &asked.process()).await;
    });
}

#[test]
fn at_eighteen_a_pot_passes_to_its_owner_who_is_told() {
    live(async |house| {
        let minor = house.almost_adult(20).await;
        let pot = house.schedule(house.plan(minor, 20).await).await;
        assert!(house.is_held_for_consent(pot).await);
        let asked = house.given_by(minor).await;
        assert!(house.is_held_for_consent(pot).await, "nobody's identity is approved");
        house.forward(&asked.process(), TimeDelta::days(21)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::HandedOver);
        assert!(!house.is_held_for_consent(pot).await);
        house.is_told(&minor.to_string(), Kind::HandedOver, 1).await;
        let events = consents::events(&house.pool, asked.consent).await.expect("events");
        let at = events.last().expect("an event").at;
        assert_eq!(dakar::day_of(at), dakar::day_of(Utc::now()) + Days::new(20));
        keep(house, "consent-handed-over", &asked.process()).await;
    });
}

#[test]
fn whoever_turns_out_to_be_of_age_is_handed_their_pots_at_once() {
    live(async |house| {
        let asked = house.given_by(house.child().await).await;
        house.control.tell_of_birth_date(asked.minor).await.expect("heard");
        house.consent_stands(&asked, ConsentStage::Given).await;
        let sql = format!(
            "update people.users set birth_date = birth_date - interval '10 years' where user_id = '{}'",
            asked.minor.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&house.pool).await.expect("a change");
        house.control.tell_of_birth_date(asked.minor).await.expect("heard");
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::HandedOver);
        keep(house, "consent-of-age-after-all", &asked.process()).await;
    });
}

#[test]
fn a_withdrawal_is_heard_though_somebody_has_ended_the_process() {
    live(async |house| {
        let asked = house.given_by(house.child().await).await;
        house.terminate(&asked.process()).await;
        assert!(matches!(house.withdraws(&asked).await, WithdrawAnswer::Withdrawn { .. }));
        house.both_are_told(&asked, Kind::ConsentWithdrawn, 1).await;
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        keep(house, "consent-begun-again", &asked.process()).await;
    });
}

#[test]
fn a_long_consent_carries_on_in_a_new_run() {
    live(async |house| {
        let minor = house.child().await;
        let short = ConsentInput { continue_after_events: 12, ..input(minor) };
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let guardian = Guardian {
            name: "Fatou Ndiaye".to_owned(),
            phone: phones::unused().parse().expect("a number"),
            email: Some("fatou@example.sn".parse().expect("an address")),
            is: Guardianship::LegalGuardian,
            language: Language::English,
        };
        let wish = AskGuardian {
            consent,
            guardian,
            token: consent.to_string(),
            link: "https://wolo.example/c/x".to_owned(),
        };
        let answer = house.control.ask_guardian(short, wish, LONG).await.expect("an answer");
        assert!(matches!(answer, AskAnswer::Asked { .. }));
        let asked = Asked { minor, consent, phone: String::new() };
        let first = house.run_of(&asked.process()).await;
        assert_eq!(house.gives(&asked).await, GiveAnswer::Given);
        until("another run goes on", async || (house.run_of(&asked.process()).await != first).then_some(()))
            .await;
        house.consent_stands(&asked, ConsentStage::Given).await;
        house.both_are_told(&asked, Kind::ConsentGranted, 1).await;
        assert!(matches!(house.withdraws(&asked).await, WithdrawAnswer::Withdrawn { .. }));
        assert_eq!(house.gives(&asked).await, GiveAnswer::Given);
        house.both_are_told(&asked, Kind::ConsentGranted, 2).await;
        assert_eq!(house.told(&consent.to_string(), Kind::ConsentRequest).await, 1);
        assert!(matches!(house.withdraws(&asked).await, WithdrawAnswer::Withdrawn { .. }));
        house.forward(&asked.process(), TimeDelta::days(15)).await;
        assert_eq!(house.consent_ends(&asked).await, ConsentStage::Ended);
        keep(house, "consent-carried-on", &asked.process()).await;
    });
}

#[test]
fn who_cannot_name_anybody_is_told_so_and_no_process_stays() {
    live(async |house| {
        let (asked, answer) = house.names(house.person().await).await;
        assert_eq!(answer, AskAnswer::NotAMinor);
        let outcome = house.outcome::<GuardianConsent>(asked.process()).await;
        assert_eq!(outcome.stage, None);
        keep(house, "consent-not-a-minors", &asked.process()).await;
        let nobody = UserId::from_uuid(Uuid::now_v7());
        assert_eq!(house.names(nobody).await.1, AskAnswer::PersonUnknown);
        let unknown = Asked { minor: nobody, consent: asked.consent, phone: String::new() };
        assert_eq!(house.withdraws(&unknown).await, WithdrawAnswer::OtherConsent);
        assert_eq!(house.gives(&unknown).await, GiveAnswer::OtherConsent);
    });
}
