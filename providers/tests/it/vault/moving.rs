//! Files and keys that somebody has moved are nothing in their new place.

use super::*;

/// The file of this document's key, and that of its content.
fn lie(folders: &Folders, place: &Place) -> (PathBuf, PathBuf) {
    let [subject, document] = [place.subject, place.document].map(|id| id.to_string());
    let contents = folders.documents().join(&subject).join(&document);
    let content = files(&contents);
    assert_eq!(content.len(), 1);
    (folders.keys().join("documents").join(subject).join(document), content[0].clone())
}

const DOCUMENT: VaultError = VaultError::Damaged("a document");
const ITS_KEY: VaultError = VaultError::Damaged("the key of a document");

async fn two_documents(folders: &Folders, vault: &Vault, one: &Place, two: &Place) {
    for place in [one, two] {
        put(vault, place, &text(place)).await.unwrap();
    }
    assert_eq!(files(&folders.documents()).len(), 2);
}

#[tokio::test]
async fn a_document_moved_to_another_document_or_subject_is_refused() {
    let one = place();
    for two in [of(one.subject), place()] {
        let folders = Folders::new();
        let vault = folders.vault().await;
        two_documents(&folders, &vault, &one, &two).await;
        let ((key_one, content_one), (key_two, content_two)) = (lie(&folders, &one), lie(&folders, &two));
        // The content alone, under the name that is expected there.
        fs::copy(&content_one, &content_two).unwrap();
        assert_eq!(read(&vault, &two).await, Err(DOCUMENT));
        // With its name, and with its key.
        fs::copy(&content_one, content_two.with_file_name(content_one.file_name().unwrap())).unwrap();
        fs::copy(&key_one, &key_two).unwrap();
        assert_eq!(read(&vault, &two).await, Err(ITS_KEY));
        assert_eq!(put(&vault, &two, &text(&two)).await, Err(ITS_KEY));
        assert_eq!(read(&vault, &one).await.unwrap().unwrap(), text(&one));
    }
}

#[tokio::test]
async fn a_subjects_key_does_not_open_for_another_subject() {
    let (one, two) = (place(), place());
    let folders = Folders::new();
    let vault = folders.vault().await;
    two_documents(&folders, &vault, &one, &two).await;
    let subjects = folders.keys().join("subjects");
    fs::copy(subjects.join(one.subject.to_string()), subjects.join(two.subject.to_string())).unwrap();
    assert_eq!(read(&vault, &two).await, Err(VaultError::Damaged("the key of a subject")));
    assert_eq!(read(&vault, &one).await.unwrap().unwrap(), text(&one));
}

#[tokio::test]
async fn a_document_is_read_as_what_it_is_and_as_nothing_else() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let card = place();
    put(&vault, &card, &text(&card)).await.unwrap();
    let selfie = Place { kind: "selfie", ..card };
    assert_eq!(read(&vault, &selfie).await, Err(ITS_KEY));
    assert_eq!(put(&vault, &selfie, &text(&card)).await, Err(ITS_KEY));
}

#[tokio::test]
async fn what_lies_there_changed_cut_or_not_at_all_is_damage_and_not_absence() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let card = place();
    put(&vault, &card, &text(&card)).await.unwrap();
    let (key, content) = lie(&folders, &card);
    let (whole, whole_key) = (fs::read(&content).unwrap(), fs::read(&key).unwrap());
    let mut changed = whole.clone();
    changed[70_000] ^= 1;
    for wrong in [&changed[..], &whole[..70_000], &[]] {
        fs::write(&content, wrong).unwrap();
        assert_eq!(read(&vault, &card).await, Err(DOCUMENT));
    }
    fs::remove_file(&content).unwrap();
    assert_eq!(read(&vault, &card).await, Err(DOCUMENT));
    fs::write(&content, &whole).unwrap();
    fs::write(&key, &whole_key[..40]).unwrap();
    assert_eq!(read(&vault, &card).await, Err(ITS_KEY));
    fs::write(&key, &whole_key).unwrap();
    assert_eq!(read(&vault, &card).await.unwrap().unwrap(), text(&card));
}
