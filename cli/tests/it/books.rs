//! Wave's statement and the books, as finance meets them.

use std::path::Path;

use serde_json::{Value, json as body};

use crate::dev::{Dev, json, post};
use crate::{said, wolo};

pub(crate) fn are_compared_and_money_that_is_nobodys_is_owned(home: &Path, dev: &Dev) {
    let wave = dev.addresses["wave"].as_str().unwrap().to_owned();
    // Time that was moved on before may have taken Wave into tomorrow, which nobody compares yet.
    let moves = |seconds: i64| {
        post(&format!("{wave}/_sandbox/clock"), None, &body!({ "move_seconds": seconds }))["ahead_millis"]
            .as_i64()
    };
    let ahead = moves(0).unwrap();
    assert_eq!(moves(-ahead / 1_000), Some(0));
    let shop = body!({ "amount": 7_000, "mobile": "+221770000005" });
    post(&format!("{wave}/_sandbox/merchant-payments"), None, &shop);
    let done = json(home, &["reconcile", "run", "--json"]);
    assert!(done["opened"].as_u64().unwrap() >= 1, "{done}");
    let last = json(home, &["reconcile", "status", "--json"]);
    let (newest, uncompared) = (&last["days"][0], &last["uncompared"]);
    assert_eq!((&newest["day"], &newest["lines"]), (&done["day"], &done["lines"]), "{last}");
    assert_eq!(uncompared, &body!([]), "{last}");
    let (code, out, _) = said(wolo(home).args(["reconcile", "run", "--missed"]));
    assert_eq!((code, out.as_str()), (0, "Every day that is over has been compared.\n"));

    let open = json(home, &["discrepancies", "list", "--kind", "unmatched", "--json"]);
    let found = open.as_array().unwrap().iter().find(|one| one["suspense"] == 6_930).unwrap();
    let id = found["id"].as_str().unwrap().to_owned();
    assert!(!found.to_string().contains("77000"), "{found}");
    let (code, out, _) = said(wolo(home).args(["discrepancies", "show", &id]));
    assert!(code == 0 && out.contains("find out in Wave's portal whose money it is"), "{out}");

    let resolve = |more: &[&str]| {
        let words = ["discrepancies", "resolve", &id, "--reason", "a test"];
        said(wolo(home).args(words).args(more))
    };
    assert_eq!(resolve(&["--to-fees"]).0, 3, "nobody has said yes");
    let (code, _, err) = resolve(&["--yes"]);
    assert_eq!(code, 3);
    assert!(err.contains("6 930 XOF stands in suspense for it"), "{err}");
    let (code, out, err) = resolve(&["--to-fees", "--yes"]);
    assert_eq!((code, out), (0, format!("{id} is resolved.\n")), "{err}");
    // Neither for another reason nor with another decision for the same one.
    let again = ["discrepancies", "resolve", &id, "--reason", "another", "--to-fees", "--yes"];
    assert_eq!(said(wolo(home).args(again)).0, 3);
    let (code, _, err) = resolve(&["--yes"]);
    assert!(code == 3 && err.starts_with("wolo: it was resolved before, by operator:"), "{err}");

    let accounts = json(home, &["ledger", "accounts", "--json"]);
    let sum: i64 = accounts["accounts"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
    assert_eq!(sum + accounts["pots"].as_i64().unwrap(), 0, "{accounts}");
    let entries = json(home, &["ledger", "entries", "--limit", "1000", "--json"]);
    let cleared = entries.as_array().unwrap().iter().find(|one| one["about"] == id.as_str()).unwrap();
    assert_eq!(cleared["kind"], "suspense_cleared");
    let (code, out, err) = said(wolo(home).args(["ledger", "check"]));
    assert_eq!((code, out.as_str()), (0, "Every rule of the books holds.\n"), "{err}");
    let (code, _, err) = said(wolo(home).args(["ledger", "resume", "--reason", "a test", "--yes"]));
    assert_eq!((code, err.as_str()), (3, "wolo: payouts are not stopped\n"));
    let (code, _, err) = said(wolo(home).args(["reconcile", "run", "--day", "2999-01-01"]));
    assert_eq!((code, err.as_str()), (3, "wolo: 1 Jan 2999 has not begun\n"));
}

pub(crate) fn whoever_celebrates_in_thirty_days_gets_a_pot(home: &Path) {
    let (today, born) = {
        let today = chrono::Utc::now().date_naive();
        let birthday = today + chrono::Days::new(30);
        (today, chrono::Datelike::with_year(&birthday, chrono::Datelike::year(&birthday) - 40).unwrap())
    };
    let born = born.to_string();
    let add =
        ["users", "add", "--name", "Fatou Sow", "--birth-date", &born, "--phone", "781234599", "--json"];
    let owner = json(home, &add)["id"].as_str().unwrap().to_owned();
    let date = today.to_string();
    let due = json(home, &["sweep", "run", "--date", &date, "--dry-run", "--json"]);
    let pot =
        due.as_array().unwrap().iter().find(|one| one["owner"] == owner.as_str()).unwrap()["pot"].clone();
    let (code, out, _) = said(wolo(home).args(["sweep", "run", "--date", &date, "--dry-run"]));
    assert!(code == 0 && out.contains(pot.as_str().unwrap()), "{out}");
    assert_eq!(said(wolo(home).args(["pots", "show", pot.as_str().unwrap()])).0, 1, "it was only said");

    let swept = json(home, &["sweep", "run", "--date", &date, "--json"]);
    assert!(swept[0]["started"].as_u64().unwrap() >= 1, "{swept}");
    let known = json(home, &["sweep", "status", "--json"]);
    assert_eq!(known["days"][0]["day"], date.as_str(), "{known}");
    assert_eq!(known["unswept"], body!([]), "{known}");
    // Whoever else celebrates soon gets a pot, once it is written down there is nobody left.
    crate::payout::until(|| {
        let (code, out, _) = said(wolo(home).args(["sweep", "run"]));
        (code == 0 && out.starts_with("Every day has been swept, today too, and nobody")).then_some(())
    });
    assert_eq!(json(home, &["sweep", "run", "--dry-run", "--json"]), body!([]));
    for (date, why) in [("2999-01-01", "has not begun"), ("2020-01-01", "are over")] {
        let (code, _, err) = said(wolo(home).args(["sweep", "run", "--date", date]));
        assert!(code == 3 && err.contains(why), "{err}");
    }
}
