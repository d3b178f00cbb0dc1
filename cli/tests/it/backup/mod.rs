//! The drill: a world that has seen something is backed up and brought back into a fresh database, where its books hold and its
//! certificates are the same to the byte; and whoever was destroyed after the backup stays unreadable, by every way back. What was
//! decided after it about people stays decided.

mod decided;
mod pruned;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::{Executor as _, Row as _};
use tokio::runtime::Runtime;
use uuid::Uuid;
use wolo_bootstrap::settings::{Layers, Vault as VaultSettings};
use wolo_database::Pool;
use wolo_providers::vault::{Place, Vault};

use crate::dev::{Dev, json};
use crate::payout::until;
use crate::{said, wolo};

const KIND: &str = "birth_certificate";

/// A running world, and a second database beside its own.
struct Drill<'a> {
    home: &'a Path,
    settings: PathBuf,
    /// The address of the world's own database.
    own: String,
    fresh: String,
    runtime: Runtime,
}

impl<'a> Drill<'a> {
    fn beside(home: &'a Path, dev: &Dev) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let own = dev.addresses["postgres"].as_str().unwrap().to_owned();
        let settings = PathBuf::from(dev.addresses["settings"].as_str().unwrap());
        let mut drill = Self { home, settings, fresh: own.clone(), own, runtime };
        drill.fresh = drill.database("brought_back");
        drill
    }

    /// Another empty one, by its address.
    fn database(&self, name: &str) -> String {
        self.at(&self.own, |pool| async move {
            pool.execute(sqlx::AssertSqlSafe(format!("create database {name}"))).await.unwrap();
        });
        self.named(name)
    }

    fn named(&self, database: &str) -> String {
        format!("{}/{database}", self.own.rsplit_once('/').unwrap().0)
    }

    /// Does something as the owner of a database, and goes.
    fn at<T, F: Future<Output = T>>(&self, address: &str, what: impl FnOnce(Pool) -> F) -> T {
        self.runtime.block_on(async {
            let pool = wolo_database::connect(address, 1).await.unwrap();
            let done = what(pool.clone()).await;
            pool.close().await;
            done
        })
    }

    /// One number that a question has for its answer.
    fn count(&self, address: &str, question: &str) -> i64 {
        let question = sqlx::AssertSqlSafe(question.to_owned());
        self.at(address, |pool| async move { pool.fetch_one(question).await.unwrap().get(0) })
    }

    /// A command that speaks to the world.
    fn here(&self, words: &[&str]) -> (i32, String, String) {
        said(wolo(self.home).arg("--config").arg(&self.settings).args(words))
    }

    /// One that speaks to the second database, and perhaps to another vault.
    fn there(&self, vault: &[(&str, &str)], words: &[&str]) -> (i32, String, String) {
        self.elsewhere(&self.fresh, vault, words)
    }

    fn elsewhere(&self, database: &str, vault: &[(&str, &str)], words: &[&str]) -> (i32, String, String) {
        let mut command = wolo(self.home);
        command.env("WOLO__DATABASE__URL", database).envs(vault.iter().copied());
        said(command.arg("--config").arg(&self.settings).args(words))
    }

    fn vault(&self, documents: Option<&str>, keys: Option<&str>) -> Vault {
        let mut layers = Layers::new().file(self.settings.clone());
        if let (Some(documents), Some(keys)) = (documents, keys) {
            layers = layers.set("vault.documents.address", documents).set("vault.keys.address", keys);
        }
        let settings: VaultSettings = layers.read().unwrap().vault.unwrap();
        self.runtime.block_on(wolo_api::vault::open(&settings)).unwrap()
    }

    fn stores(&self, vault: &Vault, place: &Place, shows: &[u8]) {
        self.runtime.block_on(vault.put(place, shows)).unwrap();
    }

    fn reads(&self, vault: &Vault, place: &Place) -> Option<Vec<u8>> {
        self.runtime.block_on(async {
            let reading = vault.read(place).await.unwrap()?;
            Some(reading.whole().await.unwrap().to_vec())
        })
    }
}

