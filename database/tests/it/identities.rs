//! Identity cases: what is allowed when, that everything has one effect, and that of many who come at once one decides.

use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;
use wolo_database::identities::{self, Case, Decided, Filter, NewCase};
use wolo_database::{Error, Page};
use wolo_domain::identities::{
    Adding, CaseEnd, CaseStage, ContentHash, Deciding, Decision, Document, DocumentKind, Ending,
    IdentityRules, Looking, Media, Party, Reason, Removing, Standing, Submitting, Taking, TakingBy, Verdict,
};
use wolo_domain::ids::{CaseId, ConsentId, DocumentId, UserId};
use wolo_domain::punctuality::{DueFor, DueStep, LateStep};

use crate::punctuality::RULES as PUNCTUALITY;
use crate::scene::{Scene, noon, unique};

pub(crate) const RULES: IdentityRules = IdentityRules {
    most_documents: 6,
    approvals_for_minors: 2,
    approvals_for_adults: 1,
    escalate_hours: 48,
    nothing_came_days: 30,
    keep_approved_days: 30,
    keep_rejected_days: 7,
    cases_a_year: 3,
};

pub(crate) struct Matter<'a> {
    scene: &'a Scene,
    pub(crate) case: CaseId,
    pub(crate) subject: UserId,
    consent: Option<ConsentId>,
}

pub(crate) fn document(party: Party) -> Document {
    let mut content = [0; 32];
    content[..8].copy_from_slice(&unique().to_be_bytes());
    Document {
        id: DocumentId::from_uuid(Uuid::now_v7()),
        party,
        kind: DocumentKind::IdentityCard,
        sha256: ContentHash::new(content),
        bytes: 1_000,
        pages: 1,
        media: Media::Jpeg,
    }
}

impl Scene {
    pub(crate) async fn reviewer(&self) -> UserId {
        let reviewer = self.person().await.id;
        self.force(&format!(
            "insert into people.roles (user_id, role, granted_by, reason) values ('{}', 'reviewer', 'x', 'x')",
            reviewer.uuid()
        ))
        .await;
        reviewer
    }

    /// A case of somebody of twelve years.
    pub(crate) async fn minors_case(&self) -> Matter<'_> {
        let subject = self.person_born("2019-03-20").await.id;
        let consent = ConsentId::from_uuid(Uuid::now_v7());
        let matter =
            Matter { scene: self, case: CaseId::of_consent(consent, 1), subject, consent: Some(consent) };
        matter.open().await.expect("a case");
        matter
    }
}

