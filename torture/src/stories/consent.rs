//! A guardian's consent, from the asking to the end.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use uuid::Uuid;
use wolo_api::rules;
use wolo_control::AskError;
use wolo_control::consents::{
    AboutConsent, AskAnswer, AskGuardian, BeginCase, BeginCaseAnswer, ConsentInput, GiveAnswer,
    GuardianAgrees, WithdrawAnswer,
};
use wolo_database::consents;
use wolo_database::identities::{self, Case};
use wolo_domain::consents::{
    AddressClass, Agreement, ConsentRules, ConsentStage, ConsentText, Guardian, Guardianship, Proof, Purpose,
    Shown,
};
use wolo_domain::contacts::Language;
use wolo_domain::identities::{CaseStage, IdentityRules};
use wolo_domain::ids::{CaseId, ConsentId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::PotStage;
use wolo_sandbox::phones;

use super::{LONG, Scene};
use crate::stage::comes_about;

/// An answer that takes longer is asked for again.
pub(super) const AN_ANSWER: Duration = Duration::from_secs(8);

impl Scene {
    pub(super) async fn consented(&self) -> Result<()> {
        let minor = self.people.child(&self.stage).await?;
        let pot = self.people.make_pot_of(&self.stage, minor).await?;
        let consent = self.gives_consent(minor).await?;
        let (control, input) = (&self.stage.control, self.consent_of(minor));
        self.ask("look at an age", async || control.tell_of_birth_date(minor).await).await?;
        let second = self.begins_again(minor, consent).await?;
        let about = AboutConsent { consent };
        let withdraw = async || control.withdraw_consent(input.clone(), about, AN_ANSWER).await;
        let answer = self.ask("withdraw consent", withdraw).await?;
        let ended = WithdrawAnswer::NotGiven { stage: ConsentStage::Ended };
        let withdrawn = answer == ended || matches!(answer, WithdrawAnswer::Withdrawn { .. });
        ensure!(withdrawn, "{consent} was not withdrawn: {answer:?}");
        self.has_come_to_nothing(consent).await?;
        self.stage_is(pot.pot, PotStage::Cancelled).await?;
        let is_over = |known: &Case| known.entry.destroyed_at.is_some();
        for case in [CaseId::of_consent(consent, 1), second] {
            self.case_is(case, "over", is_over).await?;
        }
        Ok(())
    }

    /// The first case comes to nothing, and another begins.
    async fn begins_again(&self, minor: UserId, consent: ConsentId) -> Result<CaseId> {
        let (control, input, first) =
            (&self.stage.control, self.consent_of(minor), CaseId::of_consent(consent, 1));
        let rejected = comes_about(LONG, async || {
            // One that has ended hears nothing any more, and one that has not begun does not yet.
            let _ = control.give_up_case(first, AN_ANSWER).await;
            let known = identities::case(&mut *self.stage.pool.acquire().await?, first).await?;
            Ok(known.filter(|known| known.entry.stage == CaseStage::Rejected).map(drop))
        });
        rejected.await.with_context(|| format!("{first} was not given up"))?;
        let wish = BeginCase { consent, link: None, by_hand: None };
        let begin = async || control.begin_case(input.clone(), wish.clone(), AN_ANSWER).await;
        match self.ask("begin another case", begin).await? {
            // Where the answer was lost, it stands already.
            BeginCaseAnswer::Begun { case } | BeginCaseAnswer::Stands { case, stage: CaseStage::Opened } => {
                Ok(case)
            }
            answer => bail!("no other case of {consent} was begun: {answer:?}"),
        }
    }

    /// A guardian is named and agrees.
    pub(super) async fn gives_consent(&self, minor: UserId) -> Result<ConsentId> {
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let (control, input) = (&self.stage.control, self.consent_of(minor));
        let name = async || control.ask_guardian(input.clone(), named(consent)?, AN_ANSWER).await;
        let answer = self.ask("ask a guardian", name).await?;
        ensure!(matches!(answer, AskAnswer::Asked { .. } | AskAnswer::AlreadyAsked), "{consent}: {answer:?}");
        let give = async || control.give_consent(input.clone(), agrees(consent), AN_ANSWER).await;
        let answer = self.ask("give consent", give).await?;
        // Where the answer was lost, it has been given already.
        let given = matches!(answer, GiveAnswer::Given | GiveAnswer::AlreadyGiven { same: true });
        ensure!(given, "{consent} was not given: {answer:?}");
        self.case_is(CaseId::of_consent(consent, 1), "open", |_| true).await?;
        Ok(consent)
    }

    /// Nobody is given any time to come back.
    fn consent_of(&self, minor: UserId) -> ConsentInput {
        let (notices, notice_patience) = rules::of_notices(&self.stage.settings.notices);
        ConsentInput {
            minor,
            rules: ConsentRules { return_days: 0, ..ConsentRules::default() },
            identities: IdentityRules::default(),
            notices,
            notice_patience,
            continue_after_events: 2_000,
            link: None,
            carried: None,
        }
    }

    async fn has_come_to_nothing(&self, consent: ConsentId) -> Result<()> {
        let ended = comes_about(LONG, async || {
            let found = consents::consent(&self.stage.pool, consent).await?;
            Ok(found.filter(|one| one.stage == ConsentStage::Ended).map(drop))
        });
        ended.await.with_context(|| format!("{consent} did not end"))?;
        let events = consents::events(&self.stage.pool, consent).await?;
        let happened: Vec<_> = events.iter().map(|event| event.stage).collect();
        let once =
            [ConsentStage::Requested, ConsentStage::Given, ConsentStage::Withdrawn, ConsentStage::Ended];
        ensure!(happened == once, "{consent} went another way: {happened:?}");
        Ok(())
    }
}

fn named(consent: ConsentId) -> Result<AskGuardian, AskError> {
    let number = phones::unused();
    let guardian = Guardian {
        name: "Fatou Ndiaye".to_owned(),
        phone: number.parse().map_err(|error| AskError::Unexpected(Box::new(error)))?,
        email: None,
        is: Guardianship::Mother,
        language: Language::French,
    };
    let token = consent.uuid().simple().to_string();
    let link = format!("https://wolo.example/c/{token}");
    Ok(AskGuardian { consent, guardian, token, link })
}

fn agrees(consent: ConsentId) -> GuardianAgrees {
    let agreement = Agreement {
        shown: Shown::of(&ConsentText::current(Language::French)),
        purposes: Purpose::ALL.to_vec(),
        proof: Proof::CodeBySms,
        address: AddressClass::Ipv4,
    };
    // Of age, whenever this is told.
    GuardianAgrees {
        link: None,
        consent,
        agreement,
        born: BirthDate::new(chrono::NaiveDate::from_ymd_opt(1980, 1, 1).unwrap_or_default()),
    }
}
