//! A minor's case, from submission to approval, by the commands of the reviewers' desk alone.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use wolo_domain::ids::CaseId;

use crate::dev::{Dev, json};
use crate::payout::until;
use crate::reviewers::Reviewer;
use crate::senders::{Senders, Submitted};
use crate::{said, wolo};

pub(crate) fn go_from_submission_to_approval(home: &Path, dev: &Dev) {
    assert_eq!(said(wolo(home).args(["cases", "list", "--waiting"])).1, "No case waits for a reviewer.\n");
    let senders = Senders::of(dev);
    let (minor, consent) = senders.minor_with_consent(home);
    crate::consents::are_shown_without_the_guardian(home, &minor, &consent.to_string());
    let submitted = senders.submitted(&minor, consent);
    let case = submitted.case.to_string();
    let waiting = json(home, &["cases", "list", "--waiting", "--json"]);
    assert_eq!(
        (&waiting[0]["case"], &waiting[0]["waits_for"]),
        (&case.as_str().into(), &"a reviewer who takes it".into())
    );

    let mut aida = Reviewer::hired(home, dev, "Aida Sall", "781234633");
    let mut omar = Reviewer::hired(home, dev, "Omar Kane", "781234634");
    nobody_looks_or_decides_who_may_not(home, &aida, &case);
    let next =
        format!("{case} is in review by {}.\nWhat comes next: wolo cases open {case} --reason …\n", aida.id);
    assert_eq!(aida.does(home, &["cases", "take", &case]), (0, next, String::new()));
    assert_eq!(
        json(home, &["cases", "list", "--mine", "--by", &aida.id, "--json"])[0]["case"],
        case.as_str()
    );
    assert_eq!(
        json(home, &["cases", "list", "--mine", "--by", &omar.id, "--json"]),
        Value::Array(Vec::new())
    );
    let (code, _, err) = omar.does(home, &["cases", "take", &case]);
    assert_eq!(
        (code, err),
        (
            3,
            format!(
                "wolo: {0} has it: wolo cases assign {case} --to USER gives it to somebody else\n",
                aida.id
            )
        )
    );

    the_page_shows_the_documents_once(home, dev, &mut aida, &submitted);
    two_approve(home, &submitted, &mut aida, &mut omar);
    crate::birth_dates::a_minors_consent_looks_again(home, &minor, consent);
    another_is_given_a_case_and_asks_for_more(
        home,
        &senders.submitted(&minor, consent),
        &mut aida,
        &mut omar,
    );
    crate::ways::a_rejected_case_is_followed_by_another(home, dev, &senders, &minor, consent, &mut aida);
    let case = submitted.case;
    every_look_is_in_the_audit_trail(home, case, [&aida.id, &omar.id]);
    let (code, _, err) = omar.does(home, &["cases", "open", &case.to_string(), "--reason", "once more"]);
    assert_eq!((code, err.as_str()), (3, "wolo: the case is approved\n"));
    crate::vault::keys_are_taken_over_and_back(home, &senders);
}

fn nobody_looks_or_decides_who_may_not(home: &Path, aida: &Reviewer, case: &str) {
    let by = ["--by", &aida.id, "--code", "000000"].map(str::to_owned);
    let refused = |words: &[&str], by: &[String]| {
        let (code, out, err) = said(wolo(home).args(words).args(by));
        assert_eq!((code, out.as_str()), (3, ""), "{err}");
        err
    };
    // Nothing is looked at without a reason, whoever asks.
    let (code, _, err) = said(wolo(home).args(["cases", "open", case]).args(&by));
    assert!(code == 2 && err.contains("--reason"), "{err}");
    let blank = refused(&["cases", "open", case, "--reason", "  "], &by);
    assert_eq!(blank, "wolo: a reason is 1 to 500 characters\n");
    let unproven = refused(&["cases", "open", case, "--reason", "to decide"], &by);
    assert_eq!(unproven, "wolo: the code is not one that their second factor shows now\n");
    let minor =
        json(home, &["cases", "show", case, "--json"])["case"]["subject"].as_str().unwrap().to_owned();
    let other = ["--by", &minor, "--code", "000000"].map(str::to_owned);
    for words in [
        &["cases", "open", case, "--reason", "curious"][..],
        &["cases", "take", case],
        &["cases", "approve", case, "--reason", "mine", "--yes"],
    ] {
        let err = refused(words, &other);
        assert_eq!(err, "wolo: only somebody with the role reviewer or superadmin does this\n");
    }
    // Nobody decides about what they have not seen.
    for words in [
        &["approve", "--yes"][..],
        &["reject", "--for", "not_genuine", "--yes"],
        &["ask", "--for", "unreadable"],
    ] {
        let words = [&["cases", words[0], case, "--reason", "looks right"], &words[1..]].concat();
        let err = refused(&words, &by);
        assert_eq!(
            err,
            format!(
                "wolo: not every document of this round has been looked at by this reviewer: wolo cases open {case} --reason …\n"
            )
        );
    }
    let forged = ["cases", "ask", case, "--for", "not_genuine", "--reason", "R"];
    let (code, _, err) = said(wolo(home).args(forged).args(&by));
    assert!(code == 2 && err.contains("`not_genuine` is no reason for this"), "{err}");
}

