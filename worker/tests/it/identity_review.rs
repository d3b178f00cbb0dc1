//! Looking into who somebody is: each way in which that ends, and that nothing of the documents remains.

use std::sync::Arc;

use chrono::{Datelike as _, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;
use uuid::Uuid;
use wolo_control::TakingUp;
use wolo_control::identities::{IdentityInput, IdentityRules, Look, Removal, Told};
use wolo_control::invitations::NoticePatience;
use wolo_database::identities::{self, Case};
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::dakar;
use wolo_domain::identities::{
    Adding, CaseStage, ContentHash, Deciding, Decision, Document, DocumentKind, Ending, Looking, Media,
    Party, Reason, Removing, Submitting, Taking, TakingBy, Verdict,
};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};
use wolo_domain::notices::{Kind, NoticeRules};
use wolo_providers::vault::{Place, Vault};
use wolo_sandbox::phones;
use wolo_workflows::identity_review::{IdentityOutcome, IdentityReview};
use wolo_workflows::ids;

use crate::histories::keep;
use crate::house::{House, LONG, live, until};

static VAULT: OnceCell<Arc<Vault>> = OnceCell::const_new();

/// The vault that the worker destroys in, for whoever puts something there as the API does.
async fn vault(house: &House) -> &'static Vault {
    let open = async || {
        let settings = house.settings.vault.as_ref().expect("a vault");
        Arc::new(wolo_api::vault::open(settings).await.expect("a vault that opens"))
    };
    VAULT.get_or_init(open).await
}

/// A case that is looked into.
struct Matter<'a> {
    house: &'a House,
    input: IdentityInput,
}

impl House {
    async fn reviewer(&self) -> UserId {
        let reviewer = self.person().await;
        let sql = format!(
            "insert into people.roles (user_id, role, granted_by, reason) values ('{}', 'reviewer', 'test', 'a test')",
            reviewer.uuid()
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("a role");
        reviewer
    }

    /// Somebody of twelve years, whose guardian has no account.
    async fn minors_case(&self) -> Matter<'_> {
        let twelve = dakar::day_of(Utc::now()).with_day(1).expect("a day");
        let born = twelve.with_year(twelve.year() - 12).expect("a day");
        let subject = self.person_born(&born.to_string(), 1).await;
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let to = Some(Contact::Phone(phones::unused().parse().expect("a number")));
        let told = Told { user: None, to, language: Language::French };
        self.case(CaseId::of_consent(consent, 1), subject, Some(consent), told).await
    }

    async fn adults_case(&self) -> Matter<'_> {
        let subject = self.person().await;
        let told = Told { user: Some(subject), to: None, language: Language::French };
        self.case(CaseId::of_adult(subject, 1), subject, None, told).await
    }

    async fn case(
        &self,
        case: CaseId,
        subject: UserId,
        consent: Option<ConsentId>,
        told: Told,
    ) -> Matter<'_> {
        let input = IdentityInput {
            case,
            subject,
            consent,
            name: "Awa".to_owned(),
            told,
            link: "http://localhost:3000/identity/x".to_owned(),
            rules: IdentityRules::default(),
            notices: NoticeRules { quiet_from: 0, quiet_until: 0, a_day: 10 },
            notice_patience: NoticePatience {
                receipt_seconds: 600,
                code_receipt_seconds: 60,
                unknown_seconds: 600,
            },
            continue_after_events: 2_000,
            carried: Default::default(),
        };
        assert_eq!(self.control.open_case(input.clone()).await.expect("a start"), TakingUp::Started);
        Matter { house: self, input }
    }
}

