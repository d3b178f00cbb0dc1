//! The papers name commands, and whoever is in trouble types them: each is there, with each option that stands beside it.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;

use crate::{said, wolo};

const PAPERS: [&str; 7] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/operations.md",
    "docs/performance.md",
    "docs/reliability.md",
    "docs/scaling.md",
];

/// What stands between backticks and begins with the program's name, a word each.
fn named(paper: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(paper);
    let text = std::fs::read_to_string(path).unwrap();
    // In a block the lines are commands, and around it the pieces between backticks are.
    let mut pieces = Vec::new();
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 0 {
            pieces.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        } else {
            pieces.extend(part.lines().map(str::to_owned));
        }
    }
    let words = |piece: String| piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    pieces.into_iter().map(words).filter(|words| words.first().is_some_and(|one| one == "wolo")).collect()
}

/// The longest beginning of some words that is a command, and what it says of itself.
fn help(words: &[String], known: &mut BTreeMap<String, Option<String>>) -> (String, String) {
    let plain = words.iter().take_while(|one| one.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    let plain: Vec<_> = plain.take_while(|one| !one.starts_with('-')).map(String::as_str).collect();
    let mut command = String::new();
    let mut page = ask("", known).unwrap();
    for word in plain {
        if !page
            .lines()
            .any(|line| line.strip_prefix("  ").is_some_and(|rest| rest.split(' ').next() == Some(word)))
        {
            assert!(!page.contains("\nCommands:\n"), "there is no `wolo{command} {word}`");
            break;
        }
        command = format!("{command} {word}");
        page = ask(&command, known).unwrap_or_else(|| panic!("there is no `wolo{command}`"));
    }
    (command, page)
}

fn ask(command: &str, known: &mut BTreeMap<String, Option<String>>) -> Option<String> {
    let asked = || {
        let home = TempDir::new().unwrap();
        let (code, out, _) = said(wolo(home.path()).args(command.split_whitespace()).arg("--help"));
        (code == 0).then_some(out)
    };
    known.entry(command.to_owned()).or_insert_with(asked).clone()
}

#[test]
fn every_command_that_the_papers_name_is_there_with_its_options() {
    let mut known = BTreeMap::new();
    let mut count = 0;
    for paper in PAPERS {
        for words in named(paper) {
            let (command, page) = help(&words[1..], &mut known);
            for option in words.iter().filter(|one| one.starts_with("--")) {
                let option = option.trim_end_matches(|c: char| !c.is_ascii_lowercase());
                let there =
                    page.split(|c: char| !c.is_ascii_lowercase() && c != '-').any(|one| one == option);
                assert!(there, "{paper}: `wolo{command}` has no {option}");
            }
            count += 1;
        }
    }
    assert!(count > 60, "only {count} were found");
}
