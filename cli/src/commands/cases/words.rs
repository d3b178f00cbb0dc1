//! Cases in words: where one stands, what it waits for, what is odd about it, and why something is refused, with the command that
//! comes next.

use anyhow::Error;
use wolo_database::identities::{Case, Entry};
use wolo_domain::contacts::Language;
use wolo_domain::identities::{CaseStage, Document, DocumentKind, Party, Verdict, in_words};
use wolo_domain::ids::{CaseId, UserId};

use crate::commands::proving::NOT_A_REVIEWER;
use crate::failure::refused;
use crate::output::instant;

pub(super) const NO_REASON: &str = "a reason is 1 to 500 characters";

/// Where a case stands.
pub(super) fn stage(stage: CaseStage) -> &'static str {
    match stage {
        CaseStage::Opened => "collects its documents",
        CaseStage::Submitted => "is submitted",
        CaseStage::InReview => "is in review",
        CaseStage::Approved => "is approved",
        CaseStage::Rejected => "is rejected",
        CaseStage::MoreNeeded => "collects more documents",
    }
}

/// So many reviewers have approved it in this round.
pub(super) fn waits_for(entry: &Entry, approvals: usize) -> String {
    match (entry.stage, entry.assigned_to, entry.destroy_at) {
        (CaseStage::Opened, ..) => "documents".to_owned(),
        (CaseStage::MoreNeeded, ..) => "more documents".to_owned(),
        (CaseStage::Submitted, ..) => "a reviewer who takes it".to_owned(),
        (CaseStage::InReview, ..) if approvals > 0 => "the approval of another reviewer".to_owned(),
        (CaseStage::InReview, Some(reviewer), _) => format!("a decision; {reviewer} has it"),
        (CaseStage::InReview, None, _) => "a decision".to_owned(),
        _ if entry.destroyed_at.is_some() => "nothing".to_owned(),
        (_, _, Some(at)) => format!("the destruction of its documents, on {}", instant(at)),
        _ => "the destruction of its documents".to_owned(),
    }
}

pub(super) fn reasons(reasons: &[wolo_domain::identities::Reason]) -> String {
    in_words(reasons, Language::English)
}

pub(super) const fn kind(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::IdentityCard => "identity card",
        DocumentKind::Passport => "passport",
        DocumentKind::BirthCertificate => "birth certificate",
        DocumentKind::Guardianship => "proof of guardianship",
    }
}

pub(super) const fn party(party: Party) -> &'static str {
    match party {
        Party::Person => "the person",
        Party::Guardian => "the guardian",
    }
}

/// `doc_… (passport of the guardian, sha256 …)`.
pub(super) fn document(document: &Document) -> String {
    let Document { id, sha256, .. } = document;
    format!("{id} ({} of {}, sha256 {sha256})", kind(document.kind), party(document.party))
}

/// What a reviewer should know before they decide. Each may have a good reason; none decides.
pub(super) fn flags(case: &Case, minors_of_guardian: Option<i64>) -> Vec<String> {
    let again = case.seen_before.iter().map(|seen| {
        format!("the same content as {} is in the case of somebody else: {}", seen.document, seen.other)
    });
    let many = minors_of_guardian
        .map(|minors| format!("the guardian's phone is that of {minors} minors' guardians"));
    again.chain(many).collect()
}

pub(super) fn given(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Reject => "rejected",
        Verdict::Ask => "asked for more",
    }
}

/// Why it cannot be looked at or decided in this stage.
pub(super) fn not_now(case: CaseId, now: CaseStage) -> Error {
    let next = match now {
        CaseStage::Submitted => format!(": nobody has taken it (wolo cases take {case})"),
        CaseStage::Opened | CaseStage::MoreNeeded => ": they are not submitted yet".to_owned(),
        CaseStage::Approved | CaseStage::Rejected | CaseStage::InReview => String::new(),
    };
    refused(format!("the case {}{next}", stage(now)))
}

pub(super) fn not_a_reviewer() -> Error {
    refused(NOT_A_REVIEWER)
}

pub(super) fn own_case() -> Error {
    refused("nobody reviews their own case")
}

pub(super) fn not_looked(case: CaseId) -> Error {
    refused(format!(
        "not every document of this round has been looked at by this reviewer: wolo cases open {case} --reason …"
    ))
}

/// Who may still approve a case, and what they do for it.
pub(super) fn who_else(case: CaseId, missing: u32, others: &[UserId]) -> String {
    let people = match missing {
        1 => "One other reviewer has to approve it".to_owned(),
        more => format!("{more} other reviewers have to approve it"),
    };
    let names = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if others.is_empty() {
        format!("{people}, and there is none: wolo users grant USER reviewer --reason …")
    } else {
        format!("{people}: {names}.\nThey look first: wolo cases open {case} --reason …")
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;
    use wolo_database::identities::SeenBefore;
    use wolo_domain::ids::DocumentId;

    use super::*;

    fn entry(stage: CaseStage) -> Entry {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        Entry {
            case: CaseId::from_uuid(Uuid::from_u128(1)),
            subject: UserId::from_uuid(Uuid::from_u128(2)),
            consent: None,
            stage,
            round: 1,
            opened_at: at,
            since: at,
            submitted_at: Some(at),
            assigned_to: Some(UserId::from_uuid(Uuid::from_u128(3))),
            escalated_at: None,
            approvals_needed: 2,
            reasons: Vec::new(),
            destroy_at: stage.is_decided().then_some(at),
            destroyed_at: None,
        }
    }

    #[test]
    fn what_a_case_waits_for_is_said_in_every_stage() {
        let said = CaseStage::ALL.map(|stage| waits_for(&entry(stage), 0));
        assert_eq!(
            said,
            [
                "documents",
                "a reviewer who takes it",
                "a decision; usr_00000000000000000000000000000003 has it",
                "the destruction of its documents, on 1 Jan 1970 00:00",
                "the destruction of its documents, on 1 Jan 1970 00:00",
                "more documents",
            ]
        );
        assert_eq!(waits_for(&entry(CaseStage::InReview), 1), "the approval of another reviewer");
        let destroyed = Entry { destroyed_at: Some(DateTime::UNIX_EPOCH), ..entry(CaseStage::Approved) };
        assert_eq!(waits_for(&destroyed, 0), "nothing");
    }

    #[test]
    fn what_is_odd_about_a_case_is_said_and_nothing_else_is() {
        let (document, other) =
            (DocumentId::from_uuid(Uuid::from_u128(4)), CaseId::from_uuid(Uuid::from_u128(5)));
        let entry = entry(CaseStage::InReview);
        let mut case = Case {
            entry,
            documents: Vec::new(),
            words: Vec::new(),
            looks: Vec::new(),
            seen_before: Vec::new(),
        };
        assert_eq!(flags(&case, None), Vec::<String>::new());
        case.seen_before.push(SeenBefore { document, other });
        assert_eq!(
            flags(&case, Some(6)),
            [
                format!("the same content as {document} is in the case of somebody else: {other}"),
                "the guardian's phone is that of 6 minors' guardians".to_owned(),
            ]
        );
    }
}
