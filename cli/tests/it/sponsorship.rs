//! Invitations, points, schedules and builds of workers, as an operator meets them.

use std::path::Path;

use serde_json::{Value, json as body};

use crate::dev::{Dev, get, json, post, token_of};
use crate::payout::until;
use crate::{said, wolo};

fn add(home: &Path, name: &str, born: &str, phone: &str) -> String {
    let words = ["users", "add", "--name", name, "--birth-date", born, "--phone", phone, "--json"];
    json(home, &words)["id"].as_str().unwrap().to_owned()
}

pub(crate) fn is_followed_from_the_invitation_to_the_points(home: &Path, dev: &Dev) {
    let api = dev.addresses["api"].as_str().unwrap().to_owned();
    let sponsor = add(home, "Coumba Fall", "1998-04-04", "781234601");
    let friend = add(home, "Moussa Sarr", "1991-05-05", "781234602");
    let token = token_of(home, &sponsor);
    let both = body!({ "invitations": [
        { "phone": "+221781234603", "relationship": "friend" },
        { "email": "ndeye@example.sn", "relationship": "colleague" },
    ]});
    let invited = post(&format!("{api}/api/sponsorship/invite"), Some(&token), &both);
    let id = |place: usize| invited["invitations"][place]["id"].as_str().unwrap().to_owned();
    let inbox = dev.addresses["inbox"].as_str().unwrap().trim_end_matches('/').to_owned();
    let link = until(|| {
        let messages = get(&format!("{inbox}/messages?to=%2B221781234603"));
        let begin = messages.find("/i/")? + 3;
        let is_secret = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
        Some(messages[begin..].chars().take_while(is_secret).collect::<String>())
    });

    let open = json(home, &["invitations", "list", "--sponsor", &sponsor, "--open", "--json"]);
    assert_eq!(open.as_array().unwrap().len(), 2, "{open}");
    assert!(!open.to_string().contains("1234603") && !open.to_string().contains("ndeye@"), "{open}");
    let accepted = post(
        &format!("{api}/api/sponsorship/accept"),
        Some(&token_of(home, &friend)),
        &body!({ "token": link, "birth_date": "1991-05-05" }),
    );
    let accepted = accepted["id"].as_str().unwrap().to_owned();
    let other = if accepted == id(0) { id(1) } else { id(0) };
    let (code, out, err) = said(wolo(home).args(["time", "forward", &other, "3d"]));
    assert!(code == 0 && out.contains("Now the invitation is "), "{out} {err}");
    let restart = |id: &str| said(wolo(home).args(["invitations", "restart", id]));
    let runs = (0, format!("{other}: its process runs; nothing has been done.\n"));
    assert_eq!((restart(&other).0, restart(&other).1), runs);
    let cancel = |id: &str, more: &[&str]| {
        said(wolo(home).args(["invitations", "cancel", id, "--reason", "sent by mistake"]).args(more))
    };
    assert_eq!(cancel(&other, &[]).0, 3, "nobody has said yes");
    let (code, out, err) = cancel(&other, &["--yes"]);
    assert_eq!((code, out), (0, format!("{other} is taken back.\n")), "{err}");
    for (id, stage) in [(&other, "cancelled"), (&accepted, "accepted")] {
        let (code, _, err) = cancel(id, &["--yes"]);
        assert_eq!((code, err), (3, format!("wolo: the invitation cannot be taken back: it is {stage}\n")));
    }
    let (_, out, _) = said(wolo(home).args(["invitations", "show", &other]));
    assert!(out.contains("operator:tester") && out.contains("sent by mistake"), "{out}");
    assert!(out.contains("delivered  ") && out.contains("reminded  "), "{out}");
    let told = until(|| {
        let told = json(home, &["invitations", "show", &other, "--json"])["messages"].clone();
        told[0]["arrived_at"].is_string().then_some(told)
    });
    let kinds: Vec<_> = told.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["invitation", "invitation_reminder"], "{told}");
    let (code, _, err) = restart(&other);
    assert_eq!((code, err), (3, "wolo: there is nothing to start: the invitation is cancelled\n".to_owned()));
    let list = |more: &[&str]| said(wolo(home).args(["invitations", "list"]).args(more)).1;
    assert_eq!(list(&["--sponsor", &friend]), "This person has invited nobody.\n");
    assert_eq!(list(&["--sponsor", &friend, "--open"]), "No invitation waits for its answer.\n");

    one_that_lost_its_process_goes_on_or_is_taken_back(home, dev, &token);

    let shown = until(|| {
        let shown = json(home, &["invitations", "show", &accepted, "--json"]);
        (shown["invitation"]["points"] == 10).then_some(shown)
    });
    assert_eq!(shown["invitation"]["accepted_by"], friend.as_str());
    let (code, out, _) = said(wolo(home).args(["invitations", "show", &accepted]));
    assert!(code == 0 && out.contains("invitation_accepted"), "{out}");
    let points = json(home, &["points", "show", &sponsor, "--json"]);
    assert_eq!((&points["pending"], &points["available"]), (&body!(10), &body!(0)), "{points}");
    points_are_explained_and_taken_back(home, points["awards"][0]["award"].as_str().unwrap(), &accepted);
}