fn place() -> Place {
    Place { subject: Uuid::now_v7(), document: Uuid::now_v7(), kind: KIND }
}

pub(crate) fn is_brought_back_without_what_was_destroyed(home: &Path, dev: &Dev) {
    let drill = Drill::beside(home, dev);
    let (stays, goes) = (place(), place());
    let vault = drill.vault(None, None);
    drill.stores(&vault, &stays, b"who stays");
    drill.stores(&vault, &goes, b"who is destroyed");
    let pot =
        json(home, &["pots", "list", "--stage", "settled", "--json"])[0]["id"].as_str().unwrap().to_owned();
    let (code, certificate, err) = drill.here(&["certificate", "show", &pot]);
    assert_eq!(code, 0, "{err}");

    let people = decided::People::come(&drill);

    let folder = home.join("backups");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::create_dir(&folder).unwrap();
    let (first, keys) = (path("first"), path("keys"));
    let linked = home.join("linked");
    std::os::unix::fs::symlink(&folder, &linked).unwrap();
    for within in [path("first/keys"), linked.join("first/keys").to_str().unwrap().to_owned()] {
        let (code, _, err) = drill.here(&["backup", "create", "--out", &first, "--keys", &within]);
        assert!(code == 3 && err.contains("must lie apart"), "{within}: {err}");
    }
    let (code, out, err) = drill.here(&["backup", "create", "--out", &first, "--keys", &keys, "--json"]);
    assert_eq!(code, 0, "{err}");
    let made: Value = serde_json::from_str(&out).unwrap();
    assert!(made["rows"].as_u64().unwrap() > 100 && made["documents"].as_u64().unwrap() >= 2, "{made}");
    let (code, _, err) = drill.here(&["backup", "create", "--out", &first]);
    assert!(code == 3 && err.contains("has a backup already, and is not written over"), "{err}");
    assert_eq!(said(wolo(home).args(["backup", "verify", &first])).0, 0);
    what_was_never_finished_says_so(&drill, &path("half"));
    an_owner_for_whom_policies_hold_is_told_so_at_once(&drill, &path("never"));
    until(|| {
        let trail = json(home, &["audit", "show", "--about", "backup", "--json"]);
        (trail["entries"][0]["action"] == "backup_created").then(|| {
            assert_eq!(trail["entries"][0]["by"], "operator:tester");
        })
    });

    // Destroyed after the backup; the copy of the keys does not know it yet.
    drill.runtime.block_on(vault.destroy_subject(goes.subject)).unwrap();
    the_vault_that_is_there_is_not_given_older_keys(&drill, &first, &keys);
    a_backup_of_another_release_changes_nothing(&drill, &first, &path("older"));
    the_database_comes_back_as_it_was(&drill, &first, &pot, &certificate);
    assert_eq!(drill.reads(&vault, &goes), None, "destroyed is destroyed");
    assert_eq!(drill.reads(&vault, &stays).unwrap(), b"who stays");
    a_no_changes_nothing(&drill, &first);
    let decisions = people.stay_as_was_decided(&drill, &first);

    // Everything is lost: the next night's copy of the keys is all that there is, and the oldest backup.
    let (code, out, err) = drill.here(&["backup", "create", "--out", &path("second"), "--keys", &keys]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("were destroyed since the last time, and are gone from it"), "{out}");
    let (code, _, err) = drill.there(&[], &["backup", "restore", &path("second"), "--decisions", &decisions]);
    assert!(code == 3 && err.contains("was written before the backup was made"), "{err}");
    a_vault_that_was_lost_comes_back_without_whom_was_destroyed(&drill, &first, &keys, &stays, &goes);
    what_was_changed_is_found_and_not_brought_back(&drill, &first);
}

