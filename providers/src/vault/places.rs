//! Where things lie in the two stores.

use object_store::path::Path;
use uuid::Uuid;

/// All keys of subjects, and nothing else: what a rotation walks through.
pub(super) fn subject_keys() -> Path {
    Path::from("subjects")
}

pub(super) fn subject_key_of(subject: Uuid) -> Path {
    subject_keys().join(subject.to_string())
}

/// What the keys of both kinds lie below.
pub(super) fn all_keys() -> [Path; 2] {
    [subject_keys(), document_keys()]
}

fn document_keys() -> Path {
    Path::from("documents")
}

/// What lies beside them while not all have come back from a copy.
pub(super) fn coming_back() -> Path {
    Path::from("coming-back")
}

/// The subject whose key lies here.
pub(super) fn subject_at(path: &Path) -> Option<Uuid> {
    path.filename()?.parse().ok()
}

pub(super) fn document_keys_of(subject: Uuid) -> Path {
    document_keys().join(subject.to_string())
}

pub(super) fn document_key_of(subject: Uuid, document: Uuid) -> Path {
    document_keys_of(subject).join(document.to_string())
}

pub(super) fn contents_of_subject(subject: Uuid) -> Path {
    Path::from(subject.to_string())
}

/// Everything that anybody ever wrote for this document; one of it at most has a key.
pub(super) fn contents_of(subject: Uuid, document: Uuid) -> Path {
    contents_of_subject(subject).join(document.to_string())
}

pub(super) fn content_of(subject: Uuid, document: Uuid, content: Uuid) -> Path {
    contents_of(subject, document).join(content.to_string())
}

/// Where the key is of what lies at such a place.
pub(super) fn key_of_content(path: &Path) -> Option<Path> {
    let mut parts = path.parts();
    let subject = parts.next()?.as_ref().parse().ok()?;
    Some(document_key_of(subject, parts.next()?.as_ref().parse().ok()?))
}