impl Matter<'_> {
    fn case(&self) -> CaseId {
        self.input.case
    }

    fn process(&self) -> String {
        ids::identity(self.case())
    }

    fn place(&self, document: &Document) -> Place {
        Place {
            subject: self.input.subject.uuid(),
            document: document.id.uuid(),
            kind: document.kind.as_str(),
        }
    }

    /// Puts a document into the vault, and says so.
    async fn send(&self, party: Party) -> Document {
        let document = self.store(party).await;
        assert_eq!(self.add(&document).await, Adding::Added);
        document
    }

    async fn store(&self, party: Party) -> Document {
        let mut document = Document {
            id: DocumentId::from_uuid(Uuid::now_v7()),
            party,
            kind: DocumentKind::IdentityCard,
            sha256: ContentHash::new([0; 32]),
            bytes: 0,
            pages: 1,
            media: Media::Jpeg,
        };
        let content = format!("what {} shows", document.id);
        let stored = vault(self.house).await.put(&self.place(&document), content.as_bytes()).await;
        let stored = stored.expect("stored");
        document.sha256 = ContentHash::new(stored.sha256);
        document.bytes = stored.bytes;
        document
    }

    async fn add(&self, document: &Document) -> Adding {
        self.house.control.add_document(self.case(), *document, LONG).await.expect("an answer")
    }

    async fn is_kept(&self, document: &Document) -> bool {
        vault(self.house).await.read(&self.place(document)).await.expect("a look").is_some()
    }

    async fn submit(&self) -> Submitting {
        self.house.control.submit_case(self.case(), LONG).await.expect("an answer")
    }

    async fn take(&self, reviewer: UserId) -> Taking {
        let by = TakingBy { reviewer, assigned_by: None };
        self.house.control.take_case(self.case(), by, LONG).await.expect("an answer")
    }

    async fn look(&self, reviewer: UserId, document: &Document) -> Looking {
        let look = Look { document: document.id, reviewer, reason: "to decide".to_owned() };
        self.house.control.look_at_document(self.case(), look, LONG).await.expect("an answer")
    }

    async fn decide(
        &self,
        reviewer: UserId,
        verdict: Verdict,
        reasons: &[Reason],
        seen: &[Document],
    ) -> Deciding {
        let decision = Decision {
            verdict,
            reviewer,
            reasons: reasons.to_vec(),
            note: "looked at all of it".to_owned(),
            seen: seen.iter().map(|document| document.sha256).collect(),
        };
        self.house.control.decide_case(self.case(), decision, LONG).await.expect("an answer")
    }

    async fn look_and_approve(&self, reviewer: UserId, documents: &[Document]) -> Deciding {
        for document in documents {
            let subject = self.input.subject;
            let noted = Looking::Noted { document: *document, subject };
            assert_eq!(self.look(reviewer, document).await, noted);
        }
        self.decide(reviewer, Verdict::Approve, &[], documents).await
    }

    async fn row(&self) -> Case {
        let mut connection = self.house.pool.acquire().await.expect("a connection");
        identities::case(&mut connection, self.case()).await.expect("a look").expect("a case")
    }

    /// Whoever sends the documents was told so often.
    async fn is_told(&self, kind: Kind, times: i64) {
        let IdentityInput { subject, consent, .. } = &self.input;
        let person = consent.map_or_else(|| subject.to_string(), |consent| consent.to_string());
        self.house.is_told(&person, kind, times).await;
    }

    async fn forward(&self, by: TimeDelta) {
        self.house.forward(&self.process(), by).await;
    }

    async fn ended(&self) -> IdentityOutcome {
        self.house.outcome::<IdentityReview>(self.process()).await
    }
}

#[test]
fn a_minors_case_is_approved_by_two_and_its_documents_are_destroyed_after_thirty_days() {
    live(async |house| {
        let matter = house.minors_case().await;
        let (first, second) = (house.reviewer().await, house.reviewer().await);
        let of_the_child = matter.send(Party::Person).await;
        assert_eq!(matter.add(&of_the_child).await, Adding::AlreadyAdded);
        assert_eq!(matter.submit().await, Submitting::Missing { parties: vec![Party::Guardian] });
        let documents = [of_the_child, matter.send(Party::Guardian).await];
        assert_eq!(matter.look(first, &of_the_child).await, Looking::NotNow { stage: CaseStage::Opened });
        assert_eq!(matter.submit().await, Submitting::Submitted);
        assert_eq!(matter.submit().await, Submitting::Submitted, "said twice");
        matter.is_told(Kind::IdentityReceived, 1).await;

        assert_eq!(matter.take(first).await, Taking::Taken);
        assert_eq!(matter.take(second).await, Taking::TakenBy { reviewer: first });
        let approve = |reviewer| matter.decide(reviewer, Verdict::Approve, &[], &documents);
        assert_eq!(approve(first).await, Deciding::HasNotLooked);
        assert_eq!(
            matter.look_and_approve(first, &documents[..1]).await,
            Deciding::SeenOthers,
            "there is another one"
        );
        assert_eq!(matter.look_and_approve(first, &documents).await, Deciding::Recorded { missing: 1 });
        assert_eq!(approve(first).await, Deciding::SameReviewer);
        let approved = Deciding::Decided { stage: CaseStage::Approved };
        assert_eq!(matter.look_and_approve(second, &documents).await, approved);
        matter.is_told(Kind::IdentityApproved, 1).await;
        let decided = CaseStage::Approved;
        assert_eq!(matter.look(first, &of_the_child).await, Looking::NotNow { stage: decided });
        assert_eq!(approve(first).await, Deciding::NotNow { stage: decided });

        matter.forward(TimeDelta::days(29)).await;
        assert!(matter.is_kept(&of_the_child).await);
        matter.forward(TimeDelta::days(2)).await;
        assert_eq!(matter.ended().await, IdentityOutcome::Approved);
        for document in &documents {
            assert!(!matter.is_kept(document).await);
        }
        let row = matter.row().await;
        assert!(
            row.entry.destroyed_at.is_some() && row.documents.iter().all(|sent| sent.destroyed_at.is_some())
        );
        assert_eq!((row.words.len(), row.looks.len()), (2, 5));
        keep(house, "identity-approved", &matter.process()).await;
    });
}

