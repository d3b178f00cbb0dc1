//! Several at the same document or subject: one outcome, and never a document that is there and cannot be read.

use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_documents_that_race_to_be_a_subjects_first_have_one_key() {
    let folders = Folders::new();
    for _ in 0..30 {
        let subject = Uuid::new_v4();
        let places: Vec<_> = (0..8).map(|_| of(subject)).collect();
        let mut racing = JoinSet::new();
        for place in places.clone() {
            let vault = folders.vault().await;
            racing.spawn(async move { put(&vault, &place, &text(&place)).await.unwrap() });
        }
        racing.join_all().await;
        let vault = folders.vault().await;
        for place in &places {
            assert_eq!(read(&vault, place).await.unwrap().unwrap(), text(place));
        }
    }
    assert_eq!(files(&folders.keys().join("subjects")).len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_contents_that_race_for_one_place_one_wins_and_the_other_is_told() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    for _ in 0..30 {
        let place = place();
        let mut racing = JoinSet::new();
        for number in 0..8_u8 {
            let vault = Arc::clone(&vault);
            // Each content twice.
            racing.spawn(async move { (number / 2, put(&vault, &place, &vec![number / 2; 100_000]).await) });
        }
        let came = racing.join_all().await;
        let winner = read(&vault, &place).await.unwrap().unwrap()[0];
        for (number, came) in came {
            assert_eq!(came.is_ok(), number == winner, "{came:?}");
            assert!(came.is_ok() || came == Err(VaultError::Taken), "{came:?}");
        }
    }
    assert_eq!(files(&folders.documents()).len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_document_that_is_destroyed_while_it_is_written_is_there_as_a_whole_or_not_at_all() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let (mut there, mut gone) = (0, 0);
    for round in 0..150 {
        let place = place();
        put(&vault, &of(place.subject), b"another").await.unwrap();
        let mut racing = JoinSet::new();
        let writer = Arc::clone(&vault);
        racing.spawn(async move { put(&writer, &place, &text(&place)).await.map(drop) });
        let destroyer = Arc::clone(&vault);
        racing.spawn(async move {
            if round % 2 == 0 {
                destroyer.destroy_document(&place).await
            } else {
                destroyer.destroy_subject(place.subject).await
            }
        });
        for came in racing.join_all().await {
            assert!(came == Ok(()) || came == Err(VaultError::Destroyed), "{came:?}");
        }
        match read(&vault, &place).await.unwrap() {
            Some(content) => {
                assert_eq!(content, text(&place));
                there += 1;
            }
            None => gone += 1,
        }
        // Whoever destroys once more leaves nothing.
        vault.destroy_subject(place.subject).await.unwrap();
    }
    println!("{there} were there, {gone} were gone");
    assert_eq!(files(&folders.documents()), Vec::<PathBuf>::new());
    assert_eq!(files(&folders.keys()), Vec::<PathBuf>::new());
}
