//! The ways on from where a minor's case seems to end: a rejection, and a process that somebody has ended.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use wolo_domain::ids::{CaseId, ConsentId};

use crate::cases::{Opened, fetch, pictures};
use crate::dev::{Dev, get, json};
use crate::losses::terminate;
use crate::payout::until;
use crate::reviewers::Reviewer;
use crate::senders::{GUARDIAN, Senders};
use crate::{said, wolo};

pub(crate) fn a_rejected_case_is_followed_by_another(
    home: &Path,
    dev: &Dev,
    senders: &Senders,
    minor: &str,
    consent: ConsentId,
    aida: &mut Reviewer,
) {
    let rejected = senders.submitted(minor, consent).case;
    is_shown_in_the_browser(home, rejected, aida);
    is_rejected_and_the_guardian_is_told_why(home, dev, rejected, aida);
    let next = another_begins(home, dev, consent, minor);
    a_lost_case_is_started_again(home, dev, &next);
    a_lost_consent_is_started_again(home, dev, minor, consent);
}

/// The browser of this test writes down what it is asked to open.
fn is_shown_in_the_browser(home: &Path, case: CaseId, aida: &mut Reviewer) {
    let (programs, opened) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let asked = opened.path().join("asked");
    for program in ["xdg-open", "open"] {
        let path = programs.path().join(program);
        std::fs::write(&path, format!("#!/bin/sh\necho \"$1\" > {}\n", asked.display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_eq!(aida.does(home, &["cases", "take", &case.to_string()]).0, 0);
    let mut path = programs.path().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let page = Opened::with(home, aida, case, |command| command.arg("--browser").env("PATH", path));
    let address = until(|| std::fs::read_to_string(&asked).ok().filter(|text| text.ends_with('\n')));
    assert_eq!(address.trim(), page.page);
    let shown = String::from_utf8(fetch(&page.page, None).2).unwrap();
    for picture in pictures(&shown) {
        assert_eq!(fetch(&page.address_of(picture), None).0, 200);
    }
    page.ends_by_itself();
}

fn is_rejected_and_the_guardian_is_told_why(home: &Path, dev: &Dev, case: CaseId, aida: &mut Reviewer) {
    let case = case.to_string();
    let reject = ["cases", "reject", &case, "--for", "no_tie", "--for", "expired", "--reason", "seen twice"];
    let (code, _, err) = said(wolo(home).args(reject).args(["--by", &aida.id, "--code", "000000"]));
    assert!(code == 3 && err.starts_with("wolo: this needs a yes"), "{err}");
    let (code, out, err) = aida.does(home, &[&reject[..], &["--yes"]].concat());
    assert!(code == 0 && out.starts_with(&format!("{case} is rejected.\n")), "{out} {err}");
    let shown = json(home, &["cases", "show", &case, "--json"]);
    assert_eq!(shown["case"]["reasons"], serde_json::json!(["no_tie", "expired"]), "{shown}");
    let text = until(|| message(dev, "pas pu vérifier l'identité"));
    assert!(text.contains("Khady") && !text.contains("seen twice"), "{text}");
    let (code, _, err) = aida.does(home, &["cases", "open", &case, "--reason", "once more"]);
    assert_eq!((code, err.as_str()), (3, "wolo: the case is rejected\n"));
}

/// Which case it is.
fn another_begins(home: &Path, dev: &Dev, consent: ConsentId, minor: &str) -> String {
    let consent = consent.to_string();
    let (code, _, err) = said(wolo(home).args(["cases", "again", &consent]));
    assert!(code == 2 && err.contains("--reason"), "{err}");
    let again = ["cases", "again", &consent, "--reason", "they called", "--by", "fatou", "--json"];
    let begun = json(home, &again);
    // The link of this guardian was made by a test, as by another secret: their process alone knows it.
    assert_eq!((&begun["begun"], &begun["link_is_known"]), (&true.into(), &false.into()), "{begun}");
    let case = begun["case"].as_str().unwrap().to_owned();
    assert_eq!(json(home, &["cases", "show", &case, "--json"])["case"]["stage"], "opened");
    until(|| message(dev, "manque quelque chose"));
    let (code, out, err) = said(wolo(home).args(["cases", "again", minor, "--reason", "once more"]));
    let already = format!("{case} collects documents already; nothing has been done.\n");
    assert_eq!((code, out), (0, already), "{err}");
    let line = until(|| {
        let shown = json(home, &["audit", "show", "--about", &case, "--json"]);
        let lines = shown["entries"].as_array()?.clone();
        lines.into_iter().find(|one| one["action"] == "case_opened")
    });
    assert_eq!((&line["by"], &line["reason"]), (&"operator:fatou".into(), &"they called".into()));
    case
}

fn a_lost_case_is_started_again(home: &Path, dev: &Dev, case: &str) {
    let restart = ["cases", "restart", case, "--json"];
    assert_eq!(json(home, &restart)["outcome"], "running");
    terminate(dev.addresses["temporal"].as_str().unwrap(), &format!("identity/{case}"));
    let way_out = format!("wolo cases restart {case}");
    doctor_says(home, &way_out);
    let (_, out, _) = said(wolo(home).args(["cases", "show", case]));
    assert!(out.contains(&format!("there is none: {way_out}\n")), "{out}");
    let (code, out, err) = said(wolo(home).args(["cases", "restart", case]));
    assert_eq!(
        (code, out),
        (0, format!("{case}: its process was not there and has been started.\n")),
        "{err}"
    );
    assert_eq!(json(home, &["cases", "show", case, "--json"])["process_runs"], true);
}

fn a_lost_consent_is_started_again(home: &Path, dev: &Dev, minor: &str, consent: ConsentId) {
    let restart = ["consents", "restart", &consent.to_string(), "--json"].map(str::to_owned);
    let restart: Vec<&str> = restart.iter().map(String::as_str).collect();
    assert_eq!(json(home, &restart)["outcome"], "running");
    terminate(dev.addresses["temporal"].as_str().unwrap(), &format!("consent/{minor}"));
    let way_out = format!("wolo consents restart {minor}");
    doctor_says(home, &way_out);
    let (_, out, _) = said(wolo(home).args(["consents", "show", minor]));
    assert!(out.contains(&format!("there is none: {way_out}\n")), "{out}");
    let started = json(home, &["consents", "restart", minor, "--json"]);
    assert_eq!(started["outcome"], "started", "{started}");
    // The link of this guardian was made by a test, and not from our secret.
    assert_eq!(started["link_is_known"], false);
    until(|| {
        let shown = json(home, &["consents", "show", minor, "--json"]);
        (shown["process"]["case_opened"] == true).then_some(())
    });
    let (code, _, err) = said(wolo(home).args(["consents", "restart", "khady"]));
    assert_eq!((code, err.as_str()), (2, "wolo: `khady` is neither a consent nor a user\n"));
}

/// The engine's index hears of an end a moment later.
fn doctor_says(home: &Path, way_out: &str) {
    until(|| {
        let (code, out, _) = said(wolo(home).arg("doctor"));
        (code == 1 && out.contains(&format!("`{way_out}`"))).then_some(())
    });
}

/// A message that the guardian has got, by words in it.
fn message(dev: &Dev, words: &str) -> Option<String> {
    let inbox = dev.addresses["inbox"].as_str().unwrap().trim_end_matches('/');
    let to = GUARDIAN.replace('+', "%2B");
    let messages: Value = serde_json::from_str(&get(&format!("{inbox}/messages?to={to}"))).ok()?;
    let texts = messages.as_array()?.iter().filter_map(|message| message["text"].as_str());
    let plain = texts.map(|text| text.replace(['\u{2019}'], "'").replace('\u{a0}', " "));
    plain.into_iter().find(|text| text.contains(words))
}
