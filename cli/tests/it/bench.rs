//! `wolo bench`: what it measures is right, whatever the figures are on this machine and in this build.

use serde_json::Value;
use tempfile::TempDir;

use crate::{said, wolo};

#[test]
fn the_api_and_pgbench_do_the_same_work_without_an_error() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "api", "--seconds", "1", "--concurrency", "2", "--rounds", "1", "--json"];
    let (code, out, err) = said(wolo(home.path()).args(words));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}\n{out}"));
    assert_eq!(report["errors"], 0);
    let routes = report["routes"].as_array().unwrap();
    let names: Vec<_> = routes.iter().map(|route| route["route"].as_str().unwrap()).collect();
    let beside = ["GET /api/pots/{id}", "GET /api/payments/status/{id}", "POST /api/payments/webhook"];
    assert_eq!(names, [&beside[..], &["POST /api/users/auth/login"]].concat());
    for route in routes {
        let mut sides = vec![&route["ours"]];
        if beside.contains(&route["route"].as_str().unwrap()) {
            let against = &route["against"];
            let reached = against["ratio_percent"].as_u64() >= against["goal_percent"].as_u64();
            assert_eq!(against["ok"], reached, "{route}");
            sides.push(&against["pgbench"]);
        } else {
            assert!(route["against"].is_null(), "{route}");
        }
        let rounds = ["rounds_ours", "rounds_pgbench"].map(|side| route[side].as_array().unwrap());
        // However slow this machine is at the moment, something was asked.
        assert!(rounds.into_iter().flatten().all(|round| round["calls"].as_u64() > Some(0)), "{route}");
        for side in sides {
            let figure = |name: &str| side[name].as_u64().unwrap();
            assert!(0 < figure("p99_us") && figure("p50_us") <= figure("p99_us"), "{route}");
        }
    }
    assert!(report["wrong_passwords"]["tries"].as_u64().unwrap() > 0);

    // What the figures are is this machine's affair; what they come to is told truly.
    let missed: Vec<_> = routes
        .iter()
        .filter(|route| route["against"]["ok"] == false)
        .map(|route| route["route"].as_str().unwrap())
        .chain((report["wrong_passwords"]["ok"] == false).then_some("time tells who has an account"))
        .collect();
    assert_eq!(code, i32::from(!missed.is_empty()), "{err}");
    for route in beside.iter().chain(&["time tells who has an account"]) {
        assert_eq!(err.contains(route), missed.contains(route), "{route} in {err}");
    }
}

#[test]
fn every_difference_in_a_statement_is_told_as_what_it_is() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "reconcile", "--lines", "3000", "--differences", "480", "--json"];
    let (code, out, err) = said(wolo(home.path()).args(words));
    assert_eq!(code, 0, "{err}\n{out}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&report["differences"], &report["right"], &report["wrong"]),
        (&480.into(), &480.into(), &0.into())
    );
    assert_eq!(report["lines"], 3000);
}

#[test]
fn everybody_who_celebrates_is_found_among_many() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "sweep", "--people", "20000", "--rounds", "1", "--json"];
    let (code, out, err) = said(wolo(home.path()).args(words));
    // One who is not found fails the command before it says anything; how long it took is this machine's affair.
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}\n{out}"));
    assert_eq!((&report["people"], &report["celebrants"]), (&20_000.into(), &55.into()));
    assert_eq!(code, i32::from(report["goals"][0]["ok"] == false), "{err}");
}

#[test]
fn everybody_who_celebrates_gets_one_pot_with_one_process() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "sweep", "--people", "2000", "--rounds", "1", "--pots", "--json"];
    let (_, out, err) = said(wolo(home.path()).args(words));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}\n{out}"));
    let made = &report["pots"];
    let counts = ["people", "pots", "processes", "begun_again"].map(|what| made[what].as_u64().unwrap());
    assert_eq!(counts, [6, 6, 6, 0], "{made}");
    assert_eq!(report["goals"][1]["ok"], true, "{report}");
}

#[test]
fn everybody_is_wished_well_once_while_others_give() {
    let home = TempDir::new().unwrap();
    let words = ["bench", "wishes", "--count", "60", "--gifts", "120", "--quiet", "3", "--json"];
    let (code, out, err) = said(wolo(home.path()).args(words));
    // Somebody who is not wished well, or twice, fails the command before it says anything.
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{err}\n{out}"));
    assert_eq!(report["wishes"], 60);
    for gifts in ["gifts_alone", "gifts_beside"] {
        assert!(report[gifts]["count"].as_u64() > Some(0), "{report}");
    }
    let missed = report["goals"].as_array().unwrap().iter().any(|goal| goal["ok"] == false);
    assert_eq!(code, i32::from(missed), "{err}");
}