impl Matter<'_> {
    async fn open(&self) -> Result<Standing, Error> {
        let new = NewCase {
            id: self.case,
            subject: self.subject,
            consent: self.consent,
            approvals_needed: RULES.approvals(self.consent.is_some()),
            at: noon(),
        };
        identities::open(&self.scene.pool, &new).await
    }

    async fn add(&self, document: &Document) -> Adding {
        let added =
            identities::add(&self.scene.pool, self.case, document, RULES.most_documents, noon()).await;
        added.expect("an answer").answer
    }

    async fn remove(&self, document: &Document) -> Removing {
        let removed = identities::remove(&self.scene.pool, self.case, document.id, noon()).await;
        removed.expect("an answer").answer
    }

    async fn submit(&self, round: u32) -> Submitting {
        identities::submit(&self.scene.pool, self.case, round, noon()).await.expect("an answer").answer
    }

    /// With a document of each, and taken by a reviewer.
    async fn is_reviewed_by(&self, reviewer: UserId) -> [Document; 2] {
        let documents = Party::ALL.map(document);
        for document in &documents {
            assert_eq!(self.add(document).await, Adding::Added);
        }
        assert_eq!(self.submit(1).await, Submitting::Submitted);
        assert_eq!(self.take(reviewer).await, Taking::Taken);
        documents
    }

    async fn take(&self, reviewer: UserId) -> Taking {
        let by = TakingBy { reviewer, assigned_by: None };
        identities::take(&self.scene.pool, self.case, &by).await.expect("an answer").answer
    }

    async fn look(&self, reviewer: UserId, document: &Document) -> Looking {
        self.look_because(reviewer, document, "to decide").await
    }

    async fn look_because(&self, reviewer: UserId, document: &Document, reason: &str) -> Looking {
        let (pool, look) = (&self.scene.pool, Uuid::now_v7());
        let looked = identities::look(pool, self.case, look, document.id, (reviewer, reason), noon()).await;
        looked.expect("an answer")
    }

    async fn looks_at_all(&self, reviewer: UserId, documents: &[Document]) {
        for document in documents {
            assert!(matches!(self.look(reviewer, document).await, Looking::Noted { .. }));
        }
    }

    /// Each decision at an instant of its own, as a process has them.
    async fn decide(&self, decision: &Decision) -> Deciding {
        let at = noon() + TimeDelta::seconds(i64::try_from(unique()).expect("a number"));
        let decided = identities::decide(&self.scene.pool, self.case, decision, RULES, at).await;
        decided.expect("an answer").answered.answer
    }

    async fn end(&self, end: CaseEnd) -> Ending {
        let ended =
            identities::end(&self.scene.pool, self.case, end, RULES.destroys_after(end, noon()), noon())
                .await;
        ended.expect("an answer").answer
    }

    async fn in_full(&self) -> Case {
        let mut connection = self.scene.pool.acquire().await.expect("a connection");
        identities::case(&mut connection, self.case).await.expect("a look").expect("a case")
    }

    async fn stage(&self) -> CaseStage {
        self.in_full().await.entry.stage
    }
}

fn decision(reviewer: UserId, verdict: Verdict, seen: &[Document]) -> Decision {
    let reasons = if verdict == Verdict::Approve { vec![] } else { vec![Reason::Unreadable] };
    let seen = seen.iter().map(|document| document.sha256).collect();
    Decision { verdict, reviewer, reasons, note: "seen".to_owned(), seen }
}

/// What was noted for the audit trail, in order.
async fn noted(scene: &Scene) -> Vec<String> {
    scene
        .read::<Vec<String>>(
            "select coalesce(array_agg(payload #>> '{happening,action}' order by outbox_id), '{}')
             from ops.outbox where topic = 'audit'",
        )
        .await
}

#[tokio::test]
async fn a_case_is_opened_once_and_about_one_person() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let again = matter.open().await.expect("the same case");
    assert_eq!((again.stage, again.missing), (CaseStage::Opened, 2));
    assert_eq!(noted(&scene).await, ["case_opened"]);
    let other = scene.person().await.id;
    let error = Matter { subject: other, ..matter }.open().await.expect_err("another person's");
    assert!(matches!(error, Error::Conflict { rule } if rule == "a_case_is_about_one_person"));
}

#[tokio::test]
async fn documents_are_added_and_taken_back_while_they_are_collected() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let first = document(Party::Person);
    assert_eq!(matter.add(&first).await, Adding::Added);
    assert_eq!(matter.add(&first).await, Adding::AlreadyAdded);
    let changed = Document { sha256: document(Party::Person).sha256, ..first };
    assert_eq!(matter.add(&changed).await, Adding::IdTaken);
    for _ in 1..6 {
        assert_eq!(matter.add(&document(Party::Person)).await, Adding::Added);
    }
    assert_eq!(matter.add(&document(Party::Guardian)).await, Adding::TooMany { most: 6 });
    assert_eq!(matter.submit(1).await, Submitting::Missing { parties: vec![Party::Guardian] });
    assert_eq!(matter.remove(&first).await, Removing::Removed);
    assert_eq!(matter.remove(&first).await, Removing::Removed, "said twice");
    assert_eq!(matter.remove(&document(Party::Person)).await, Removing::Unknown);
    assert_eq!(matter.add(&first).await, Adding::IdTaken, "it is destroyed");
    let kept = identities::undestroyed(&scene.pool, matter.case).await.expect("documents");
    assert_eq!(kept.iter().filter(|kept| kept.removed).count(), 1);
    assert_eq!(matter.add(&document(Party::Guardian)).await, Adding::Added);
    assert_eq!(matter.submit(1).await, Submitting::Submitted);
    assert_eq!(matter.submit(1).await, Submitting::Submitted, "said twice");
    let stage = CaseStage::Submitted;
    assert_eq!(matter.add(&document(Party::Person)).await, Adding::NotNow { stage });
    let there = matter.in_full().await.documents;
    let last = there.last().expect("a document").document;
    assert_eq!(matter.remove(&last).await, Removing::NotNow { stage });
    assert_eq!(noted(&scene).await, ["case_opened", "case_submitted"]);
}

