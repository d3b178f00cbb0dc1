//! An identity case, from the guardian's consent to the destruction of what was sent: a document taken back, a review that is late, two
//! who approve.

use anyhow::{Context as _, Result, ensure};
use uuid::Uuid;
use wolo_control::identities::{Adding, Deciding, Decision, Document, Look, Removal, TakingBy};
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::identities::{self, Case};
use wolo_domain::accounts::Role;
use wolo_domain::identities::{CaseStage, ContentHash, DocumentKind, Media, Party, Verdict};
use wolo_domain::ids::{CaseId, DocumentId, UserId};
use wolo_domain::pots::PotStage;
use wolo_workflows::ids;

use super::consent::AN_ANSWER;
use super::{LONG, Scene};
use crate::stage::comes_about;
use crate::stories::steps::DAY;

impl Scene {
    pub(super) async fn reviewed(&self) -> Result<()> {
        let minor = self.people.child(&self.stage).await?;
        let pot = self.people.make_pot_of(&self.stage, minor).await?;
        let consent = self.gives_consent(minor).await?;
        let case = CaseId::of_consent(consent, 1);
        for document in [document(Party::Person), document(Party::Guardian)] {
            self.sends(case, document).await?;
        }
        let mistaken = document(Party::Guardian);
        self.sends(case, mistaken).await?;
        let control = &self.stage.control;
        let removal = Removal { document: mistaken.id };
        self.ask("take a document back", async || control.remove_document(case, removal, AN_ANSWER).await)
            .await?;
        self.ask("submit a case", async || control.submit_case(case, AN_ANSWER).await).await?;
        self.its_time_passes(case, 3, |known| known.entry.escalated_at.is_some()).await?;
        for reviewer in [self.reviewer().await?, self.reviewer().await?] {
            let by = TakingBy { reviewer, assigned_by: Some(reviewer) };
            self.ask("take a case", async || control.take_case(case, by.clone(), AN_ANSWER).await).await?;
            self.approves(case, reviewer).await?;
        }
        self.case_is(case, "approved", |known| known.entry.stage == CaseStage::Approved).await?;
        self.stage_is(pot.pot, PotStage::Open).await?;
        self.its_time_passes(case, 31, |known| known.entry.destroyed_at.is_some()).await?;
        self.cancel(pot.pot).await
    }

    /// Documents that are nowhere are as good: what is destroyed is that and more.
    async fn sends(&self, case: CaseId, document: Document) -> Result<()> {
        let add = async || self.stage.control.add_document(case, document, AN_ANSWER).await;
        let added = self.ask("take a document", add).await?;
        ensure!(matches!(added, Adding::Added | Adding::AlreadyAdded), "{case}: {added:?}");
        Ok(())
    }

    async fn reviewer(&self) -> Result<UserId> {
        let user = self.people.born(&self.stage).await?;
        let granted = comes_about(LONG, async || {
            let mut tx = self.stage.pool.begin().await?;
            roles::grant(&mut tx, user, Role::Reviewer, Doer::new("torture", "a trial")).await?;
            wolo_database::commit(tx).await?;
            Ok(Some(()))
        });
        granted.await.with_context(|| format!("{user} is no reviewer"))?;
        Ok(user)
    }

    async fn approves(&self, case: CaseId, reviewer: UserId) -> Result<()> {
        let known = self.case_is(case, "there", |_| true).await?;
        let there: Vec<_> =
            known.documents.iter().filter(|sent| sent.is_there()).map(|sent| sent.document).collect();
        for document in &there {
            let look = || Look { document: document.id, reviewer, reason: "a trial".to_owned() };
            let see = async || self.stage.control.look_at_document(case, look(), AN_ANSWER).await;
            self.ask("see a document", see).await?;
        }
        let seen: Vec<_> = there.iter().map(|document| document.sha256).collect();
        let decide = async || {
            let note = "they are who they say".to_owned();
            let seen = seen.clone();
            let decision = Decision { verdict: Verdict::Approve, reviewer, reasons: Vec::new(), note, seen };
            self.stage.control.decide_case(case, decision, AN_ANSWER).await
        };
        let decided = self.ask("approve a case", decide).await?;
        // Where the answer was lost, it is decided: the same reviewer has spoken, or nobody has to any more.
        let is_decided = matches!(
            decided,
            Deciding::Recorded { .. }
                | Deciding::SameReviewer
                | Deciding::Decided { stage: CaseStage::Approved }
                | Deciding::NotNow { stage: CaseStage::Approved }
        );
        ensure!(is_decided, "{case} was not approved: {decided:?}");
        Ok(())
    }

    /// Brings days nearer until they have had their effect.
    async fn its_time_passes(&self, case: CaseId, days: u32, has_come: impl Fn(&Case) -> bool) -> Result<()> {
        let there = comes_about(LONG, async || {
            let known = self.known(case).await?;
            if known.as_ref().is_some_and(&has_come) {
                return Ok(Some(()));
            }
            let process = ids::identity(case);
            let moving = self.stage.control.forward(&process, DAY * days);
            let _ = tokio::time::timeout(AN_ANSWER, moving).await;
            Ok(None)
        });
        there.await.with_context(|| format!("{days} days have no effect on {case}"))
    }

    pub(super) async fn case_is(&self, case: CaseId, what: &str, is: impl Fn(&Case) -> bool) -> Result<Case> {
        let found = comes_about(LONG, async || Ok(self.known(case).await?.filter(&is)));
        found.await.with_context(|| format!("{case} is not {what}"))
    }

    async fn known(&self, case: CaseId) -> Result<Option<Case>, wolo_database::Error> {
        identities::case(&mut *self.stage.pool.acquire().await?, case).await
    }
}

fn document(party: Party) -> Document {
    let id = DocumentId::from_uuid(Uuid::now_v7());
    let (kind, media) = (DocumentKind::Passport, Media::Png);
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.uuid().as_bytes());
    Document { id, party, kind, sha256: ContentHash::new(hash), bytes: 1_000, pages: 1, media }
}
