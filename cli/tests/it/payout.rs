//! A payout whose end nobody knows, as the operator sees it and decides about it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Datelike as _;
use serde_json::{Value, json as body};

use crate::dev::{Dev, get, json, made_pot, post, token_of};
use crate::{said, wolo};

pub(crate) fn waits_for_a_person_and_is_paid(home: &Path, dev: &Dev) {
    let address = |part: &str| dev.addresses[part].as_str().unwrap().to_owned();
    let (api, wave) = (address("api"), address("wave"));
    let pot = pot_with_a_gift(home, &api, &wave, "771234501");
    a_gift_that_nobody_pays(home, &api, &pot);

    post(
        &format!("{wave}/_sandbox/faults"),
        None,
        &body!({ "endpoint": "payout.create", "fault": { "kind": "error_before", "status": 503 } }),
    );
    let mut moving = beyond_its_end(home, &pot);
    let shown = until(|| {
        let (code, out, _) = said(wolo(home).args(["payouts", "show", &pot, "--json"]));
        let shown: Value = (code == 0).then(|| serde_json::from_str(&out).unwrap())?;
        // The process says so a moment before it stands in the books.
        let held = shown["process"]["held"] == "payout_unknown" && shown["holds"][0].is_object();
        held.then_some(shown)
    });
    assert_eq!(shown["payout"]["reference"], format!("{}.1", shown["payout"]["id"].as_str().unwrap()));
    assert!(shown["holds"][0]["note"].as_str().unwrap().starts_with("nobody knows whether"), "{shown}");
    let (_, out, _) = said(wolo(home).args(["payouts", "show", &pot]));
    assert!(out.contains(shown["payout"]["reference"].as_str().unwrap()), "{out}");
    let (_, out, _) = said(wolo(home).args(["pots", "show", &pot]));
    assert!(out.contains(&format!("waits for its payout; `wolo payouts show {pot}` says more")), "{out}");

    let decide = |choice: &[&str]| {
        let words = ["payouts", "resolve", &pot, "--order", "1", "--reason", "a test", "--yes"];
        said(wolo(home).args(words).args(choice))
    };
    // Nobody decides about an order that they have not seen.
    let unseen = ["payouts", "resolve", &pot, "--order", "2", "--ask-again", "--reason", "a test", "--yes"];
    let (code, _, err) = said(wolo(home).args(unseen));
    assert_eq!(code, 3);
    assert!(
        err.starts_with("wolo: order 2 does not stand any more: order 1 does, and the payout is "),
        "{err}"
    );
    let (code, out, err) = decide(&["--found", "pt-nobodys"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("wolo: the payout waits for a person again: "), "{err}");
    assert!(err.contains("Wave shows no payout of that id"), "{err}");

    post(&format!("{wave}/_sandbox/faults/clear"), None, &body!({}));
    let (code, out, err) = decide(&["--ask-again"]);
    assert_eq!((code, out.as_str()), (0, "Done: the payout has arrived and is booked.\n"), "{err}");
    moving.wait().unwrap();
    let (_, out, _) = said(wolo(home).args(["pots", "show", &pot]));
    assert!(out.contains("5 000 XOF of 25 000 XOF in 1 gift\n"), "{out}");
    assert!(out.contains("Time has been moved for this pot"), "{out}");
    its_certificate_can_be_checked(home, &api, &pot);
}

/// A payout that cannot be planned says which gift it waits for.
pub(crate) fn waits_for_a_gift_of_which_wave_does_not_tell(home: &Path, dev: &Dev) {
    let address = |part: &str| dev.addresses[part].as_str().unwrap().to_owned();
    let (api, wave) = (address("api"), address("wave"));
    let pot = pot_with_a_gift(home, &api, &wave, "771234509");
    let (code, _, err) = said(wolo(home).args(["payouts", "show", &pot]));
    assert_eq!((code, err), (1, format!("wolo: no payout of {pot} has been planned\n")));
    let refused = body!({ "endpoint": "checkout.get", "times": 1_000, "fault": { "kind": "error_before", "status": 404 } });
    post(&format!("{wave}/_sandbox/faults"), None, &refused);
    let slug = json(home, &["pots", "show", &pot, "--json"])["pot"]["slug"].clone();
    let gift = body!({ "pot": slug, "amount": 700, "name": "Fatou" });
    let gift = post(&format!("{api}/api/payments/donate"), None, &gift)["donation"].clone();
    let mut moving = beyond_its_end(home, &pot);
    let awaited = format!("donation/{}", gift.as_str().unwrap());
    until(|| {
        let (code, out, _) = said(wolo(home).args(["payouts", "show", &pot]));
        let told = code == 0 && out.contains("not planned yet");
        (told && out.contains(&format!("{awaited} (wolo workflows show {awaited})"))).then_some(())
    });
    let told = json(home, &["payouts", "show", &pot, "--json"]);
    assert_eq!((&told["payout"], &told["awaited"]), (&Value::Null, &body!([awaited])), "{told}");
    post(&format!("{wave}/_sandbox/faults/clear"), None, &body!({}));
    until(|| {
        let (code, out, _) = said(wolo(home).args(["payouts", "show", &pot, "--json"]));
        let shown: Value = (code == 0).then(|| serde_json::from_str(&out).unwrap())?;
        (shown["payout"]["stage"] == "succeeded").then_some(())
    });
    moving.wait().unwrap();
}

/// Where nobody gave anything there is no payout, and none is waited for.
pub(crate) fn of_an_empty_pot_is_none(home: &Path, dev: &Dev) {
    let (pot, _) = open_pot(home, dev.addresses["api"].as_str().unwrap(), "771234510");
    beyond_its_end(home, &pot).wait().unwrap();
    until(|| (json(home, &["pots", "show", &pot, "--json"])["pot"]["stage"] == "settled").then_some(()));
    let (code, _, err) = said(wolo(home).args(["payouts", "show", &pot]));
    assert_eq!((code, err), (1, format!("wolo: no payout of {pot} has been planned\n")));
}

/// With the keys that the API gives out, and with the file that the operator's command wrote.
fn its_certificate_can_be_checked(home: &Path, api: &str, pot: &str) {
    let file = home.join("certificate.json");
    let show = || said(wolo(home).args(["certificate", "show", pot, "--out"]).arg(&file));
    let (code, out, err) = until(|| Some(show()).filter(|(code, ..)| *code == 0));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (code, printed, _) = said(wolo(home).args(["certificate", "show", pot]));
    assert_eq!((code, printed.as_bytes()), (0, std::fs::read(&file).unwrap().as_slice()));
    let keys = home.join("keys.json");
    std::fs::write(&keys, get(&format!("{api}/.well-known/wolo-certificates.json"))).unwrap();
    let (code, out, err) = said(wolo(home).arg("verify").arg(&file).arg("--key").arg(&keys));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("5 000 XOF in 1 gift") && out.contains(pot), "{out}");
}

