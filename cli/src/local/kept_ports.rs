//! The ports of a kept world. It takes them up again when they are free, so that links to it live on: the pay pages
//! that gifts remember, and the pages of processes.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use url::Url;

use super::{Addresses, Ports};

fn path(folder: &Path) -> PathBuf {
    folder.join("ports.json")
}

/// The ports that were asked for, and for the others those of the last time. A world that remembers none, or whose ports
/// are taken, gets new ones: nothing but its links depends on them.
pub(super) fn take_up(folder: &Path, asked: Ports) -> Ports {
    let kept = fs::read(path(folder)).ok().and_then(|text| serde_json::from_slice::<Ports>(&text).ok());
    let kept = kept.unwrap_or_default();
    let choose = |asked: Option<u16>, kept: Option<u16>| {
        asked.filter(|port| *port != 0).or_else(|| kept.filter(|port| is_free(*port)))
    };
    Ports {
        api: choose(asked.api, kept.api),
        temporal: choose(asked.temporal, kept.temporal),
        temporal_ui: choose(asked.temporal_ui, kept.temporal_ui),
        wave: choose(asked.wave, kept.wave),
        postgres: choose(asked.postgres, kept.postgres),
    }
}

pub(super) fn keep(folder: &Path, at: &Addresses) -> Result<()> {
    let port = |address: &str| Url::parse(address).ok().and_then(|url| url.port());
    let ports = Ports {
        api: port(&at.api),
        temporal: port(&at.temporal),
        temporal_ui: port(&at.temporal_ui),
        wave: port(&at.wave),
        postgres: port(&at.postgres),
    };
    let path = path(folder);
    let text = serde_json::to_vec_pretty(&ports)?;
    fs::write(&path, text).with_context(|| format!("the file {} cannot be written", path.display()))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_port_is_taken_up_when_it_is_free_and_nobody_asked_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let none = take_up(folder.path(), Ports { api: Some(0), ..Ports::default() });
        assert_eq!(none, Ports::default(), "a new world remembers none");

        let [api, wave, asked] = wolo_sandbox::ports::free().unwrap();
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let kept = Ports {
            api: Some(api),
            wave: Some(wave),
            postgres: Some(taken.local_addr().unwrap().port()),
            ..Ports::default()
        };
        fs::write(path(folder.path()), serde_json::to_vec(&kept).unwrap()).unwrap();
        let wanted = Ports { api: Some(0), wave: Some(asked), ..Ports::default() };
        let ports = take_up(folder.path(), wanted);
        assert_eq!(ports, Ports { api: Some(api), wave: Some(asked), ..Ports::default() });
    }
}
