//! Old backups go, and nothing else does.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{said, wolo};

/// A backup of one table that has one row.
fn backup(folder: &Path, name: &str, day: u32) {
    let path = folder.join(name);
    fs::create_dir_all(path.join("database")).unwrap();
    fs::write(path.join("database/people.users.copy"), "a row\n").unwrap();
    let sha256 = "140b5b71bbaf238a9615661509906ff2245f9b843cc53ece02bd1c1d7d2b975c";
    let table = json!({ "name": "people.users", "columns": ["name"], "rows": 1, "sha256": sha256 });
    let manifest = json!({
        "format": 1, "at": format!("2026-11-{day:02}T03:30:00Z"), "shape": [1], "tables": [table], "sequences": [],
        "documents": null,
    });
    fs::write(path.join("manifest.json"), manifest.to_string()).unwrap();
}

fn unfinished(folder: &Path, name: &str, age: Duration) {
    let path = folder.join(name);
    fs::create_dir_all(path.join("database")).unwrap();
    let marker = File::create(path.join("unfinished.json")).unwrap();
    marker.set_modified(SystemTime::now() - age).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_newest_backups_that_are_whole_stay_and_nothing_is_touched_that_is_no_backup() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("backups");
    for day in 20..=25 {
        backup(&folder, &format!("of-{day}"), day);
    }
    fs::write(folder.join("of-24/database/people.users.copy"), "changed\n").unwrap();
    fs::write(folder.join("of-20/notes.txt"), "mine").unwrap();
    backup(&folder, "of-19", 19);
    fs::write(folder.join("of-19/database/notes.txt"), "mine").unwrap();
    backup(&folder, "of-26", 26);
    fs::write(folder.join("of-26/manifest.json"), "{ \"format\": 1, \"at\": \"2026-11-2").unwrap();
    unfinished(&folder, "long-ago", Duration::from_hours(30));
    unfinished(&folder, "just-now", Duration::from_hours(2));
    fs::create_dir_all(folder.join("keys/subjects")).unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    fs::write(folder.join("a file"), "mine").unwrap();
    let elsewhere = home.path().join("elsewhere");
    backup(&elsewhere, "of-01", 1);
    std::os::unix::fs::symlink(elsewhere.join("of-01"), folder.join("linked")).unwrap();
    let before = names(&folder);

    let prune = ["backup", "prune", folder.to_str().unwrap(), "--keep", "2", "--json"];
    let (code, _, err) = said(wolo(home.path()).args(prune));
    assert!(code == 3 && err.contains("this needs a yes"), "{err}");
    assert_eq!(names(&folder), before);

    let (code, out, err) = said(wolo(home.path()).args(prune).arg("--yes"));
    let told: Value = serde_json::from_str(&out).unwrap();
    let of = |part: &Value| -> Vec<String> {
        let paths = part.as_array().unwrap().iter().map(|path| Path::new(path.as_str().unwrap()));
        paths.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&told["kept"]), ["of-25", "of-23"], "{told}");
    assert_eq!(of(&told["removed"]["old"]), ["of-22", "of-21"], "{told}");
    assert_eq!(of(&told["removed"]["unfinished"]), ["long-ago"], "{told}");
    assert_eq!(of(&told["in_the_making"]), ["just-now"], "{told}");
    assert_eq!(of(&told["left"]), ["empty", "keys", "of-19", "of-20"], "{told}");
    assert_eq!(of(&told["damaged"]), ["of-24", "of-26"], "{told}");
    assert!(code == 1 && err.contains("2 of the backups that stay"), "somebody has to look: {err}");
    let stays = [
        "a file", "empty", "just-now", "keys", "linked", "of-19", "of-20", "of-23", "of-24", "of-25", "of-26",
    ];
    assert_eq!(names(&folder), stays);
    assert!(elsewhere.join("of-01/manifest.json").exists(), "what is linked to is somewhere else");

    for damaged in ["of-24", "of-26"] {
        fs::remove_dir_all(folder.join(damaged)).unwrap();
    }
    let (code, out, err) = said(wolo(home.path()).args(&prune[..5]));
    assert_eq!((code, err.as_str()), (0, ""), "nothing is asked where nothing goes");
    assert!(out.contains("of-25 stays.") && out.contains("keys was left as it is"), "{out}");
}

#[test]
fn a_removal_that_was_interrupted_is_no_backup_and_goes_later() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join("backups");
    backup(&folder, "of-21", 21);
    // As far as a removal comes before it takes anything away.
    fs::rename(folder.join("of-21/manifest.json"), folder.join("of-21/unfinished.json")).unwrap();
    let old = SystemTime::now() - Duration::from_hours(48);
    File::options()
        .write(true)
        .open(folder.join("of-21/unfinished.json"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    backup(&folder, "of-22", 22);
    let prune = ["backup", "prune", folder.to_str().unwrap(), "--keep", "1", "--yes"];
    let (code, out, err) = said(wolo(home.path()).args(prune));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("of-21 was removed: it was never finished."), "{out}");
    assert_eq!(names(&folder), ["of-22"]);
}