#[test]
fn nobody_decides_for_two_days_and_reviewers_are_told_and_what_is_rejected_is_destroyed_after_seven() {
    live(async |house| {
        let matter = house.minors_case().await;
        let reviewer = house.reviewer().await;
        let documents = [matter.send(Party::Person).await, matter.send(Party::Guardian).await];
        assert_eq!(matter.submit().await, Submitting::Submitted);
        matter.forward(TimeDelta::hours(49)).await;
        house.is_told(&reviewer.to_string(), Kind::OperatorAlert, 1).await;
        assert!(matter.row().await.entry.escalated_at.is_some());
        matter.forward(TimeDelta::hours(48)).await;
        house.is_told(&reviewer.to_string(), Kind::OperatorAlert, 2).await;

        assert_eq!(matter.take(reviewer).await, Taking::Taken);
        let reject = |reasons| matter.decide(reviewer, Verdict::Reject, reasons, &documents);
        assert_eq!(reject(&[]).await, Deciding::NoReason);
        let rejected = Deciding::Decided { stage: CaseStage::Rejected };
        assert_eq!(reject(&[Reason::NotGenuine]).await, rejected, "one rejects");
        matter.is_told(Kind::IdentityRejected, 1).await;
        matter.forward(TimeDelta::days(6)).await;
        assert!(matter.is_kept(&documents[0]).await);
        matter.forward(TimeDelta::days(2)).await;
        assert_eq!(matter.ended().await, IdentityOutcome::Rejected { reasons: vec![Reason::NotGenuine] });
        assert!(!matter.is_kept(&documents[0]).await);
        keep(house, "identity-rejected", &matter.process()).await;
    });
}

#[test]
fn when_more_is_needed_what_comes_then_is_looked_at_anew() {
    live(async |house| {
        let matter = house.adults_case().await;
        let reviewer = house.reviewer().await;
        let blurred = matter.send(Party::Person).await;
        let stranger =
            Document { id: DocumentId::from_uuid(Uuid::now_v7()), party: Party::Guardian, ..blurred };
        assert_eq!(matter.add(&stranger).await, Adding::NoGuardian);
        assert_eq!(matter.submit().await, Submitting::Submitted);
        assert_eq!(matter.take(reviewer).await, Taking::Taken);
        assert_eq!(matter.take(matter.input.subject).await, Taking::NotAReviewer);
        let asked = matter.decide(reviewer, Verdict::Ask, &[Reason::Unreadable], &[blurred]).await;
        assert_eq!(asked, Deciding::Decided { stage: CaseStage::MoreNeeded });
        matter.is_told(Kind::IdentityMoreNeeded, 1).await;

        let remove = Removal { document: blurred.id };
        let removed = house.control.remove_document(matter.case(), remove, LONG).await.expect("an answer");
        assert_eq!(removed, Removing::Removed);
        assert!(!matter.is_kept(&blurred).await, "it is destroyed when it is taken back");
        assert_eq!(matter.add(&blurred).await, Adding::IdTaken);
        let clear = [matter.send(Party::Person).await];
        assert_eq!(matter.submit().await, Submitting::Submitted);
        matter.is_told(Kind::IdentityReceived, 2).await;
        assert_eq!(
            matter.decide(reviewer, Verdict::Approve, &[], &clear).await,
            Deciding::NotNow { stage: CaseStage::Submitted }
        );
        assert_eq!(matter.take(reviewer).await, Taking::Taken);
        assert_eq!(matter.decide(reviewer, Verdict::Approve, &[], &[blurred]).await, Deciding::SeenOthers);
        let approved = Deciding::Decided { stage: CaseStage::Approved };
        assert_eq!(matter.look_and_approve(reviewer, &clear).await, approved);
        matter.forward(TimeDelta::days(31)).await;
        assert_eq!(matter.ended().await, IdentityOutcome::Approved);
        keep(house, "identity-more-needed", &matter.process()).await;
    });
}