#[tokio::test]
async fn somebody_of_age_needs_no_guardian_and_nobody_reviews_their_own_case() {
    let scene = Scene::new().await;
    let subject = scene.reviewer().await;
    let matter = Matter { scene: &scene, case: CaseId::of_adult(subject, 1), subject, consent: None };
    assert_eq!(matter.open().await.expect("a case").missing, 1);
    assert_eq!(matter.add(&document(Party::Guardian)).await, Adding::NoGuardian);
    let own = document(Party::Person);
    assert_eq!(matter.add(&own).await, Adding::Added);
    assert_eq!(matter.submit(1).await, Submitting::Submitted);
    assert_eq!(matter.take(subject).await, Taking::OwnCase);
    assert_eq!(matter.look(subject, &own).await, Looking::OwnCase);
    assert_eq!(matter.decide(&decision(subject, Verdict::Approve, &[own])).await, Deciding::OwnCase);
}

#[tokio::test]
async fn whoever_is_the_minors_guardian_does_not_review_the_case_by_their_phone_or_address() {
    let scene = Scene::new().await;
    let subject = scene.child().await;
    let consent = scene.given_consent(subject).await;
    let case = CaseId::of_consent(consent, 1);
    let matter = Matter { scene: &scene, case, subject, consent: Some(consent) };
    matter.open().await.expect("a case");
    let documents = Party::ALL.map(document);
    for document in &documents {
        assert_eq!(matter.add(document).await, Adding::Added);
    }
    assert_eq!(matter.submit(1).await, Submitting::Submitted);
    let other = scene.reviewer().await;
    for contact in ["phone", "email"] {
        let guardian = scene.reviewer().await;
        scene
            .force(&format!(
                "update people.users set phone = null, email = 'someone-{0}@example.sn' where user_id = '{0}';
                 update people.users
                 set {contact} = (select {contact} from minors.guardians where consent_id = '{1}')
                 where user_id = '{0}'",
                guardian.uuid(),
                consent.uuid(),
            ))
            .await;
        assert_eq!(matter.take(guardian).await, Taking::OwnCase, "{contact}");
        assert_eq!(matter.take(other).await, Taking::Taken);
        assert_eq!(matter.look(guardian, &documents[0]).await, Looking::OwnCase, "{contact}");
        let decision = decision(guardian, Verdict::Approve, &documents);
        assert_eq!(matter.decide(&decision).await, Deciding::OwnCase, "{contact}");
        scene
            .force(&format!(
                "update people.users set phone = null, email = 'gone-{0}@example.sn' where user_id = '{0}'",
                guardian.uuid()
            ))
            .await;
    }
}

