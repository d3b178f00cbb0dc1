//! What an operator is told of something that is gone: a pot's process, or a part of the world.

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use tempfile::TempDir;
use temporalio_client::WorkflowTerminateOptions;
use wolo_bootstrap::settings::Layers;
use wolo_database::pots::NewPot;
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{PotRules, PotSettings, Timeline};
use wolo_workflows::pot_lifecycle::PotLifecycle;

use crate::dev::{Dev, json, make_pot, token_of};
use crate::payout::until;
use crate::{said, wolo};

/// Somebody ends its process in the Temporal UI, which asks the same of the engine.
pub(crate) fn a_pot_that_lost_its_process_is_found_and_started_again(home: &Path, dev: &Dev) {
    let words =
        ["users", "add", "--name", "Khady", "--birth-date", "1999-12-31", "--phone", "781234569", "--json"];
    let owner = json(home, &words)["id"].as_str().unwrap().to_owned();
    let pot = make_pot(dev.addresses["api"].as_str().unwrap(), &token_of(home, &owner));
    assert_eq!(json(home, &["pots", "restart", &pot, "--json"])["outcome"], "running");
    terminate(dev.addresses["temporal"].as_str().unwrap(), &format!("pot/{pot}"));

    // The engine's index hears of it a moment later.
    let (out, err) = until(|| {
        let (code, out, err) = said(wolo(home).arg("doctor"));
        (code == 1).then_some((out, err))
    });
    assert_eq!(err, "wolo: one thing is not as it should be\n", "{out}");
    let way_out = format!("start it again with `wolo pots restart {pot}`");
    assert!(out.contains(&format!("{pot} has no process: {way_out}\n")), "{out}");
    let (_, out, _) = said(wolo(home).args(["pots", "show", &pot]));
    assert!(out.contains(&format!("gives no answer: it is not there; {way_out}\n")), "{out}");
    let (code, _, err) = said(wolo(home).args(["pots", "hold", &pot, "--note", "a test"]));
    assert_eq!((code, err), (3, format!("wolo: its process is not there; {way_out}\n")));

    let (code, out, err) = said(wolo(home).args(["pots", "restart", &pot]));
    assert_eq!(
        (code, out),
        (0, format!("{pot}: its process was not there and has been started.\n")),
        "{err}"
    );
    let (code, out, _) = said(wolo(home).arg("doctor"));
    assert_eq!(code, 0, "{out}");
    let cancel = ["pots", "cancel", &pot, "--reason", "a test", "--yes", "--json"];
    assert_eq!(json(home, &cancel)["outcome"], "done");
    let (code, _, err) = said(wolo(home).args(["pots", "restart", &pot]));
    assert_eq!((code, err.as_str()), (3, "wolo: there is nothing to start: the pot is cancelled\n"));
}

/// It is written down, and nobody has ever moved it.
pub(crate) fn a_pot_that_is_late_is_named_and_helped(home: &Path, dev: &Dev) {
    let at = Utc::now() - TimeDelta::hours(2);
    let birthday = dakar::day_of(at) + Days::new(10);
    let born = birthday.with_year(birthday.year() - 40).unwrap().to_string();
    let words = ["users", "add", "--name", "Ndeye", "--birth-date", &born, "--phone", "781234570", "--json"];
    let owner = json(home, &words)["id"].as_str().unwrap().parse().unwrap();
    let pot = forgotten(dev.addresses["postgres"].as_str().unwrap(), owner, birthday, at);
    let named = || {
        let told = json(home, &["stuck", "--json"])["stuck"].clone();
        told.as_array().unwrap().iter().find(|one| one["process"] == format!("pot/{pot}")).cloned()
    };
    let late = named().unwrap();
    assert_eq!(
        (&late["why"], &late["waits_for"]),
        (&"late".into(), &"its opening, which was due".into()),
        "{late}"
    );
    let (code, out, _) = said(wolo(home).arg("stuck"));
    let helps = format!("support helps with: wolo pots restart {pot}");
    assert!(code == 0 && out.contains(&helps), "{out}");
    let (code, out, _) = said(wolo(home).arg("doctor"));
    assert!(code == 1 && out.contains("pots whose next step is late: 1, the first since"), "{out}");

    assert_eq!(json(home, &["pots", "restart", &pot, "--json"])["outcome"], "started");
    until(|| named().is_none().then_some(()));
    let cancel = ["pots", "cancel", &pot, "--reason", "a test", "--yes", "--json"];
    assert_eq!(json(home, &cancel)["outcome"], "done");
}

/// A pot that should have opened when it was written.
fn forgotten(postgres: &str, owner: UserId, birthday: NaiveDate, at: DateTime<Utc>) -> String {
    let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
    let new = NewPot {
        id: PotId::for_birthday(owner, birthday.year()),
        owner,
        settings: PotSettings::of_birthday("Ndeye", Xof::new(25_000)),
        timeline: Timeline::plan(birthday, at, &rules),
        at,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = wolo_database::connect(postgres, 1).await.unwrap();
        wolo_database::pots::schedule(&pool, &new).await.unwrap();
    });
    new.id.to_string()
}

pub(crate) fn terminate(temporal: &str, workflow_id: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = Layers::new().set("temporal.address", temporal).read().unwrap();
        let client = wolo_bootstrap::temporal::connect(&settings.temporal).await.unwrap();
        let process = client.get_workflow_handle::<PotLifecycle>(workflow_id);
        process.terminate(WorkflowTerminateOptions::default()).await.unwrap();
    });
}

#[test]
fn a_world_that_loses_a_part_ends_and_says_which() {
    for (part, name) in [("postgres", "Postgres"), ("temporal", "the Temporal server")] {
        let home = TempDir::new().unwrap();
        let dev = Dev::start(home.path());
        kill(dev.addresses[part].as_str().unwrap());
        let (code, said) = dev.falls();
        assert_eq!(code, Some(1), "{said}");
        let sentence = format!("wolo: {name} has ended though nobody told it to; its log ends with:\n");
        assert!(said.contains(&sentence), "{said}");
    }
}

/// Kills whoever was started to listen at this address, as a crash would.
fn kill(address: &str) {
    let port = address.rsplit(':').next().unwrap().split('/').next().unwrap();
    let listed = Command::new("ps").args(["-A", "-ww", "-o", "pid=,args="]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let listens = |line: &&str| {
        let mut words = line.split_whitespace().skip(1);
        // A shell watches over each of them and has the same words behind its own.
        words.next().is_some_and(|program| !program.ends_with("sh"))
            && line.split_whitespace().any(|word| word == port || word == format!("port={port}"))
    };
    let found: Vec<_> = listed.lines().filter(listens).collect();
    let [line] = found.as_slice() else { panic!("who listens at {port}? {found:?}") };
    let pid = line.split_whitespace().next().unwrap();
    assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
}