#[test]
fn what_nobody_sends_anything_for_is_waited_for_no_more() {
    live(async |house| {
        let matter = house.minors_case().await;
        matter.forward(TimeDelta::days(20)).await;
        let document = matter.send(Party::Person).await;
        matter.forward(TimeDelta::days(29)).await;
        assert_eq!(matter.row().await.entry.stage, CaseStage::Opened, "something has come");
        matter.forward(TimeDelta::days(2)).await;
        matter.is_told(Kind::IdentityRejected, 1).await;
        matter.forward(TimeDelta::days(8)).await;
        assert_eq!(matter.ended().await, IdentityOutcome::Rejected { reasons: vec![Reason::NothingCame] });
        assert!(!matter.is_kept(&document).await);
        keep(house, "identity-nothing-came", &matter.process()).await;
    });
}

#[test]
fn the_documents_of_a_case_that_is_given_up_are_destroyed_at_once() {
    live(async |house| {
        let matter = house.minors_case().await;
        let reviewer = house.reviewer().await;
        let documents = [matter.send(Party::Person).await, matter.send(Party::Guardian).await];
        // Whoever sent it died before that was written down.
        let unknown = matter.store(Party::Guardian).await;
        assert_eq!(matter.submit().await, Submitting::Submitted);
        let ended = house.control.give_up_case(matter.case(), LONG).await.expect("an answer");
        assert_eq!(ended, Ending::Ended);
        assert_eq!(matter.ended().await, IdentityOutcome::Rejected { reasons: vec![Reason::GivenUp] });
        for document in documents.iter().chain([&unknown]) {
            assert!(!matter.is_kept(document).await);
        }
        // Whatever its process still answers, the case does not.
        let at = Utc::now();
        let look = identities::look(
            &house.pool,
            matter.case(),
            Uuid::now_v7(),
            documents[0].id,
            (reviewer, "to see it once more"),
            at,
        );
        assert_eq!(look.await.expect("an answer"), Looking::NotNow { stage: CaseStage::Rejected });
        matter.is_told(Kind::IdentityRejected, 0).await;
        keep(house, "identity-given-up", &matter.process()).await;
    });
}

#[test]
fn what_somebody_has_sent_for_another_case_stays_when_one_is_given_up() {
    live(async |house| {
        let first = house.adults_case().await;
        let (subject, told) = (first.input.subject, first.input.told.clone());
        let second = house.case(CaseId::of_adult(subject, 2), subject, None, told).await;
        let (gone, stays) = (first.send(Party::Person).await, second.send(Party::Person).await);
        house.control.give_up_case(first.case(), LONG).await.expect("an answer");
        first.ended().await;
        assert!(!first.is_kept(&gone).await);
        assert!(second.is_kept(&stays).await);
        house.control.give_up_case(second.case(), LONG).await.expect("an answer");
        second.ended().await;
        assert!(!second.is_kept(&stays).await);
    });
}

#[test]
fn a_case_whose_process_was_ended_by_somebody_goes_on_where_it_stood() {
    live(async |house| {
        let matter = house.adults_case().await;
        let reviewer = house.reviewer().await;
        let documents = [matter.send(Party::Person).await];
        assert_eq!(matter.submit().await, Submitting::Submitted);
        matter.is_told(Kind::IdentityReceived, 1).await;
        house.terminate(&matter.process()).await;
        let again = house.control.open_case(matter.input.clone()).await.expect("a start");
        assert_eq!(again, TakingUp::Started);
        assert_eq!(matter.take(reviewer).await, Taking::Taken);
        let approved = Deciding::Decided { stage: CaseStage::Approved };
        assert_eq!(matter.look_and_approve(reviewer, &documents).await, approved);
        matter.is_told(Kind::IdentityReceived, 1).await;
        until("its process knows", async || {
            let state = house.control.case_state(matter.case()).await.ok()?;
            (state.standing.stage == CaseStage::Approved).then_some(())
        })
        .await;
        // Of a case that is decided only the documents are left to be given up.
        let ended = house.control.give_up_case(matter.case(), LONG).await.expect("an answer");
        assert_eq!(ended, Ending::Decided { stage: CaseStage::Approved });
        assert_eq!(matter.ended().await, IdentityOutcome::Approved);
        assert!(!matter.is_kept(&documents[0]).await);
    });
}
