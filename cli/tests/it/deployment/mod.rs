//! The files with which WOLO is run are read like those for whom they are read them: nothing in them names a setting, a figure, a
//! program or a paper that is not there, and nothing secret has a default.

mod around;
mod compose;
mod figures;
mod image;
mod kubernetes;
mod scraping;
mod workflows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;
use wolo_bootstrap::Settings;
use wolo_bootstrap::settings::Layers;

pub(crate) use figures::every_figure_that_is_named_is_told;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All documents of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The files of a folder with this ending, by their names from the root on.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let found = std::fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    let mut found: Vec<_> = found
        .map(|name| format!("{folder}/{}", name.to_str().unwrap()))
        .filter(|name| name.ends_with(ending))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{folder} has no {ending}");
    found
}

/// What `deploy/secrets` makes when it is given so, with what it says that only others can give.
struct Secrets(TempDir);

impl Secrets {
    fn made(options: &[String]) -> Self {
        let folder = TempDir::new().unwrap();
        let give = || {
            let made =
                Command::new("bash").arg(path("deploy/secrets")).args(options).arg(folder.path()).output();
            let made = made.unwrap();
            let said = String::from_utf8(made.stderr).unwrap();
            assert!(made.status.success(), "{said}");
            said
        };
        let said = give();
        // What is there is kept.
        let first = std::fs::read(folder.path().join("temporal_payload_keys")).unwrap();
        let missing = format!("still missing: {}/", folder.path().display());
        for line in said.lines() {
            let name = line.strip_prefix(&missing).unwrap_or_else(|| panic!("{line}"));
            std::fs::write(folder.path().join(name), given(name)).unwrap();
        }
        assert_eq!(give(), "", "what was put in is missing no more");
        assert_eq!(std::fs::read(folder.path().join("temporal_payload_keys")).unwrap(), first);
        Self(folder)
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).is_file()
    }

    /// What a process would read that starts with this environment, these secrets and no others.
    fn settings(&self, who: &str, environment: &BTreeMap<String, String>, given: &[String]) -> Settings {
        let mounted = environment.iter().map(|(name, value)| {
            let value = match value.strip_prefix("/run/secrets/") {
                Some(secret) => {
                    assert!(given.iter().any(|one| one == secret), "{who} is not given {secret}");
                    self.0.path().join(secret).to_str().unwrap().to_owned()
                }
                None => value.clone(),
            };
            (name.clone(), value)
        });
        let mounted: Vec<_> = mounted.collect();
        // A variable that the layers pass over would be a setting that says nothing.
        for (name, _) in &mounted {
            assert!(name.starts_with("WOLO__") || name == "WOLO_LOG_FORMAT", "{who} knows nothing of {name}");
        }
        Layers::new().environment(mounted).read().unwrap_or_else(|error| panic!("{who}: {error}"))
    }
}

/// What somebody else would give.
fn given(name: &str) -> &'static str {
    match name {
        "wave_api_key" => "wave_sn_prod_a-test",
        "wave_webhook_secrets" => "wave_sn_WHS_a-test",
        "vault_documents_secret" => "of-the-documents-user",
        "vault_keys_secret" => "of-the-keys-user",
        "tls_certificate" => "a certificate",
        other => panic!("nobody gives {other}"),
    }
}

/// What follows from the queues that a worker serves, and from serving people: which keys are needed.
fn has_what_it_needs(who: &str, command: &[String], settings: &Settings) {
    let queues = command.iter().skip_while(|word| *word != "--queues").nth(1);
    let serves = |queue: &str| queues.is_some_and(|queues| queues.split(',').any(|one| one == queue));
    if let Some(queues) = queues {
        for queue in queues.split(',') {
            assert!(wolo_worker::served(queue).is_some(), "{who} serves {queue}, which there is not");
        }
    }
    let seals = serves("lifecycle") || serves("notices");
    assert_eq!(settings.certificates.sealing.is_some(), seals, "the key of certificates of {who}");
    let vault = serves("lifecycle")
        || serves("identity")
        || command[0] == "wolo-api"
        || command.contains(&"backup".to_owned());
    assert_eq!(settings.vault.is_some(), vault, "the vault of {who}");
    if command[0] == "wolo-api" {
        assert!(!settings.certificates.public_keys.is_empty(), "{who} publishes no key");
        assert!(settings.redis.url.is_some(), "{who} counts alone");
        assert_eq!(settings.api.listen.to_string(), "0.0.0.0:3000");
    }
}

/// Whether a variable holds what nobody may see, or where that is.
fn is_secret(variable: &str) -> bool {
    let last = variable.rsplit("__").next().unwrap_or(variable);
    let tells = ["PASSWORD", "PWD", "SECRET", "KEY", "PEPPER", "TOKEN"];
    tells.iter().any(|word| last.contains(word)) && !last.contains("KEY_ID")
}

/// No tag of an image may mean another image tomorrow without anybody having said so.
fn is_pinned(image: &str) -> bool {
    let Some((_, tag)) = image.rsplit_once(':') else { return false };
    !tag.is_empty() && tag != "latest" && !tag.contains('/')
}
