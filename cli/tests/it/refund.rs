//! A pot that is given up, and a refund that Wave refuses at first, as the operator sees them.

use std::path::Path;

use serde_json::{Value, json as body};

use crate::dev::{Dev, json, post};
use crate::losses::terminate;
use crate::payout::{pot_with_a_gift, until};
use crate::{said, wolo};

pub(crate) fn a_pot_is_given_up_and_its_gift_goes_back(home: &Path, dev: &Dev) {
    let address = |part: &str| dev.addresses[part].as_str().unwrap().to_owned();
    let (api, wave) = (address("api"), address("wave"));
    let pot = pot_with_a_gift(home, &api, &wave, "771234502");
    let approve = ["payouts", "approve", &pot, "--by", NOBODY, "--code", "000000", "--reason", "a test"];
    let (code, _, err) = said(wolo(home).args(approve));
    assert_eq!((code, err.as_str()), (3, "wolo: no payout of this pot is under way\n"));

    post(
        &format!("{wave}/_sandbox/faults"),
        None,
        &body!({ "endpoint": "checkout.refund", "times": 2, "fault": { "kind": "short_balance" } }),
    );
    let (code, out, err) = said(wolo(home).args(["pots", "cancel", &pot, "--reason", "a test", "--yes"]));
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with(&format!("{pot} is given up: 1 gift paid or under way.")), "{out}");
    let refused = until(|| {
        let found = json(home, &["refunds", "list", "--refused", "--pot", &pot, "--json"]);
        found.as_array().unwrap().first().cloned()
    });
    assert_eq!(
        (&refused["amount"], &refused["refusal_code"]),
        (&body!(5_000), &body!("checkout-refund-failed"))
    );
    let gift = refused["donation"].as_str().unwrap();
    until(|| {
        let (_, out, _) = said(wolo(home).args(["refunds", "show", gift]));
        out.contains("waits to ask Wave again, which has refused once (checkout-refund-failed)").then_some(())
    });
    let (_, out, _) = said(wolo(home).args(["pots", "show", &pot]));
    assert!(out.contains("cancelling"), "{out}");

    let (code, out, err) =
        said(wolo(home).args(["refunds", "retry", gift, "--reason", "the wallet is filled"]));
    assert_eq!((code, out.contains("Wave is asked again now")), (0, true), "{out}{err}");
    until(|| {
        let (_, out, _) = said(wolo(home).args(["refunds", "show", gift]));
        out.contains("which has refused 2 times").then_some(())
    });
    // Somebody ends its process; doctor counts it, and another one is started.
    terminate(&address("temporal"), &format!("refund/{gift}"));
    let (code, out, _) = said(wolo(home).arg("doctor"));
    assert!(code == 1 && out.contains("1 due to go back and 0 not settled have no process"), "{out}");
    let (code, out, err) =
        said(wolo(home).args(["refunds", "retry", gift, "--reason", "its process was ended"]));
    assert_eq!((code, out.contains("has been started")), (0, true), "{out}{err}");
    until(|| {
        (json(home, &["refunds", "show", gift, "--json"])["refund"]["stage"] == "refunded").then_some(())
    });
    let (code, _, err) = said(wolo(home).args(["refunds", "retry", gift, "--reason", "again"]));
    assert_eq!((code, err.as_str()), (3, "wolo: the gift has gone back\n"));
    let moved: Value = json(home, &["time", "forward", &pot, "1h", "--json"]);
    assert!(!moved.is_null());
    until(|| (json(home, &["pots", "show", &pot, "--json"])["pot"]["stage"] == "cancelled").then_some(()));
    let (_, out, _) = said(wolo(home).args(["refunds", "list", "--pot", &pot]));
    assert!(out.contains("5 000 XOF") && out.contains("refunded"), "{out}");
}

const NOBODY: &str = "usr_0192f0c1a2b3c4d5e6f708192a3b4c5d";