pub(crate) fn pot_with_a_gift(home: &Path, api: &str, wave: &str, phone: &str) -> String {
    let (pot, slug) = open_pot(home, api, phone);
    give(home, api, wave, (&pot, &slug));
    pot
}

/// Somebody gives 5,000 francs into a pot, of which the last part of its link is known.
pub(crate) fn give(home: &Path, api: &str, wave: &str, (pot, slug): (&str, &Value)) {
    let asked = body!({ "pot": slug, "amount": 5_000, "name": "Moussa" });
    let asked = post(&format!("{api}/api/payments/donate"), None, &asked);
    let page = asked["wave_launch_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    post(&format!("{wave}/_sandbox/sessions/{page}/pay"), None, &body!({}));
    until(|| (json(home, &["pots", "show", pot, "--json"])["pot"]["given"] == 5_000).then_some(()));
}

/// Its birthday is in twenty days, so it is open at once. With the last part of its link.
fn open_pot(home: &Path, api: &str, phone: &str) -> (String, Value) {
    let born = born_for_a_pot();
    let add = ["users", "add", "--name", "Coumba", "--birth-date", &born, "--phone", phone, "--json"];
    let owner = json(home, &add)["id"].as_str().unwrap().to_owned();
    let made = made_pot(api, &token_of(home, &owner));
    let pot = made["id"].as_str().unwrap().to_owned();
    until(|| (json(home, &["pots", "show", &pot, "--json"])["pot"]["stage"] == "open").then_some(()));
    (pot, made["slug"].clone())
}

/// Of somebody whose birthday is in twenty days.
pub(crate) fn born_for_a_pot() -> String {
    let birthday = (chrono::Utc::now() + chrono::TimeDelta::days(20)).date_naive();
    // That year had a 29 February.
    let born = birthday.with_year(1996).unwrap();
    assert_ne!(born.year(), birthday.year());
    born.to_string()
}

/// What moves it arrives when the payout is known, or can be seen to need somebody.
pub(crate) fn beyond_its_end(home: &Path, pot: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wolo"))
        .args(["time", "forward", pot, "22d"])
        .env("WOLO_DATA", home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Time brings its end, at Wave too.
fn a_gift_that_nobody_pays(home: &Path, api: &str, pot: &str) {
    let slug = json(home, &["pots", "show", pot, "--json"])["pot"]["slug"].clone();
    let other = body!({ "pot": slug, "amount": 700, "name": "Fatou" });
    let other = post(&format!("{api}/api/payments/donate"), None, &other);
    let other = other["donation"].as_str().unwrap().to_owned();
    let moved = json(home, &["time", "forward", &other, "1h", "--json"]);
    assert_eq!(moved["now"], "the gift is expired", "{moved}");
    let (code, _, err) = said(wolo(home).args(["time", "forward", &other, "1h"]));
    assert_eq!((code, err), (3, format!("wolo: the gift {other} has ended, or never was\n")));
}

pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "it did not come about");
        std::thread::sleep(Duration::from_millis(200));
    }
}