fn the_vault_that_is_there_is_not_given_older_keys(drill: &Drill<'_>, backup: &str, keys: &str) {
    let (code, _, err) = drill.there(&[], &["backup", "restore", backup, "--keys", keys]);
    assert!(code == 3 && err.contains("the vault has its keys"), "{err}");
}

fn the_database_comes_back_as_it_was(drill: &Drill<'_>, backup: &str, pot: &str, certificate: &str) {
    let (code, out, err) = drill.there(&[], &["backup", "restore", backup]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Every rule of the books holds."), "{out}");
    assert!(out.contains("NOT KNOWN: who was erased"), "nobody was in it: {out}");
    assert_eq!(drill.there(&[], &["certificate", "show", pot]).1, certificate);
    let (code, out, err) = drill.there(&[], &["audit", "verify", "--json"]);
    let trail: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 0 && trail["whole"] == true && trail["lines"].as_u64() > Some(0), "{out} {err}");
    // What was brought back is backed up again: every row, and every place from which Postgres goes on counting, is the same.
    let again = format!("{backup}-again");
    let (code, _, err) = drill.there(&[], &["backup", "create", "--out", &again]);
    assert_eq!(code, 0, "{err}");
    let manifest = |folder: &str| {
        let text = fs::read(Path::new(folder).join("manifest.json")).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()
    };
    let (first, second) = (manifest(backup), manifest(&again));
    for part in ["tables", "sequences", "shape"] {
        assert_eq!(as_it_was(&first[part]), as_it_was(&second[part]), "{part}");
        assert!(!first[part].as_array().unwrap().is_empty(), "{part}");
    }

    // What is there by now is not replaced without a yes, and with one all of it is.
    let (code, _, err) = drill.there(&[], &["backup", "restore", backup]);
    assert!(code == 3 && err.contains("this needs a yes"), "{err}");
    let (code, _, err) = drill.there(&[], &["backup", "restore", backup, "--yes"]);
    assert_eq!(code, 0, "{err}");
}

/// But for what says that everybody was signed out, and that a backup was made and brought back.
fn as_it_was(part: &Value) -> Vec<&Value> {
    let changes =
        ["people.users", "people.sessions", "minors.guardian_sessions", "ops.outbox", "ops.restores"];
    let part = part.as_array().unwrap().iter();
    part.filter(|one| !one["name"].as_str().is_some_and(|name| changes.contains(&name))).collect()
}

fn what_was_never_finished_says_so(drill: &Drill<'_>, folder: &str) {
    fs::create_dir(folder).unwrap();
    fs::write(Path::new(folder).join("unfinished.json"), "{}").unwrap();
    let (code, _, err) = drill.here(&["backup", "create", "--out", folder]);
    assert!(code == 3 && err.contains("never finished") && err.contains("give another name"), "{err}");
    for words in [["backup", "verify", folder], ["backup", "restore", folder]] {
        let (code, _, err) = drill.here(&words);
        assert_eq!(
            (code, err.as_str()),
            (1, "wolo: this backup was never finished: make another, and remove this one\n")
        );
    }
}

/// Forced policies hold for whoever owns a table, too.
fn an_owner_for_whom_policies_hold_is_told_so_at_once(drill: &Drill<'_>, folder: &str) {
    let owner = drill.own.split_once("://").unwrap().1.split_once('@').unwrap().0;
    drill.at(&drill.own, |pool| async move {
        let made = format!("create role plain_owner login; grant {owner} to plain_owner");
        pool.execute(sqlx::AssertSqlSafe(made)).await.unwrap();
    });
    let plain = drill.own.replacen(&format!("{owner}@"), "plain_owner@", 1);
    let (code, _, err) = drill.elsewhere(&plain, &[], &["backup", "create", "--out", folder]);
    assert!(code == 3 && err.contains("be a superuser or have bypassrls"), "{err}");
    assert!(!Path::new(folder).exists(), "nothing was begun");
    drill.at(&drill.own, |pool| async move {
        pool.execute("alter role plain_owner bypassrls").await.unwrap();
    });
    let (code, _, err) = drill.elsewhere(&plain, &[], &["backup", "create", "--out", folder]);
    assert_eq!(code, 0, "that is all that was missing: {err}");
}

