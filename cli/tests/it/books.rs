//! Wave's statement and the books, as finance meets them.

use std::path::Path;

use serde_json::{Value, json as body};

use crate::dev::{Dev, json, post};
use crate::{said, wolo};

pub(crate) fn are_compared_and_money_that_is_nobodys_is_owned(home: &Path, dev: &Dev) {
    let wave = dev.addresses["wave"].as_str().unwrap().to_owned();
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
    let again = ["discrepancies", "resolve", &id, "--reason", "another", "--to-fees", "--yes"];
    let (code, _, err) = said(wolo(home).args(again));
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
