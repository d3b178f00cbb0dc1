//! From one key-encryption key to the next, beside everything else that goes on.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;
use wolo_providers::vault::{Rotated, Standing};

use super::*;

fn under(standing: &Standing) -> BTreeMap<&str, u64> {
    assert_eq!(standing.unreadable, 0);
    standing.by_key.iter().map(|(id, count)| (id.as_str(), *count)).collect()
}

#[tokio::test]
async fn it_goes_in_steps_from_where_it_was_and_says_when_it_is_done() {
    let folders = Folders::new();
    let old = folders.with(&["k1"]).await;
    let places: Vec<_> = (0..25).map(|_| place()).collect();
    for place in &places {
        put(&old, place, &text(place)).await.unwrap();
    }
    assert_eq!(under(&old.standing().await.unwrap()), [("k1", 25)].into());
    let new = folders.with(&["k2", "k1"]).await;
    let (mut after, mut steps) = (None, Vec::new());
    loop {
        let step = new.rotate(after, 10).await.unwrap();
        steps.push(step.rewrapped);
        after = step.next;
        if after.is_none() {
            break;
        }
        let left = 25 - steps.iter().sum::<u64>();
        assert_eq!(new.standing().await.unwrap().by_key.get("k1"), Some(&left));
    }
    assert_eq!(steps, [10, 10, 5]);
    assert_eq!(under(&new.standing().await.unwrap()), [("k2", 25)].into());
    // Once more has no effect.
    assert_eq!(new.rotate(None, 100).await.unwrap(), Rotated { rewrapped: 0, unreadable: 0, next: None });
    // The old one may go.
    let only_new = folders.with(&["k2"]).await;
    for place in &places {
        assert_eq!(read(&only_new, place).await.unwrap().unwrap(), text(place));
    }
    assert_eq!(read(&old, &places[0]).await, Err(VaultError::UnknownKey("k2".to_owned())));
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_counted_left_alone_and_holds_nothing_up() {
    let folders = Folders::new();
    let lost = folders.with(&["lost"]).await;
    let (unreadable, damaged) = (place(), place());
    put(&lost, &unreadable, b"card").await.unwrap();
    let old = folders.with(&["k1"]).await;
    put(&old, &damaged, b"card").await.unwrap();
    put(&old, &place(), b"card").await.unwrap();
    let file = folders.keys().join("subjects").join(damaged.subject.to_string());
    fs::write(&file, b"WOLO").unwrap();
    let rotated = folders.with(&["k2", "k1"]).await.rotate(None, 100).await.unwrap();
    assert_eq!(rotated, Rotated { rewrapped: 1, unreadable: 2, next: None });
    let standing = lost.standing().await.unwrap();
    assert_eq!(
        (standing.by_key.get("lost"), standing.by_key.get("k2"), standing.unreadable),
        (Some(&1), Some(&1), 1)
    );
    assert_eq!(read(&lost, &unreadable).await.unwrap().unwrap(), b"card");
    assert_eq!(fs::read(&file).unwrap(), b"WOLO");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_reads_while_it_goes_on_is_stopped_and_taken_up_and_after_the_old_key_has_gone() {
    const SUBJECTS: usize = 60;
    let folders = Folders::new();
    let old = folders.with(&["k1"]).await;
    let known: Arc<Mutex<Vec<Place>>> = Arc::default();
    for _ in 0..SUBJECTS {
        let place = place();
        put(&old, &place, &text(&place)).await.unwrap();
        known.lock().unwrap().push(place);
    }
    // Everywhere both keys are known before anything is wrapped with the new one.
    let before = folders.with(&["k1", "k2"]).await;
    let after = folders.with(&["k2", "k1"]).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut others = JoinSet::new();
    for number in 0..50 {
        let (vault, known, done) = (Arc::clone(&before), Arc::clone(&known), Arc::clone(&done));
        others.spawn(async move {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) || reads == 0 {
                let place = {
                    let known = known.lock().unwrap();
                    known[(number + reads) % known.len()]
                };
                assert_eq!(read(&vault, &place).await.unwrap().unwrap(), text(&place));
                reads += 1;
            }
            reads
        });
    }
    for number in 0..20 {
        // Some have been started anew already, some have not; some write for subjects who are known.
        let vault = Arc::clone(if number % 2 == 0 { &before } else { &after });
        let (known, done) = (Arc::clone(&known), Arc::clone(&done));
        others.spawn(async move {
            let mut writes = 0;
            while !done.load(Ordering::Relaxed) || writes == 0 {
                let subject = known.lock().unwrap()[number].subject;
                let place = if writes % 2 == 0 { place() } else { of(subject) };
                put(&vault, &place, &text(&place)).await.unwrap();
                known.lock().unwrap().push(place);
                writes += 1;
            }
            writes
        });
    }
    // Stopped at whatever it is doing, again and again, and begun where it had said it was.
    let mut next = None;
    let (mut stops, mut rewrapped) = (0, 0);
    for turn in 0..100 {
        let vault = Arc::clone(&after);
        let step = tokio::spawn(async move { vault.rotate(next, 3).await });
        if turn % 2 == 0 {
            tokio::task::yield_now().await;
            step.abort();
        }
        match step.await {
            Ok(step) => {
                let step = step.unwrap();
                assert_eq!(step.unreadable, 0);
                next = step.next;
                rewrapped += step.rewrapped;
            }
            Err(_) => stops += 1,
        }
    }
    done.store(true, Ordering::Relaxed);
    let passes: Vec<usize> = others.join_all().await;
    assert!(stops > 0 && rewrapped > 0, "{stops} stops, {rewrapped} keys");

    let all = after.rotate(None, usize::MAX).await.unwrap();
    assert_eq!(all.next, None);
    let standing = after.standing().await.unwrap();
    assert_eq!(standing.by_key.keys().collect::<Vec<_>>(), ["k2"]);
    let only_new = folders.with(&["k2"]).await;
    let known = known.lock().unwrap().clone();
    for place in &known {
        assert_eq!(read(&only_new, place).await.unwrap().unwrap(), text(place));
    }
    println!(
        "{} documents of {} subjects read, 0 unreadable; {stops} stops, {} reads and writes meanwhile",
        known.len(),
        standing.by_key["k2"],
        passes.iter().sum::<usize>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_is_destroyed_while_it_is_rotated_does_not_come_back() {
    let folders = Folders::new();
    let old = folders.with(&["k1"]).await;
    let places: Vec<_> = (0..200).map(|_| place()).collect();
    for place in &places {
        put(&old, place, b"card").await.unwrap();
    }
    let new = folders.with(&["k2", "k1"]).await;
    let mut both = JoinSet::new();
    for vault in [Arc::clone(&new), folders.with(&["k3", "k2", "k1"]).await] {
        both.spawn(async move { vault.rotate(None, usize::MAX).await.unwrap().rewrapped });
    }
    for place in &places {
        let (vault, subject) = (Arc::clone(&old), place.subject);
        both.spawn(async move { vault.destroy_subject(subject).await.map(|()| 0).unwrap() });
    }
    let rewrapped: u64 = both.join_all().await.into_iter().sum();
    println!("{rewrapped} keys were rewrapped while all 200 were destroyed");
    assert_eq!(new.standing().await.unwrap(), Standing::default());
    assert_eq!(files(&folders.keys()), Vec::<PathBuf>::new());
    assert_eq!(files(&folders.documents()), Vec::<PathBuf>::new());
}
