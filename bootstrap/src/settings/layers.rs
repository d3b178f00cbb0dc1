//! Which value wins: what the program itself sets, then the environment, then the file, then what the earlier system's
//! names say, then the defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::{Effective, Problem, Settings, SettingsError, Source as From, checks, former, reader::Reader};

pub(super) const DEFAULTS: &str = include_str!("../../settings.default.toml");

const PREFIX: &str = "WOLO__";
const FILE_VARIABLE: &str = "WOLO_CONFIG";
/// Behind a variable's name: it names a file, and the value stands in that, as orchestrators hand secrets over.
const IN_A_FILE: &str = "_FILE";

/// The layers above the defaults, before they are read.
#[derive(Clone, Default)]
pub struct Layers {
    file: Option<PathBuf>,
    environment: Vec<(String, String)>,
    set: Vec<(String, String)>,
    problems: Vec<Problem>,
}

impl Layers {
    /// No file and no environment: the defaults alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// The file that `WOLO_CONFIG` names and the `WOLO__…` variables of this process.
    pub fn from_process() -> Self {
        let mut layers = Self::new();
        if let Some(file) = env::var_os(FILE_VARIABLE).filter(|file| !file.is_empty()) {
            layers.file = Some(file.into());
        }
        for (name, value) in env::vars_os() {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
            if let Ok(value) = value.into_string() {
                layers.environment.push((name.to_owned(), value));
            } else {
                layers.problems.push(Problem { key: name.to_owned(), words: "is not UTF-8".to_owned() });
            }
        }
        layers
    }

    /// Reads this file instead of any other.
    #[must_use]
    pub fn file(mut self, file: PathBuf) -> Self {
        self.file = Some(file);
        self
    }

    /// Adds variables as the environment would have them, `WOLO__WAVE__URL` or a name of the earlier system; others are
    /// passed over.
    #[must_use]
    pub fn environment<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.environment.extend(variables.filter(|(name, _): &(String, String)| is_ours(name)));
        self
    }

    /// Sets one value over everything else, by its key, `wave.url`; a list with commas. For a program that starts its
    /// own surroundings and knows where they are.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((key.into(), value.into()));
        self
    }

    /// Merges and checks everything.
    pub fn read(self) -> Result<Settings, SettingsError> {
        let Merged { mut reader, .. } = self.merge()?;
        let settings = checks::read(&mut reader);
        match (settings, reader.into_problems()) {
            (Some(settings), problems) if problems.is_empty() => Ok(settings),
            (_, problems) => Err(SettingsError::Invalid(problems)),
        }
    }

    /// Every setting by its key, with its value and where that comes from. Whether the values can be used is for
    /// [`Layers::read`] to say.
    pub fn effective(self) -> Result<Vec<Effective>, SettingsError> {
        let Merged { mut reader, known, sources } = self.merge()?;
        // Which settings are secrets is known when they have been read.
        let _ = checks::read(&mut reader);
        let effective = known.into_iter().map(|key| Effective {
            value: reader.shown(&key),
            from: sources.get(&key).copied().unwrap_or(From::Default),
            key,
        });
        Ok(effective.collect())
    }

    fn merge(self) -> Result<Merged, SettingsError> {
        let defaults = defaults();
        let known = known_keys(&defaults);
        let mut problems = self.problems;
        let mut sources = BTreeMap::new();
        let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));

        let (former, ours): (Vec<_>, Vec<_>) =
            self.environment.into_iter().partition(|(name, _)| !name.starts_with(PREFIX));
        let (former, wrong) = former::read(&former);
        problems.extend(wrong);
        let mut renamed = Config::builder();
        for (key, value) in former {
            renamed =
                renamed.set_override(key, value).map_err(|_| SettingsError::Invalid(vec![unknown(key)]))?;
            sources.insert(key.to_owned(), From::FormerName);
        }
        builder = builder.add_source(renamed.build().unwrap_or_default());
        if let Some(path) = self.file {
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(source) => return Err(SettingsError::File { path, source }),
            };
            let layer = File::from_str(&text, FileFormat::Toml);
            match layer.collect() {
                Ok(values) => {
                    let mut keys = Vec::new();
                    leaves("", &values, &mut keys);
                    problems.extend(keys.iter().filter(|key| !known.contains(*key)).map(|key| unknown(key)));
                    sources.extend(keys.into_iter().map(|key| (key, From::File)));
                }
                Err(error) => return Err(SettingsError::Syntax { path, place: place(&error) }),
            }
            builder = builder.add_source(layer);
        }
        let environment = environment(ours, &known, &mut problems);
        let set = self.set.into_iter().map(|(key, value)| (key.clone(), key, value, From::Program));
        for (key, shown, value, from) in environment.into_iter().chain(set) {
            if !known.contains(&key) {
                problems.push(unknown(&shown));
                continue;
            }
            // A known key is a plain path, which is all that can be wrong here.
            builder = builder
                .set_override(&key, value)
                .map_err(|_| SettingsError::Invalid(vec![unknown(&shown)]))?;
            sources.insert(key, from);
        }
        let merged = builder.build().unwrap_or_default();
        Ok(Merged { reader: Reader::new(merged, defaults, problems), known, sources })
    }
}

