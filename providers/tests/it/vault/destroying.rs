//! What has been destroyed is gone: here, in a backup, and after a rotation.

use chrono::{TimeDelta, Utc};

use super::*;

#[tokio::test]
async fn a_destroyed_document_is_gone_and_the_others_are_not() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let (one, two) = (place(), place());
    let beside = of(one.subject);
    for place in [&one, &two, &beside] {
        put(&vault, place, &text(place)).await.unwrap();
    }
    // Twice has one effect.
    for _ in 0..2 {
        vault.destroy_document(&one).await.unwrap();
        assert_eq!(read(&vault, &one).await, Ok(None));
        assert_eq!((files(&folders.documents()).len(), files(&folders.keys()).len()), (2, 2 + 2));
    }
    for place in [&two, &beside] {
        assert_eq!(read(&vault, place).await.unwrap().unwrap(), text(place));
    }
    vault.destroy_document(&place()).await.unwrap();
}

#[tokio::test]
async fn what_an_interrupted_writer_left_goes_with_the_document() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let card = place();
    put(&vault, &card, &text(&card)).await.unwrap();
    let content = files(&folders.documents()).remove(0);
    fs::write(content.with_file_name(Uuid::new_v4().to_string()), b"without a key").unwrap();
    fs::write(content.with_file_name(format!("{}#1", Uuid::new_v4())), b"not finished").unwrap();
    assert_eq!(read(&vault, &card).await.unwrap().unwrap(), text(&card));
    vault.destroy_document(&card).await.unwrap();
    assert_eq!(files(&folders.documents()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_destroyed_subject_cannot_be_read_from_a_backup_of_documents_and_no_rotation_brings_them_back() {
    let folders = Folders::new();
    let vault = folders.with(&["k1"]).await;
    let (gone, stays) = (place(), place());
    for place in [&gone, &stays] {
        put(&vault, place, &text(place)).await.unwrap();
    }
    let backup = folders.0.path().join("backup");
    copy(&folders.documents(), &backup);
    // Twice has one effect.
    for _ in 0..2 {
        vault.destroy_subject(gone.subject).await.unwrap();
        assert_eq!(read(&vault, &gone).await, Ok(None));
    }
    let rotated = folders.with(&["k2", "k1"]).await;
    assert_eq!(rotated.rotate(None, 100).await.unwrap().rewrapped, 1);

    let restored = opened(&backup, &folders.keys(), &["k2", "k1"]).await.unwrap();
    assert_eq!(files(&backup).len(), 2);
    assert_eq!(read(&restored, &gone).await, Ok(None));
    assert_eq!(read(&restored, &stays).await.unwrap().unwrap(), text(&stays));
    // Not even with the document's own key, which somebody has kept.
    assert!(
        !files(&folders.keys()).iter().any(|file| file.to_str().unwrap().contains(&gone.subject.to_string()))
    );
}

#[tokio::test]
async fn a_backup_of_documents_alone_is_nothing_to_whoever_has_the_ring() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let card = place();
    put(&vault, &card, &text(&card)).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    let stranger = opened(&folders.documents(), &elsewhere.path().join("keys"), &["k1"]).await.unwrap();
    assert_eq!(read(&stranger, &card).await, Ok(None));
}

#[tokio::test]
async fn what_is_older_goes_and_what_has_come_since_stays() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let (old, neighbour) = (place(), place());
    let new = of(old.subject);
    for place in [&old, &neighbour] {
        put(&vault, place, &text(place)).await.unwrap();
    }
    let (moment, earlier) = (Utc::now() - TimeDelta::minutes(1), Utc::now() - TimeDelta::minutes(2));
    for file in files(folders.0.path()) {
        fs::File::options().append(true).open(file).unwrap().set_modified(earlier.into()).unwrap();
    }
    put(&vault, &new, &text(&new)).await.unwrap();
    for _ in 0..2 {
        vault.destroy_older(old.subject, moment).await.unwrap();
        assert_eq!(read(&vault, &old).await, Ok(None));
    }
    for place in [&new, &neighbour] {
        assert_eq!(read(&vault, place).await.unwrap().unwrap(), text(place));
    }
    assert_eq!(files(&folders.documents()).len(), 2);
}

#[tokio::test]
async fn destroying_takes_up_what_an_interrupted_one_has_left() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let card = place();
    put(&vault, &card, &text(&card)).await.unwrap();
    // Interrupted after its first write.
    fs::remove_file(folders.keys().join("subjects").join(card.subject.to_string())).unwrap();
    assert_eq!(read(&vault, &card).await, Ok(None));
    vault.destroy_subject(card.subject).await.unwrap();
    assert_eq!(files(&folders.documents()), Vec::<PathBuf>::new());
    assert_eq!(files(&folders.keys()), Vec::<PathBuf>::new());
    // Whoever comes again begins anew.
    put(&vault, &card, b"another card").await.unwrap();
    assert_eq!(read(&vault, &card).await.unwrap().unwrap(), b"another card");
}