fn a_backup_of_another_release_changes_nothing(drill: &Drill<'_>, backup: &str, older: &str) {
    let text = fs::read(Path::new(backup).join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_slice(&text).unwrap();
    manifest["shape"].as_array_mut().unwrap().pop();
    fs::create_dir(older).unwrap();
    fs::write(Path::new(older).join("manifest.json"), manifest.to_string()).unwrap();
    let (code, _, err) = drill.there(&[], &["backup", "restore", older, "--yes"]);
    assert!(code == 3 && err.contains("bring it back with the release that made it"), "{err}");
    let made = "select count(*) from pg_namespace where nspname in ('people', 'money', 'audit')";
    assert_eq!(drill.count(&drill.fresh, made), 0, "not even the shape");
}

/// A database of an older release keeps its shape until somebody has said yes.
fn a_no_changes_nothing(drill: &Drill<'_>, backup: &str) {
    drill.at(&drill.own, |pool| async move {
        pool.execute("create database of_before template brought_back").await.unwrap();
    });
    let before = drill.named("of_before");
    drill.at(&before, |pool| async move {
        let last = "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)";
        pool.execute(last).await.unwrap();
    });
    let migrations = || drill.count(&before, "select count(*) from _sqlx_migrations");
    let had = migrations();
    let (code, _, err) = drill.elsewhere(&before, &[], &["backup", "restore", backup]);
    assert!(code == 3 && err.contains("this needs a yes"), "{err}");
    assert_eq!(migrations(), had);
}

fn a_vault_that_was_lost_comes_back_without_whom_was_destroyed(
    drill: &Drill<'_>,
    backup: &str,
    keys: &str,
    stays: &Place,
    goes: &Place,
) {
    let lost = tempfile::TempDir::new().unwrap();
    let address = |part: &str| format!("file://{}", lost.path().join(part).display());
    let (documents, new_keys) = (address("documents"), address("keys"));
    let elsewhere = [
        ("WOLO__VAULT__DOCUMENTS__ADDRESS", documents.as_str()),
        ("WOLO__VAULT__KEYS__ADDRESS", new_keys.as_str()),
    ];
    // Given once more it passes over what has come.
    for _ in 0..2 {
        let words = ["backup", "restore", backup, "--keys", keys, "--yes"];
        let (code, out, err) = drill.there(&elsewhere, &words);
        assert_eq!(code, 0, "{out} {err}");
    }
    let vault = drill.vault(Some(&documents), Some(&new_keys));
    assert_eq!(drill.reads(&vault, stays).unwrap(), b"who stays");
    assert_eq!(drill.reads(&vault, goes), None, "the backup has the document, and nothing that reads it");
    let noise = lost.path().join("documents").join(goes.subject.to_string());
    assert!(!noise.exists(), "what nobody can read is not brought back either");
    assert!(
        Path::new(backup).join("documents").join(goes.subject.to_string()).exists(),
        "it is in the backup"
    );
}

fn what_was_changed_is_found_and_not_brought_back(drill: &Drill<'_>, backup: &str) {
    let file = Path::new(backup).join("database/money.ledger_entries.copy");
    let mut rows = fs::read(&file).unwrap();
    let place = rows.iter().position(|byte| *byte == b'5').unwrap();
    rows[place] = b'6';
    fs::write(&file, rows).unwrap();
    let words = "wolo: the file of money.ledger_entries is not as it was written\n";
    let (code, _, err) = said(wolo(drill.home).args(["backup", "verify", backup]));
    assert_eq!((code, err.as_str()), (1, words));
    let (code, _, err) = drill.there(&[], &["backup", "restore", backup, "--yes"]);
    assert_eq!((code, err.as_str()), (1, words));
}