fn one_that_lost_its_process_goes_on_or_is_taken_back(home: &Path, dev: &Dev, token: &str) {
    let temporal = dev.addresses["temporal"].as_str().unwrap();
    let one = body!({ "invitations": [{ "phone": "+221781234604", "relationship": "friend" }] });
    let api = dev.addresses["api"].as_str().unwrap();
    let invited = post(&format!("{api}/api/sponsorship/invite"), Some(token), &one);
    let id = invited["invitations"][0]["id"].as_str().unwrap();
    let restart = || json(home, &["invitations", "restart", id, "--json"])["outcome"].clone();
    // Its process begins when the relay has carried it on.
    until(|| json(home, &["invitations", "show", id, "--json"])["process"]["invited"].as_bool());
    let process = format!("invitation/{id}");
    crate::losses::terminate(temporal, &process);
    let complaint = format!("without a process: 1, such as {id}: `wolo invitations restart {id}`");
    until(|| said(wolo(home).arg("doctor")).1.contains(&complaint).then_some(()));
    let shown = said(wolo(home).args(["invitations", "show", id])).1;
    assert!(shown.contains(&format!("there is none: wolo invitations restart {id}")), "{shown}");
    assert_eq!((restart(), restart()), ("started".into(), "running".into()));
    crate::losses::terminate(temporal, &process);
    let cancel = ["invitations", "cancel", id, "--reason", "nobody knows them", "--yes"];
    let (code, out, err) = said(wolo(home).args(cancel));
    assert_eq!((code, out), (0, format!("{id} is taken back.\n")), "{err}");
    let (code, _, err) = said(wolo(home).args(["invitations", "restart", id]));
    assert!(code == 3 && err.contains("the invitation is cancelled"), "{err}");
}

fn points_are_explained_and_taken_back(home: &Path, award: &str, invitation: &str) {
    let explain = || said(wolo(home).args(["points", "explain", award]));
    let (code, out, _) = explain();
    assert_eq!(code, 0);
    assert!(
        out.contains(&format!("was given 10 points, because somebody has accepted {invitation}.")),
        "{out}"
    );
    assert!(out.contains("They are pending"), "{out}");
    let revoke = |more: &[&str]| {
        said(wolo(home).args(["points", "revoke", award, "--reason", "a ring of accounts"]).args(more))
    };
    assert_eq!(revoke(&[]).0, 3, "nobody has said yes");
    let (code, out, err) = revoke(&["--yes"]);
    assert_eq!((code, out), (0, format!("{award} is taken back.\n")), "{err}");
    assert_eq!(revoke(&["--yes"]).0, 3, "once is enough");
    let (_, out, _) = explain();
    assert!(out.contains("by operator:tester: a ring of accounts"), "{out}");
    let unknown = "awd_00000000000000000000000000000000";
    let (code, _, err) = said(wolo(home).args(["points", "explain", unknown]));
    assert_eq!((code, err), (1, format!("wolo: there is no award {unknown}\n")));
}

pub(crate) fn what_starts_by_itself_is_stopped_and_let_go_on(home: &Path) {
    let one = |name: &str| {
        let all = json(home, &["schedules", "list", "--json"]);
        all.as_array().unwrap().iter().find(|one| one["schedule"] == name).unwrap().clone()
    };
    let sweep = one("birthday-sweep");
    assert_eq!(sweep["state"], "active", "{sweep}");
    assert!(sweep["next"].is_string(), "{sweep}");
    let (code, _, err) =
        said(wolo(home).args(["schedules", "pause", "birthday-sweep", "--reason", "a look"]));
    assert_eq!(code, 0, "{err}");
    let paused = one("birthday-sweep");
    assert_eq!((&paused["state"], &paused["next"]), (&body!("paused"), &Value::Null), "{paused}");
    assert_eq!(paused["note"], "operator:tester: a look");
    let (code, _, err) =
        said(wolo(home).args(["schedules", "pause", "birthday-sweep", "--reason", "another look"]));
    let told = "wolo: birthday-sweep is paused already (operator:tester: a look)\n";
    assert_eq!((code, err.as_str()), (3, told));
    assert_eq!(one("birthday-sweep")["note"], "operator:tester: a look", "why it was stopped is kept");
    let (_, out, _) = said(wolo(home).args(["schedules", "list"]));
    assert!(out.contains("birthday-sweep is paused: operator:tester: a look."), "{out}");
    let (code, out, err) =
        said(wolo(home).args(["schedules", "resume", "birthday-sweep", "--reason", "done"]));
    assert!(code == 0 && out.starts_with("birthday-sweep goes on."), "{out} {err}");
    let (code, _, err) = said(wolo(home).args(["schedules", "trigger", "housekeeping"]));
    assert_eq!(code, 0, "{err}");
    until(|| one("housekeeping")["last"].is_string().then_some(()));
    let (code, _, err) = said(wolo(home).args(["schedules", "trigger", "nothing"]));
    assert!(code == 2 && err.contains("birthday-sweep"), "{err}");
}

/// Which builds there are is held by the worker's tests; here nobody has told of theirs.
pub(crate) fn workers_that_tell_no_build_are_not_told_apart(home: &Path) {
    let (code, out, _) = said(wolo(home).args(["workers", "list"]));
    assert!(code == 0 && out.contains("each serves every process (worker.versioning)"), "{out}");
    assert_eq!(json(home, &["workers", "list", "--json"]), body!([]));
    let (code, _, err) = said(wolo(home).args(["workers", "promote", "67aeaa4"]));
    assert!(code == 3 && err.starts_with("wolo: 67aeaa4 was not promoted: "), "{code} {err}");
}