/// A `wolo cases open` whose page waits, and its address.
pub(crate) struct Opened {
    pub(crate) child: Child,
    pub(crate) page: String,
    shell: TempDir,
}

impl Opened {
    fn by(home: &Path, reviewer: &mut Reviewer, case: CaseId) -> Self {
        Self::with(home, reviewer, case, |command| command)
    }

    pub(crate) fn with(
        home: &Path,
        reviewer: &mut Reviewer,
        case: CaseId,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let (shell, code) = (TempDir::new().unwrap(), reviewer.code());
        let mut command = Command::new(env!("CARGO_BIN_EXE_wolo"));
        command.args(["cases", "open", &case.to_string(), "--reason", "to decide", "--json"]).args([
            "--by",
            &reviewer.id,
            "--code",
            &code,
        ]);
        let mut child = change(&mut command)
            .env("WOLO_DATA", home)
            .env("TMPDIR", shell.path())
            .env("HOME", shell.path())
            .current_dir(shell.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stdout.take().unwrap();
        let told: Value = serde_json::Deserializer::from_reader(said).into_iter().next().unwrap().unwrap();
        let page = told["page"].as_str().unwrap().to_owned();
        Self { child, page, shell }
    }

    /// Waits until it has ended by itself, and sees that it left nothing.
    pub(crate) fn ends_by_itself(mut self) {
        let status = until(|| self.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(0));
        let left: Vec<_> = std::fs::read_dir(self.shell.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        self.nobody_listens();
    }

    fn nobody_listens(&self) {
        let host = self.page.trim_start_matches("http://").split('/').next().unwrap();
        assert!(std::net::TcpStream::connect(host).is_err(), "nobody listens any more");
    }

    pub(crate) fn address_of(&self, path: &str) -> String {
        let end = self.page.rfind('/').unwrap();
        format!("{}{path}", &self.page[..end])
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // Already ended, when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is on the page, by the addresses of its pictures.
pub(crate) fn pictures(page: &str) -> Vec<&str> {
    page.split("<img src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The status, the headers as one text, and the bytes that a browser would get, calling the page by a name.
pub(crate) fn fetch(url: &str, host: Option<&str>) -> (u16, String, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let timeouts = wolo_providers::http::Timeouts::total(Duration::from_secs(30));
        let mut request = wolo_providers::http::client(timeouts).unwrap().get(url);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), format!("{:?}", answer.headers()));
        (status, headers, answer.bytes().await.unwrap().to_vec())
    })
}

fn the_page_shows_the_documents_once(home: &Path, dev: &Dev, aida: &mut Reviewer, submitted: &Submitted) {
    let opened = Opened::by(home, aida, submitted.case);
    let address = opened.page.strip_prefix("http://127.0.0.1:").unwrap();
    assert!(address.split('/').nth(1).unwrap().len() >= 32, "128 bits are 32 digits: {address}");
    // Neither a wrong address nor a page of the world outside gets anything, and the right one still works then.
    assert_eq!(fetch(&opened.address_of("/"), None).0, 404);
    assert_eq!(fetch(&opened.page, Some("evil.example")).0, 421);
    let (status, headers, page) = fetch(&opened.page, None);
    assert_eq!(status, 200);
    for guard in ["no-store", "default-src 'none'", "no-referrer", "nosniff", "DENY"] {
        assert!(headers.contains(guard), "{guard}: {headers}");
    }
    let page = String::from_utf8(page).unwrap();
    let mark = format!("{} · ", aida.id);
    let marks = page.split(&mark).skip(1).filter(|rest| rest.contains(&submitted.case.to_string())).count();
    assert!(marks > 100, "who looks, when and at what stands all over both pictures: {page}");
    assert_eq!(fetch(&opened.page, None).0, 404, "once");
    let mut shown = Vec::new();
    for path in pictures(&page) {
        let (status, headers, bytes) = fetch(&opened.address_of(path), None);
        assert_eq!(status, 200);
        assert!(headers.contains("no-store") && headers.contains("image/png"), "{headers}");
        shown.push(bytes);
        if shown.len() < submitted.documents.len() {
            assert_eq!(fetch(&opened.address_of(path), None).0, 404, "once");
        }
    }
    let sent: Vec<_> = submitted.documents.iter().map(|(_, content)| content.clone()).collect();
    assert_eq!(shown, sent);
    opened.ends_by_itself();
    nothing_of_a_document_is_readable_in(&vault_folder(dev), submitted);
}

fn vault_folder(dev: &Dev) -> std::path::PathBuf {
    Path::new(dev.addresses["settings"].as_str().unwrap()).parent().unwrap().join("vault")
}

fn nothing_of_a_document_is_readable_in(folder: &Path, submitted: &Submitted) {
    let mut files = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for (_, content) in &submitted.documents {
                assert!(!bytes.windows(20).any(|window| window == &content[..20]), "{}", path.display());
            }
        }
    }
    assert!(files >= 5, "two documents, their keys and the person's: {files}");
}

