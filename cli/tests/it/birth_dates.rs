//! Correcting a birth date, and what becomes of the pots.

use std::path::Path;

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use wolo_domain::ids::{CaseId, ConsentId};

use crate::dev::{Dev, json, make_pot, token_of};
use crate::{said, wolo};

/// The day on which somebody was born who is forty so many days from now.
fn born(days_ahead: u64) -> NaiveDate {
    let birthday = Utc::now().date_naive() + Days::new(days_ahead);
    birthday.with_year(birthday.year() - 40).unwrap()
}

fn person(home: &Path, born: NaiveDate, phone: &str) -> String {
    let born = born.to_string();
    let add = ["users", "add", "--name", "Rama Ba", "--birth-date", &born, "--phone", phone, "--json"];
    json(home, &add)["id"].as_str().unwrap().to_owned()
}

fn correct(home: &Path, user: &str, born: NaiveDate) -> Value {
    let born = born.to_string();
    let words =
        ["users", "birth-date", user, &born, "--reason", "papers", "--by", "tester", "--yes", "--json"];
    json(home, &words)
}

fn refused(home: &Path, user: &str, born: &str, more: &[&str]) -> String {
    let words = ["users", "birth-date", user, born, "--reason", "papers"];
    let (code, out, err) = said(wolo(home).args(words).args(more));
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    err
}

pub(crate) fn are_corrected_and_pots_follow(home: &Path, dev: &Dev) {
    let api = dev.addresses["api"].as_str().unwrap();
    let rama = person(home, born(80), "781234571");
    let pot = make_pot(api, &token_of(home, &rama));
    let err = refused(home, &rama, "2999-01-01", &["--yes"]);
    assert_eq!(err, "wolo: the day of birth is not possible\n");
    assert!(refused(home, &rama, "1999-01-01", &[]).starts_with("wolo: this needs a yes"));

    a_scheduled_pot_moves(home, &rama, &pot);
    an_open_one_does_not(home, &rama, &pot);
    who_celebrates_soon_gets_a_pot(home);
}

fn a_scheduled_pot_moves(home: &Path, rama: &str, pot: &str) {
    // Within the year of the pot, which its name follows from.
    let year = (Utc::now().date_naive() + Days::new(80)).year();
    let days =
        [70, 60, 90].into_iter().find(|days| (Utc::now().date_naive() + Days::new(*days)).year() == year);
    let days = days.unwrap();
    let moved = correct(home, rama, born(days));
    let birthday = (Utc::now().date_naive() + Days::new(days)).to_string();
    assert_eq!(moved["corrected"], true);
    assert_eq!(moved["pots"][0]["pot"], pot, "{moved}");
    assert_eq!(
        (&moved["pots"][0]["outcome"], &moved["pots"][0]["birthday"]),
        (&"moved".into(), &birthday.into())
    );
    let shown = json(home, &["pots", "show", pot, "--json"]);
    assert_eq!(shown["pot"]["birthday"], moved["pots"][0]["birthday"], "{shown}");
    let again = correct(home, rama, born(days));
    assert_eq!((&again["corrected"], &again["pots"][0]["outcome"]), (&false.into(), &"kept".into()));
    let known = json(home, &["users", "show", rama, "--json"]);
    assert_eq!(known["birth_date_corrections"].as_array().unwrap().len(), 1, "{known}");
    assert_eq!(known["birth_date_corrections"][0]["by"], "operator:tester");
}

/// Made right at last, for a birthday that is so near that the pot opens at once.
fn an_open_one_does_not(home: &Path, rama: &str, pot: &str) {
    let near = correct(home, rama, born(10));
    let turned = near["pots"].as_array().unwrap();
    // Where the near birthday is one of another year than the pot's, it has a pot of its own.
    let open = turned.last().unwrap()["pot"].as_str().unwrap();
    assert_eq!(turned[0]["pot"], pot, "{near}");
    crate::payout::until(|| {
        (json(home, &["pots", "show", open, "--json"])["pot"]["stage"] == "open").then_some(())
    });
    let err = refused(home, rama, &born(50).to_string(), &["--yes"]);
    assert!(err.starts_with(&format!("wolo: {open} is open, and everybody was told its day")), "{err}");
    for turned in turned {
        let cancel =
            ["pots", "cancel", turned["pot"].as_str().unwrap(), "--reason", "a test", "--yes", "--json"];
        said(wolo(home).args(cancel));
    }
}

/// What was approved is that they were born on another day, so the consent's process, which looks again, has another case begun.
pub(crate) fn a_minors_consent_looks_again(home: &Path, minor: &str, consent: ConsentId) {
    let second = CaseId::of_consent(consent, 2).to_string();
    let opened = || {
        let opened = json(home, &["cases", "list", "--stage", "opened", "--json"]);
        opened.as_array().unwrap().iter().any(|one| one["case"] == second.as_str())
    };
    assert!(!opened());
    let born = (Utc::now() - TimeDelta::days(4_110)).date_naive();
    assert_eq!(correct(home, minor, born)["consent_looks_again"], true);
    crate::payout::until(|| opened().then_some(()));
}

/// Nobody had a pot to move, and the sweep of the right day is over.
fn who_celebrates_soon_gets_a_pot(home: &Path) {
    let fama = person(home, born(200), "781234572");
    let later = correct(home, &fama, born(150));
    assert_eq!(later["pots"], Value::Array(Vec::new()), "{later}");
    assert_eq!(later["consent_looks_again"], false, "nobody consents for somebody of age");
    let made_on = (Utc::now().date_naive() + Days::new(120)).to_string();
    assert_eq!(later["next_pot_made_on"], made_on.as_str());
    let soon = correct(home, &fama, born(20));
    assert_eq!(soon["pots"][0]["outcome"], "begun", "{soon}");
    let pot = soon["pots"][0]["pot"].as_str().unwrap();
    let cancel = ["pots", "cancel", pot, "--reason", "a test", "--yes", "--json"];
    assert_eq!(json(home, &cancel)["outcome"], "done");
}