#[tokio::test]
async fn a_look_is_written_down_with_its_reason_and_only_while_the_case_is_reviewed() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let reviewer = scene.reviewer().await;
    let early = document(Party::Person);
    assert_eq!(matter.add(&early).await, Adding::Added);
    assert_eq!(matter.look(reviewer, &early).await, Looking::NotNow { stage: CaseStage::Opened });
    let [of_the_child, _] = matter.is_reviewed_by(reviewer).await;
    assert_eq!(matter.look_because(reviewer, &early, "  ").await, Looking::NoReason);
    assert_eq!(matter.look(reviewer, &document(Party::Person)).await, Looking::Gone);
    let nobody = scene.person().await.id;
    assert_eq!(matter.look(nobody, &early).await, Looking::NotAReviewer);

    let look = Uuid::now_v7();
    for _ in 0..2 {
        let by = (reviewer, "to decide");
        let noted = identities::look(&scene.pool, matter.case, look, of_the_child.id, by, noon()).await;
        let expected = Looking::Noted { document: of_the_child, subject: matter.subject };
        assert_eq!(noted.expect("an answer"), expected, "told twice");
    }
    assert_eq!(matter.in_full().await.looks.len(), 1);
    let lines = noted(&scene).await;
    assert_eq!(lines.iter().filter(|line| *line == "document_looked_at").count(), 1, "{lines:?}");
}

#[tokio::test]
async fn a_minors_case_is_approved_by_two_who_have_looked_at_everything() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let (first, second) = (scene.reviewer().await, scene.reviewer().await);
    let documents = matter.is_reviewed_by(first).await;
    let approves = |reviewer| decision(reviewer, Verdict::Approve, &documents);
    matter.looks_at_all(first, &documents[..1]).await;
    assert_eq!(matter.decide(&approves(first)).await, Deciding::HasNotLooked);
    matter.looks_at_all(first, &documents[1..]).await;
    let less = decision(first, Verdict::Approve, &documents[..1]);
    assert_eq!(matter.decide(&less).await, Deciding::SeenOthers);
    let nothing = Decision { seen: vec![], ..approves(first) };
    assert_eq!(matter.decide(&nothing).await, Deciding::SeenOthers);
    let nobody = scene.person().await.id;
    assert_eq!(matter.decide(&approves(nobody)).await, Deciding::NotAReviewer);

    let told = async |decision: &Decision, at| {
        let decided = identities::decide(&scene.pool, matter.case, decision, RULES, at).await;
        let Decided { answered, .. } = decided.expect("an answer");
        (answered.answer, answered.standing.missing)
    };
    let at = noon() + TimeDelta::nanoseconds(1_234_567);
    assert_eq!(told(&approves(first), at).await, (Deciding::Recorded { missing: 1 }, 1));
    assert_eq!(told(&approves(first), at).await, (Deciding::Recorded { missing: 1 }, 1), "told twice");
    assert_eq!(matter.decide(&approves(first)).await, Deciding::SameReviewer, "from any session");
    let rejects = decision(first, Verdict::Reject, &documents);
    assert_eq!(matter.decide(&rejects).await, Deciding::SameReviewer);
    matter.looks_at_all(second, &documents).await;
    let is_approved = Deciding::Decided { stage: CaseStage::Approved };
    assert_eq!(told(&approves(second), at).await, (is_approved, 0));
    assert_eq!(told(&approves(second), at).await, (is_approved, 0), "told twice");
    let third = scene.reviewer().await;
    let stage = CaseStage::Approved;
    assert_eq!(matter.decide(&approves(third)).await, Deciding::NotNow { stage });
    let full = matter.in_full().await;
    assert_eq!((full.words.len(), full.entry.destroy_at), (2, Some(at_micros(at) + TimeDelta::days(30))));
}

/// As Postgres keeps an instant.
fn at_micros(at: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(at.timestamp_micros()).expect("an instant")
}

#[tokio::test]
async fn whoever_is_no_reviewer_any_more_has_approved_nothing() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let [first, second, third] = [scene.reviewer().await, scene.reviewer().await, scene.reviewer().await];
    let documents = matter.is_reviewed_by(first).await;
    for reviewer in [first, second, third] {
        matter.looks_at_all(reviewer, &documents).await;
    }
    let approves = |reviewer| decision(reviewer, Verdict::Approve, &documents);
    assert_eq!(matter.decide(&approves(first)).await, Deciding::Recorded { missing: 1 });
    scene
        .force(&format!(
            "update people.roles set revoked_at = now(), revoked_by = 'x' where user_id = '{}'",
            first.uuid()
        ))
        .await;
    assert_eq!(matter.decide(&approves(second)).await, Deciding::Recorded { missing: 1 });
    assert_eq!(matter.decide(&approves(third)).await, Deciding::Decided { stage: CaseStage::Approved });
}