fn two_approve(home: &Path, submitted: &Submitted, aida: &mut Reviewer, omar: &mut Reviewer) {
    let case = submitted.case.to_string();
    let approve = ["cases", "approve", &case, "--reason", "both are genuine"];
    let sure = [&approve[..], &["--yes"]].concat();
    let unsure = said(wolo(home).args(approve).args(["--by", &aida.id, "--code", "000000"]));
    assert!(unsure.0 == 3 && unsure.2.starts_with("wolo: this needs a yes"), "{unsure:?}");
    let (code, out, err) = aida.does(home, &sure);
    assert_eq!(code, 0, "{err}");
    for (document, _) in &submitted.documents {
        assert!(out.contains(&format!("sha256 {}", document.sha256)), "what was decided about: {out}");
    }
    let others = out.lines().find(|line| line.starts_with("One other reviewer has to approve it: "));
    assert!(others.is_some_and(|others| others.contains(&omar.id)) && out.contains("is in review"), "{out}");
    let (code, _, err) = aida.does(home, &sure);
    assert_eq!(
        (code, err.as_str()),
        (3, "wolo: the same reviewer has given their word in this round; another one has to\n")
    );

    let (code, _, err) = omar.does(home, &sure);
    assert!(code == 3 && err.contains("wolo cases open"), "another's look is not one's own: {err}");
    let opened = Opened::by(home, omar, submitted.case);
    let page = String::from_utf8(fetch(&opened.page, None).2).unwrap();
    for path in pictures(&page) {
        assert_eq!(fetch(&opened.address_of(path), None).0, 200);
    }
    opened.ends_by_itself();
    let (code, out, err) = omar.does(home, &sure);
    assert!(code == 0 && out.starts_with(&format!("{case} is approved.\n")), "{out} {err}");

    let shown = json(home, &["cases", "show", &case, "--json"]);
    assert_eq!(shown["case"]["stage"], "approved");
    assert!(shown["case"]["destroy_at"].is_string(), "{shown}");
    assert_eq!(
        (shown["decisions"].as_array().unwrap().len(), shown["looks"].as_array().unwrap().len()),
        (2, 4)
    );
    let (_, text, _) = said(wolo(home).args(["cases", "show", &case]));
    assert!(
        text.contains("the destruction of its documents, on ") && text.contains("both are genuine"),
        "{text}"
    );
    assert!(!text.contains("Khady") && !text.contains("Aminata"), "{text}");
}

fn another_is_given_a_case_and_asks_for_more(
    home: &Path,
    submitted: &Submitted,
    aida: &mut Reviewer,
    omar: &mut Reviewer,
) {
    let case = submitted.case.to_string();
    let assign = ["cases", "assign", &case, "--to", &omar.id, "--json"];
    let (code, out, err) = aida.does(home, &assign);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["assigned_to"]), (0, &omar.id.as_str().into()), "{err}");
    let shown = json(home, &["cases", "show", &case, "--json"]);
    assert_eq!(shown["case"]["waits_for"], format!("a decision; {} has it", omar.id));

    // Whoever has enough of it ends the page, and what was asked for is written down all the same.
    let mut opened = Opened::by(home, omar, submitted.case);
    let pid = opened.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(until(|| opened.child.try_wait().unwrap()).code(), Some(0));
    opened.nobody_listens();

    let reason = ["--reason", "the second side is not there"];
    let ask = [&["cases", "ask", &case, "--for", "incomplete"][..], &reason].concat();
    let (code, out, err) = omar.does(home, &ask);
    assert!(code == 0 && out.starts_with(&format!("{case} collects more documents.\n")), "{out} {err}");
    let (_, text, _) = said(wolo(home).args(["cases", "show", &case]));
    assert!(
        text.contains("a side or a page is missing") && text.contains("the second side is not there"),
        "{text}"
    );
    let (code, out, err) = said(wolo(home).args(["time", "forward", &case, "1h"]));
    assert!(code == 0 && out.contains("Now the case is more_needed."), "{out}{err}");
    let (code, _, err) = omar.does(home, &["cases", "open", &case, "--reason", "again"]);
    assert_eq!(
        (code, err.as_str()),
        (3, "wolo: the case collects more documents: they are not submitted yet\n")
    );
}

fn every_look_is_in_the_audit_trail(home: &Path, case: CaseId, reviewers: [&str; 2]) {
    let case = case.to_string();
    let looks = until(|| {
        let shown = json(home, &["audit", "show", "--about", &case, "--json"]);
        let looks: Vec<_> = shown["entries"]
            .as_array()?
            .iter()
            .filter(|one| one["action"] == "document_looked_at")
            .cloned()
            .collect();
        (looks.len() == 4).then_some(looks)
    });
    for reviewer in reviewers {
        assert_eq!(
            looks.iter().filter(|one| one["by"] == reviewer && one["reason"] == "to decide").count(),
            2
        );
    }
}