/// The variables with the keys that they are about, and what those say whose names end in [`IN_A_FILE`]: a file's content, without
/// the line break that ends it. A setting that is a file's name by itself keeps its meaning.
fn environment(
    ours: Vec<(String, String)>,
    known: &BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, String, String, From)> {
    let key = |name: &str| name[PREFIX.len()..].to_lowercase().replace("__", ".");
    // What is set to nothing is not given.
    let given = ours.iter().filter(|(_, value)| !value.is_empty());
    let names: BTreeSet<_> = given.map(|(name, _)| name.clone()).collect();
    let mut values = Vec::new();
    for (name, value) in ours {
        let itself = name.strip_suffix(IN_A_FILE).filter(|itself| {
            itself.starts_with(PREFIX) && !known.contains(&key(&name)) && known.contains(&key(itself))
        });
        let Some(itself) = itself else {
            values.push((key(&name), name, value, From::Environment));
            continue;
        };
        if names.contains(itself) {
            let words = format!("and {itself} are both given; only one may be");
            problems.push(Problem { key: name, words });
        } else if let Ok(content) = std::fs::read_to_string(Path::new(value.trim())) {
            let content = content.trim_end_matches(['\r', '\n']).to_owned();
            values.push((key(itself), itself.to_owned(), content, From::Environment));
        } else {
            problems.push(Problem { key: name, words: "names a file that cannot be read".to_owned() });
        }
    }
    values
}

/// All layers in one.
struct Merged {
    reader: Reader,
    known: BTreeSet<String>,
    sources: BTreeMap<String, From>,
}

fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX) || former::is_known(name)
}

/// The embedded file; a test holds that it can be read.
pub(super) fn defaults() -> Config {
    Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build().unwrap_or_default()
}

pub(super) fn known_keys(defaults: &Config) -> BTreeSet<String> {
    let mut keys = Vec::new();
    leaves("", &defaults.collect().unwrap_or_default(), &mut keys);
    keys.into_iter().collect()
}

fn leaves(prefix: &str, values: &Map<String, Value>, keys: &mut Vec<String>) {
    for (name, value) in values {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match &value.kind {
            ValueKind::Table(table) => leaves(&key, table, keys),
            _ => keys.push(key),
        }
    }
}

fn unknown(key: &str) -> Problem {
    Problem { key: key.to_owned(), words: "is not a setting".to_owned() }
}

/// The first line of the parser's words is the place; what follows quotes the file.
fn place(error: &ConfigError) -> String {
    let words = match error {
        ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    let first = words.lines().next().unwrap_or_default();
    match first.find("at line") {
        Some(start) => first[start..].to_owned(),
        None => "at an unknown place".to_owned(),
    }
}