#[tokio::test]
async fn what_was_said_in_one_round_does_not_count_in_the_next() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let (first, second) = (scene.reviewer().await, scene.reviewer().await);
    let documents = matter.is_reviewed_by(first).await;
    matter.looks_at_all(first, &documents).await;
    let approves = |reviewer| decision(reviewer, Verdict::Approve, &documents);
    assert_eq!(matter.decide(&approves(first)).await, Deciding::Recorded { missing: 1 });
    let more = Deciding::Decided { stage: CaseStage::MoreNeeded };
    assert_eq!(matter.decide(&decision(second, Verdict::Ask, &documents)).await, more);
    assert_eq!(matter.submit(2).await, Submitting::Submitted);
    assert_eq!(matter.take(second).await, Taking::Taken);
    assert_eq!(matter.decide(&approves(first)).await, Deciding::HasNotLooked, "in this round");
    matter.looks_at_all(first, &documents).await;
    assert_eq!(matter.decide(&approves(first)).await, Deciding::Recorded { missing: 1 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_reviewers_who_decide_at_once_the_case_has_one_end() {
    let scene = Scene::new().await;
    for _ in 0..5 {
        let matter = scene.minors_case().await;
        let first = scene.reviewer().await;
        let documents = matter.is_reviewed_by(first).await;
        let mut decisions = Vec::new();
        for number in 0..20 {
            let reviewer = scene.reviewer().await;
            matter.looks_at_all(reviewer, &documents).await;
            let verdict = if number % 3 == 0 { Verdict::Reject } else { Verdict::Approve };
            decisions.push(decision(reviewer, verdict, &documents));
        }
        let answers = join_all(decisions.iter().map(|decision| matter.decide(decision))).await;
        let stage = matter.stage().await;
        assert!(stage.is_decided());
        let of = |wanted: Deciding| answers.iter().filter(|answer| **answer == wanted).count();
        assert_eq!(of(Deciding::Decided { stage }), 1, "{answers:?}");
        let recorded = of(Deciding::Recorded { missing: 1 });
        assert!(recorded == 1 || (recorded == 0 && stage == CaseStage::Rejected), "{answers:?}");
        assert_eq!(of(Deciding::NotNow { stage }), 19 - recorded, "{answers:?}");
        let full = matter.in_full().await;
        assert_eq!(full.words.len(), 1 + recorded, "nobody else has said anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_reviewer_who_approves_twenty_times_at_once_counts_once() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let reviewer = scene.reviewer().await;
    let documents = matter.is_reviewed_by(reviewer).await;
    matter.looks_at_all(reviewer, &documents).await;
    let approves = decision(reviewer, Verdict::Approve, &documents);
    let answers = join_all((0..20).map(|_| matter.decide(&approves))).await;
    let of = |wanted: Deciding| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!((of(Deciding::Recorded { missing: 1 }), of(Deciding::SameReviewer)), (1, 19), "{answers:?}");
    assert_eq!(matter.stage().await, CaseStage::InReview);
}

#[tokio::test]
async fn a_birth_date_that_is_corrected_is_not_the_one_that_was_approved() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let consent = matter.consent.expect("a minor's");
    let approved = async || {
        let mut connection = scene.pool.acquire().await.expect("a connection");
        identities::identity_is_approved(&mut connection, matter.subject, consent).await.expect("an answer")
    };
    let (first, second) = (scene.reviewer().await, scene.reviewer().await);
    let documents = matter.is_reviewed_by(first).await;
    for reviewer in [first, second] {
        assert!(!approved().await);
        matter.looks_at_all(reviewer, &documents).await;
        matter.decide(&decision(reviewer, Verdict::Approve, &documents)).await;
    }
    assert!(approved().await);
    let born = |day: &str| {
        format!("update people.users set birth_date = '{day}' where user_id = '{}'", matter.subject.uuid())
    };
    scene.force(&born("2018-03-20")).await;
    assert!(!approved().await);
    scene.force(&born("2019-03-20")).await;
    assert!(approved().await);
    let mut connection = scene.pool.acquire().await.expect("a connection");
    let other = ConsentId::from_uuid(Uuid::now_v7());
    assert!(
        !identities::identity_is_approved(&mut connection, matter.subject, other).await.expect("an answer")
    );
}

#[tokio::test]
async fn a_case_that_nobody_decides_is_told_of_once_each_time() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let reviewer = scene.reviewer().await;
    let escalate = async |round, number| {
        let escalated = identities::escalate(&scene.pool, matter.case, round, number, noon()).await;
        escalated.expect("an answer").escalations
    };
    assert_eq!(escalate(0, 1).await, 0, "nobody has to decide yet");
    let documents = matter.is_reviewed_by(reviewer).await;
    assert_eq!((escalate(1, 1).await, escalate(1, 1).await, escalate(1, 2).await), (1, 1, 2));
    assert_eq!(scene.events("case_escalated").await, 2);
    let filter = Filter { escalated: true, ..Filter::default() };
    let listed = identities::list(&scene.pool, filter, Page::first(10)).await.expect("cases");
    assert_eq!(listed.iter().map(|entry| entry.case).collect::<Vec<_>>(), [matter.case]);
    matter.decide(&decision(reviewer, Verdict::Reject, &documents)).await;
    assert_eq!(escalate(1, 3).await, 2);
    let listed = identities::list(&scene.pool, filter, Page::first(10)).await.expect("cases");
    assert_eq!(listed, []);
}

#[tokio::test]
async fn a_case_to_which_nothing_comes_ends_and_one_that_is_given_up_ends_at_once() {
    let scene = Scene::new().await;
    let (silent, given_up, approved) =
        (scene.minors_case().await, scene.minors_case().await, scene.minors_case().await);
    for _ in 0..2 {
        assert_eq!(silent.end(CaseEnd::NothingCame).await, Ending::Ended);
    }
    assert_eq!(silent.in_full().await.entry.destroy_at, Some(noon() + TimeDelta::days(7)));
    assert_eq!(silent.end(CaseEnd::GivenUp).await, Ending::Decided { stage: CaseStage::Rejected });
    assert_eq!(silent.in_full().await.entry.destroy_at, Some(noon()));

    let reviewer = scene.reviewer().await;
    given_up.is_reviewed_by(reviewer).await;
    let stage = CaseStage::InReview;
    assert_eq!(given_up.end(CaseEnd::NothingCame).await, Ending::NotNow { stage });
    for _ in 0..2 {
        assert_eq!(given_up.end(CaseEnd::GivenUp).await, Ending::Ended);
    }
    assert_eq!(given_up.in_full().await.entry.reasons, [Reason::GivenUp]);

    let documents = approved.is_reviewed_by(reviewer).await;
    for reviewer in [reviewer, scene.reviewer().await] {
        approved.looks_at_all(reviewer, &documents).await;
        approved.decide(&decision(reviewer, Verdict::Approve, &documents)).await;
    }
    let stage = CaseStage::Approved;
    assert_eq!(approved.end(CaseEnd::NothingCame).await, Ending::Decided { stage });
    assert_eq!(approved.end(CaseEnd::GivenUp).await, Ending::Decided { stage });
    let full = approved.in_full().await.entry;
    assert_eq!((full.stage, full.destroy_at), (stage, Some(noon())), "its documents go all the same");
}

#[tokio::test]
async fn documents_are_gone_before_that_is_said_and_it_is_said_once() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let reviewer = scene.reviewer().await;
    let documents = matter.is_reviewed_by(reviewer).await;
    assert_eq!(matter.end(CaseEnd::GivenUp).await, Ending::Ended);
    let later = noon() + TimeDelta::hours(1);
    let late = async || {
        identities::late(&scene.pool, later + TimeDelta::hours(1), PUNCTUALITY, 10)
            .await
            .expect("cases")
            .steps
    };
    let due = LateStep { what: DueStep::Destruction, about: DueFor::Case(matter.case), since: noon() };
    assert_eq!(late().await, [due]);
    assert_eq!(identities::unfinished(&scene.pool).await.expect("cases"), [matter.case]);
    let all = async || identities::all_destroyed(&scene.pool, matter.case, noon()).await;
    assert!(matches!(all().await, Err(Error::Conflict { .. })));
    for document in &documents {
        identities::destroyed(&scene.pool, document.id, noon()).await.expect("written down");
        identities::destroyed(&scene.pool, document.id, later).await.expect("agreed with");
    }
    assert!(all().await.expect("an answer").destroyed);
    assert!(all().await.expect("an answer").destroyed);
    assert_eq!(identities::undestroyed(&scene.pool, matter.case).await.expect("documents"), []);
    assert_eq!(late().await, []);
    assert_eq!(identities::unfinished(&scene.pool).await.expect("cases"), []);
    let lines = noted(&scene).await;
    assert_eq!(lines.iter().filter(|line| *line == "documents_destroyed").count(), 1, "{lines:?}");
    assert!(matter.in_full().await.documents.iter().all(|sent| sent.destroyed_at == Some(noon())));
}

#[tokio::test]
async fn cases_are_listed_by_how_long_they_wait_and_a_document_of_another_persons_case_is_noticed() {
    let scene = Scene::new().await;
    let reviewer = scene.reviewer().await;
    let (first, second) = (scene.minors_case().await, scene.minors_case().await);
    let [of_the_child, _] = first.is_reviewed_by(reviewer).await;
    let same = Document { sha256: of_the_child.sha256, ..document(Party::Person) };
    assert_eq!(second.add(&same).await, Adding::Added);
    let seen_before = second.in_full().await.seen_before;
    assert_eq!(seen_before.len(), 1);
    assert_eq!((seen_before[0].document, seen_before[0].other), (same.id, first.case));
    assert_eq!(first.in_full().await.seen_before[0].other, second.case);

    let cases = async |filter, page| {
        let listed = identities::list(&scene.pool, filter, page).await.expect("cases");
        listed.into_iter().map(|entry| entry.case).collect::<Vec<_>>()
    };
    let all = cases(Filter::default(), Page::first(10)).await;
    assert_eq!(all.len(), 2);
    assert_eq!(cases(Filter::default(), Page::after(all[0], 10)).await, all[1..]);
    let under_review = Filter { stage: Some(CaseStage::InReview), ..Filter::default() };
    assert_eq!(cases(under_review, Page::first(10)).await, [first.case]);
    let of_one = Filter { subject: Some(second.subject), ..Filter::default() };
    assert_eq!(cases(of_one, Page::first(10)).await, [second.case]);
}

#[tokio::test]
async fn nobody_changes_what_reviewers_have_said_or_seen() {
    let scene = Scene::new().await;
    let matter = scene.minors_case().await;
    let reviewer = scene.reviewer().await;
    let documents = matter.is_reviewed_by(reviewer).await;
    matter.looks_at_all(reviewer, &documents).await;
    matter.decide(&decision(reviewer, Verdict::Approve, &documents)).await;
    let owner = scene.pool_as("wolo").await;
    for table in ["minors.decisions", "minors.looks"] {
        for change in [
            format!("update {table} set round = 2"),
            format!("delete from {table}"),
            format!("truncate {table}"),
        ] {
            let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(change.clone())).execute(&owner).await;
            let refused = Error::from(refused.expect_err("a refusal"));
            assert!(
                matches!(&refused, Error::Conflict { rule } if rule == "reviews_are_append_only"),
                "{change}: {refused}"
            );
        }
    }
}
