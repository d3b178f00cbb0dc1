//! The settings of a local world as a file: every part of it, and every command, reads the same one.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use wolo_bootstrap::Settings;
use wolo_bootstrap::settings::Layers;

use super::dev_file::write_private;

pub(super) fn write(path: &Path, values: &[(&'static str, String)]) -> Result<()> {
    let mut text = String::from("# Written by wolo for one local world. It holds secrets of that world.\n");
    for (key, value) in values {
        // A JSON string is a TOML string too.
        writeln!(text, "{key} = {}", serde_json::to_string(value)?)?;
    }
    write_private(path, &text)
}

/// The file, the rules that this shell's environment changes, and over both what the world has decided.
pub(super) fn read(path: &Path, values: &[(&'static str, String)]) -> Result<Settings> {
    let mut layers = Layers::from_process().file(path.to_owned());
    for (key, value) in values {
        layers = layers.set(*key, value.clone());
    }
    Ok(layers.read()?)
}
