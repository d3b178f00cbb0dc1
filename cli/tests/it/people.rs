//! What is kept about somebody, and an account that an operator closes for them.

use std::path::Path;

use tempfile::TempDir;

use crate::dev::{Dev, json};
use crate::losses::terminate;
use crate::payout::until;
use crate::{said, wolo};

pub(crate) fn are_told_what_is_kept_and_leave_though_the_process_was_lost(home: &Path, dev: &Dev) {
    let words = [
        "users",
        "add",
        "--name",
        "Penda Sow",
        "--birth-date",
        "1991-05-04",
        "--phone",
        "781234573",
        "--json",
    ];
    let user = json(home, &words)["id"].as_str().unwrap().to_owned();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("penda.json");
    let export = ["people", "export", &user, "--reason", "they asked", "--out", file.to_str().unwrap()];
    assert_eq!(said(wolo(home).args(export)).0, 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("Penda Sow"));
    let exported = || {
        let trail = json(home, &["audit", "show", "--about", &user, "--json"]);
        trail["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == "data_exported").count()
    };
    until(|| (exported() == 1).then_some(()));
    let (code, _, err) = said(wolo(home).args(export));
    assert_eq!((code, err), (3, format!("wolo: {} is there already\n", file.display())));

    let erase = ["people", "erase", &user, "--reason", "they asked"];
    assert_eq!(said(wolo(home).args(erase)).0, 3, "nobody has said yes");
    let sure = [&erase[..], &["--yes"]].concat();
    let (code, out, err) = said(wolo(home).args(&sure));
    assert!(code == 0 && out.contains(&format!("The account of {user} is closed since")), "{out}{err}");
    terminate(dev.addresses["temporal"].as_str().unwrap(), &format!("closure/{user}"));
    let way_out = format!("such as {user}: `wolo people erase {user}` goes on with it");
    until(|| {
        let (code, out, _) = said(wolo(home).arg("doctor"));
        (code == 1 && out.contains(&way_out)).then_some(())
    });
    assert_eq!(said(wolo(home).args(&sure)).0, 0);
    let (code, out, err) = said(wolo(home).args(["time", "forward", &user, "1d"]));
    assert!(code == 0 && out.contains("Now the account is closed."), "{out}{err}");
    let (code, out, _) = said(wolo(home).arg("doctor"));
    assert_eq!(code, 0, "{out}");
    let (code, _, err) = said(wolo(home).args(["people", "restore", &user, "--reason", "they came back"]));
    assert_eq!(code, 0, "{err}");
    assert_eq!(exported(), 1, "what was refused is not written down as given out");
}
