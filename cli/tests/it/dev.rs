//! `wolo dev`: comes up, is found by the other commands, and goes without a trace.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::payout::until;
use crate::{said, wolo};

/// A running `wolo dev`, ended when the test is.
pub(crate) struct Dev {
    child: Child,
    /// What it says on standard error, when it has ended.
    log: Option<JoinHandle<String>>,
    pub(crate) addresses: Value,
}

impl Dev {
    pub(crate) fn start(home: &Path) -> Self {
        Self::start_with(home, &[])
    }

    fn start_with(home: &Path, more: &[&str]) -> Self {
        Self::start_in(home, more, &[])
    }

    /// In a shell that says so much.
    pub(crate) fn start_in(home: &Path, more: &[&str], shell: &[(&str, &str)]) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wolo"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WOLO_") && name != "WOLO_CACHE" {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["dev", "--api-port", "0"])
            .args(more)
            .env("WOLO_DATA", home)
            .envs(shell.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut screen = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("What follows is the log") {
            line.clear();
            if screen.read_line(&mut line).unwrap() == 0 {
                let mut why = String::new();
                child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
                panic!("it ended early: {why}");
            }
        }
        // Somebody has to read, or it would wait for a reader for ever.
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).unwrap();
            text
        });
        let addresses = serde_json::from_slice(&std::fs::read(home.join("dev.json")).unwrap()).unwrap();
        Self { child, log: Some(log), addresses }
    }

    /// Waits until it ends by itself: its exit code and what it said.
    pub(crate) fn falls(mut self) -> (Option<i32>, String) {
        let status = until(|| self.child.try_wait().unwrap());
        (status.code(), self.log.take().unwrap().join().unwrap())
    }

    /// Tells it to end, and says how long that took.
    fn end(mut self) -> Duration {
        let told = Instant::now();
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "an end that was asked for is a good one");
        told.elapsed()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Already ended, when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn json(home: &Path, words: &[&str]) -> Value {
    let (code, out, err) = said(wolo(home).args(words));
    assert_eq!(code, 0, "wolo {words:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_world_is_found_used_and_gone() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let dev = Dev::start(home);
    assert_eq!(json(home, &["pots", "list", "--json"]), Value::Array(Vec::new()));
    assert_eq!(json(home, &["payouts", "list", "--json"]), Value::Array(Vec::new()));

    let redis = dev.addresses["redis"].as_str().unwrap().trim_start_matches("redis://");
    std::net::TcpStream::connect(redis).unwrap();
    let (_, out, _) = said(wolo(home).args(["pots", "list"]));
    assert_eq!(out, "There are no pots yet.\n");

    assert_eq!(said(wolo(home).arg("stuck")).1, "Everything goes on.\n");
    let doctor = json(home, &["doctor", "--json"]);
    assert!(doctor.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{doctor}");

    let add = [
        "users",
        "add",
        "--name",
        "Fatou Sow",
        "--birth-date",
        "1999-12-31",
        "--phone",
        "781234567",
        "--json",
    ];
    let fatou = json(home, &add)["id"].as_str().unwrap().to_owned();
    let (code, _, err) = said(wolo(home).args(add));
    assert_eq!((code, err.as_str()), (3, "wolo: another account has this phone\n"));
    let shown = json(home, &["users", "show", &fatou, "--json"]);
    assert_eq!(shown["person"]["phone"], "+221•••••67");
    assert_eq!(shown["person"]["name"], "F… S…");
    assert_eq!(json(home, &["users", "show", "78 123 45 67", "--json"]), shown);
    let (code, _, err) = said(wolo(home).args(["users", "show", "781234500"]));
    assert_eq!((code, err.as_str()), (1, "wolo: no account is known by this contact\n"));
    assert!(!shown.to_string().contains("Fatou"), "{shown}");

    its_pages_can_read_what_processes_carry(&dev);
    let token =
        json(home, &["tokens", "mint", "--user", &fatou, "--json"])["token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    let nobody = "usr_00000000000000000000000000000000";
    let (code, out, err) = said(wolo(home).args(["tokens", "mint", "--user", nobody]));
    assert_eq!((code, out.as_str()), (3, ""));
    assert_eq!(err, format!("wolo: there is nobody with the id {nobody}\n"));

    let (code, _, err) = said(wolo(home).args(["pots", "show", "no-such-pot"]));
    assert_eq!((code, err.as_str()), (1, "wolo: there is no pot no-such-pot\n"));

    decisions(home, &dev, &token);
    crate::trust::ends_with_the_role(home, &dev, &fatou);
    crate::trust::vouches_for_an_address(home, &dev);
    crate::notices::are_seen_and_said_again(home, &dev);
    crate::notices::do_not_go_to_a_closed_address(home);
    crate::channels::a_story_is_heard_with_each_of_them_off(home, &dev);
    crate::losses::a_pot_that_lost_its_process_is_found_and_started_again(home, &dev);
    crate::losses::a_pot_that_is_late_is_named_and_helped(home, &dev);
    crate::stuck::what_stands_still_is_named_and_helped(home, &dev);
    crate::stuck::what_the_engine_has_forgotten_is_told_from_the_archive(home, &dev);
    crate::people::are_told_what_is_kept_and_leave_though_the_process_was_lost(home, &dev);
    crate::birth_dates::are_corrected_and_pots_follow(home, &dev);
    a_minors_pot_still_waits(home, &dev);
    crate::cases::go_from_submission_to_approval(home, &dev);
    crate::payout::waits_for_a_person_and_is_paid(home, &dev);
    crate::payout::waits_for_a_gift_of_which_wave_does_not_tell(home, &dev);
    crate::payout::of_an_empty_pot_is_none(home, &dev);
    crate::refund::a_pot_is_given_up_and_its_gift_goes_back(home, &dev);
    crate::books::are_compared_and_money_that_is_nobodys_is_owned(home, &dev);
    crate::figures::are_shown_and_taken_away_and_that_is_written_down(home);
    crate::books::whoever_celebrates_in_thirty_days_gets_a_pot(home);
    crate::sponsorship::is_followed_from_the_invitation_to_the_points(home, &dev);
    crate::sponsorship::what_starts_by_itself_is_stopped_and_let_go_on(home);
    crate::sponsorship::workers_that_tell_no_build_are_not_told_apart(home);
    crate::deployment::every_figure_that_is_named_is_told(&dev);
    crate::backup::is_brought_back_without_what_was_destroyed(home, &dev);

    let (code, _, err) = said(wolo(home).arg("dev"));
    assert_eq!(code, 3, "{err}");
    assert!(err.starts_with("wolo: a world of `wolo dev` is running already"), "{err}");

    let logs = dev.addresses["logs"].as_str().unwrap().to_owned();
    let postgres = dev.addresses["postgres"].as_str().unwrap().to_owned();
    // A browser that has connected in advance keeps nobody waiting.
    let api = dev.addresses["api"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let _silent = std::net::TcpStream::connect(api).unwrap();
    let took = dev.end();
    assert!(took < Duration::from_secs(15), "it took {took:?} to end");
    assert!(!Path::new(&logs).exists(), "a world that is not kept leaves nothing");
    let port: u16 = postgres.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "Postgres is still there");
    assert!(!home.join("dev.json").exists());
}

/// The pages ask at the address that they were given, from where they are; somebody who does not know it is not answered.
fn its_pages_can_read_what_processes_carry(dev: &Dev) {
    let codec = dev.addresses["codec"].as_str().unwrap();
    let (door, word) = codec.rsplit_once('/').unwrap();
    assert!(door.starts_with(dev.addresses["api"].as_str().unwrap()) && word.len() == 32, "{codec}");
    let payloads = serde_json::json!({ "payloads": [{ "metadata": { "encoding": "anNvbi9wbGFpbg==" }, "data": "MQ==" }] });
    assert_eq!(post(&format!("{codec}/decode"), None, &payloads), payloads);
    let page = get(dev.addresses["temporal_ui"].as_str().unwrap());
    assert!(page.contains("<html"), "{page}");
    let settings = get(&format!("{}/api/v1/settings", dev.addresses["temporal_ui"].as_str().unwrap()));
    let settings: Value = serde_json::from_str(&settings).unwrap();
    assert_eq!(settings["Codec"]["Endpoint"], codec, "{settings}");
}

/// A pot that is made, shown, held, released, and ended only with a yes.
fn decisions(home: &Path, dev: &Dev, token: &str) {
    let api = dev.addresses["api"].as_str().unwrap();
    let pot = make_pot(api, token);
    let listed = json(home, &["pots", "list", "--json"]);
    assert_eq!(listed[0]["id"], pot.as_str());

    let release = ["pots", "release", &pot, "--reason", "seen", "--json"];
    let (code, out, err) = said(wolo(home).args(release));
    assert_eq!((code, out.as_str(), err.as_str()), (3, "", "wolo: no moderator holds it\n"));
    let (code, _, err) = said(wolo(home).args(release).env_remove("USER").env_remove("LOGNAME"));
    assert!(code == 3 && err.contains("say it with --by NAME"), "{err}");
    let stop = ["pots", "hold", &pot, "--note", "a test", "--by", "tester", "--json"];
    assert_eq!(json(home, &stop)["outcome"], "done");
    let held = json(home, &["pots", "list", "--held", "--json"]);
    assert_eq!(held[0]["holds"][0], "moderation");
    assert_eq!(json(home, &release)["outcome"], "done");
    assert_eq!(json(home, &["pots", "list", "--held", "--json"]), Value::Array(Vec::new()));

    let shown = json(home, &["pots", "show", &pot, "--json"]);
    assert!(shown["process"]["waits_for"].as_str().is_some_and(|words| !words.is_empty()), "{shown}");
    assert!(shown["page"].as_str().unwrap().contains("/workflows/pot%2Fpot_"), "{shown}");
    assert_eq!(shown["postings"], Value::Array(Vec::new()));

    let (code, out, err) = said(wolo(home).args(["pots", "cancel", &pot, "--reason", "a test"]));
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(err.starts_with("wolo: this needs a yes"), "{err}");
    assert_eq!(json(home, &["pots", "list", "--json"])[0]["stage"], listed[0]["stage"]);

    let (code, _, err) = said(wolo(home).args([
        "payouts",
        "resolve",
        &pot,
        "--order",
        "1",
        "--ask-again",
        "--reason",
        "R",
        "--yes",
    ]));
    assert_eq!((code, err.as_str()), (3, "wolo: no payout of this pot is under way\n"));

    let cancel = ["pots", "cancel", &pot, "--reason", "a test", "--yes", "--json"];
    assert_eq!(json(home, &cancel)["outcome"], "done");
    let (code, _, err) = said(wolo(home).args(cancel));
    assert_eq!(code, 3, "{err}");
    assert_eq!(json(home, &["pots", "list", "--stage", "cancelled", "--json"])[0]["id"], pot.as_str());
}

/// A moderator's release says what else the pot waits for.
fn a_minors_pot_still_waits(home: &Path, dev: &Dev) {
    let born = (chrono::Utc::now() - chrono::TimeDelta::days(4_000)).date_naive().to_string();
    let words = ["users", "add", "--name", "Bineta", "--birth-date", &born, "--phone", "781234568", "--json"];
    let minor = json(home, &words)["id"].as_str().unwrap().to_owned();
    let pot = make_pot(dev.addresses["api"].as_str().unwrap(), &token_of(home, &minor));
    json(home, &["pots", "hold", &pot, "--note", "a test", "--json"]);
    let (code, out, err) = said(wolo(home).args(["pots", "release", &pot, "--reason", "seen"]));
    assert_eq!(code, 0, "{err}");
    let expected =
        "is released by its moderator, and still waits for the guardian's consent and approved identities";
    assert_eq!(out, format!("{pot} {expected}.\n"));
}

pub(crate) fn token_of(home: &Path, user: &str) -> String {
    json(home, &["tokens", "mint", "--user", user, "--json"])["token"].as_str().unwrap().to_owned()
}

pub(crate) fn make_pot(api: &str, token: &str) -> String {
    made_pot(api, token)["id"].as_str().unwrap().to_owned()
}

pub(crate) fn made_pot(api: &str, token: &str) -> Value {
    post(&format!("{api}/api/pots"), Some(token), &serde_json::json!({ "title": "Essai" }))
}

/// What is given out to everybody.
pub(crate) fn get(url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(Duration::from_secs(30));
        let http = wolo_providers::http::client(timeouts).unwrap();
        http.get(url).send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    })
}

/// Sends JSON as an app would, and gives what was answered.
pub(crate) fn post(url: &str, token: Option<&str>, body: &Value) -> Value {
    send(reqwest::Method::POST, url, token, body)
}

pub(crate) fn put(url: &str, token: &str, body: &Value) -> Value {
    send(reqwest::Method::PUT, url, Some(token), body)
}

fn send(method: reqwest::Method, url: &str, token: Option<&str>, body: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(Duration::from_secs(30));
        let http = wolo_providers::http::client(timeouts).unwrap();
        let key = uuid::Uuid::new_v4().to_string();
        let mut request = http.request(method, url).header("idempotency-key", key).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{url}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    })
}

#[test]
fn a_kept_world_comes_up_where_it_was() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("world");
    let keep = ["--keep", folder.to_str().unwrap()];
    let first = Dev::start_with(home.path(), &keep);
    let was = first.addresses.clone();
    first.end();
    let again = Dev::start_with(home.path(), &keep);
    for part in ["api", "temporal", "temporal_ui", "wave", "postgres"] {
        assert_eq!(again.addresses[part], was[part], "{part}");
    }
    again.end();
}

#[test]
fn a_taken_port_is_said_with_the_way_out() {
    let home = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, out, err) = said(wolo(home.path()).args(["dev", "--api-port", &port]));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with(&format!("wolo: port {port} is taken")) && err.contains("--api-port"), "{err}");
}
