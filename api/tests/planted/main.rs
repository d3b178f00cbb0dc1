//! The whole story of a minor, told over HTTP with a hundred values that nobody else has: names, numbers, addresses, notes, codes, links
//! and what documents show. Afterwards they are looked for wherever an operator looks: in the log of API and worker, in figures, in
//! all that the engine has written to its disk, and in the archive of what ended processes went through.
//!
//! What is personal stands in the engine's store encrypted. Decrypted, it has what a process needs to say; what documents show and what
//! opens an account is not even there.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "one story needs less than all of them")]
mod app;
mod histories;
mod pictures;
#[path = "../it/reply.rs"]
#[expect(dead_code, reason = "one story needs less than all of them")]
mod reply;
mod searching;
mod story;

use std::sync::{Arc, LazyLock, Mutex};

use searching::{Kind, Search};

/// What the log was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

static LOG: LazyLock<Log> = LazyLock::new(Log::default);

/// For whoever wants to know why the story stopped.
fn end_of_the_log() -> String {
    let log = String::from_utf8_lossy(&LOG.0.lock().unwrap()).into_owned();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// More than an operator would ever switch on: everything of ours, and what the libraries say of trouble.
const FILTER: &str = "info,wolo_api=debug,wolo_worker=debug,wolo_activities=debug,wolo_database=debug,wolo_providers=debug,\
                      wolo_bootstrap=debug,wolo_control=debug,wolo_workflows=debug";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_planted_values_are_found_nowhere_in_logs_figures_or_the_engines_store() {
    let log = LOG.clone();
    let written = log.clone();
    let lines =
        tracing_subscriber::fmt().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let lines = lines
        .with_env_filter(tracing_subscriber::EnvFilter::new(FILTER))
        .with_writer(move || written.clone());
    tracing::subscriber::set_global_default(lines.finish()).unwrap();

    let (app, planted) = Box::pin(story::told()).await;
    let texts = planted.iter().filter(|one| one.kind != Kind::Document).count();
    assert!(planted.len() >= 100 && texts < planted.len(), "{} values are planted", planted.len());

    let mut places = vec![("the log".to_owned(), log.0.lock().unwrap().clone())];
    for (what, address) in
        [("API", app.base.clone()), ("worker", format!("http://{}", story::health_of_worker()))]
    {
        for page in ["/metrics", "/health", "/ready", "/services"] {
            let answer = story::request_to(&format!("{address}{page}")).send().await.unwrap();
            places.push((format!("{page} of the {what}"), answer.bytes().await.unwrap().to_vec()));
        }
    }
    let kept = histories::kept(&app).await;
    assert!(
        kept.processes >= 30 && kept.payloads >= 300,
        "{} processes, {} payloads",
        kept.processes,
        kept.payloads
    );
    places.push(("the engine's histories".to_owned(), kept.as_stored));
    places.push(("the archive of histories".to_owned(), histories::archived(&app).await));
    places.extend(histories::files(&app));

    let lines = String::from_utf8_lossy(&places[0].1).lines().count();
    assert!(lines >= 200, "a log of {lines} lines proves little");
    println!(
        "{} values ({texts} texts), {} processes, {} payloads",
        planted.len(),
        kept.processes,
        kept.payloads
    );
    let search = Search::new(&planted);
    let mut wrong = Vec::new();
    for (place, content) in &places {
        println!("{place}: {} bytes", content.len());
        for one in search.found_in(content) {
            wrong.push(format!("{} is in {place}", one.what));
        }
    }
    // Decrypted, histories have what is to be said to people, and no more.
    let mut there = std::collections::BTreeMap::<_, usize>::new();
    for one in search.found_in(&kept.decrypted) {
        *there.entry(one.kind).or_default() += 1;
        if matches!(one.kind, Kind::Document | Kind::Password | Kind::Session) {
            wrong.push(format!("{} is in the histories, decrypted", one.what));
        }
    }
    println!("decrypted, the histories have: {there:?}");
    assert!(there.contains_key(&Kind::Name), "what is decrypted can be read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
