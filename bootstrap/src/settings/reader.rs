//! Reads single values and collects what is wrong with them, so that everything can be said at once.
//!
//! A value that is wrong is replaced by a stand-in to go on; [`Reader::into_problems`] then keeps it from being used.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;

use config::{Config, Value, ValueKind};
use secrecy::SecretString;
use url::Url;

use super::Problem;

pub(super) struct Reader {
    merged: Config,
    defaults: Config,
    problems: Vec<Problem>,
    read: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Reader {
    pub(super) fn new(merged: Config, defaults: Config, problems: Vec<Problem>) -> Self {
        Self { merged, defaults, problems, read: BTreeSet::new(), secrets: BTreeSet::new() }
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    #[cfg(test)]
    pub(super) fn keys_read(&self) -> &BTreeSet<String> {
        &self.read
    }

    pub(super) fn problem(&mut self, key: &str, words: impl Display) {
        self.problems.push(Problem { key: key.to_owned(), words: words.to_string() });
    }

    /// Whether the value is still the one of the defaults file.
    pub(super) fn is_default(&self, key: &str) -> bool {
        let value = |config: &Config| config.get::<Value>(key).ok().map(|value| value.kind);
        value(&self.merged) == value(&self.defaults)
    }

    fn value(&mut self, key: &str) -> Option<ValueKind> {
        self.read.insert(key.to_owned());
        self.merged.get::<Value>(key).ok().map(|value| value.kind)
    }

    /// Text, with nothing around it. Empty is a value: who needs more says so.
    pub(super) fn text(&mut self, key: &str) -> String {
        if let Some(ValueKind::String(text)) = self.value(key) {
            text.trim().to_owned()
        } else {
            self.problem(key, "must be text");
            String::new()
        }
    }

    pub(super) fn some_text(&mut self, key: &str) -> String {
        let problems = self.problems.len();
        let text = self.text(key);
        if text.is_empty() && self.problems.len() == problems {
            self.problem(key, "must not be empty");
        }
        text
    }

    /// A value that is never shown.
    pub(super) fn secret_text(&mut self, key: &str) -> String {
        self.secrets.insert(key.to_owned());
        self.text(key)
    }

    /// A list whose elements are never shown.
    pub(super) fn secret_list(&mut self, key: &str) -> Vec<String> {
        self.secrets.insert(key.to_owned());
        self.list(key)
    }

    /// The value as a person may see it: nothing of a secret.
    pub(super) fn shown(&self, key: &str) -> Option<String> {
        let value = self.merged.get::<Value>(key).ok().filter(|_| !self.secrets.contains(key))?;
        Some(match value.kind {
            ValueKind::Array(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            kind => kind.to_string(),
        })
    }

    /// A secret; `None` when it is empty.
    pub(super) fn secret(&mut self, key: &str) -> Option<SecretString> {
        let text = self.secret_text(key);
        if text.is_empty() { None } else { Some(SecretString::from(text)) }
    }

    /// The elements of a list; in the environment they are separated by commas.
    pub(super) fn list(&mut self, key: &str) -> Vec<String> {
        let elements = match self.value(key) {
            Some(ValueKind::String(text)) => Some(
                text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
            ),
            Some(ValueKind::Array(values)) => values
                .into_iter()
                .map(|value| match value.kind {
                    ValueKind::String(text) => Some(text.trim().to_owned()),
                    ValueKind::I64(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        elements.unwrap_or_else(|| {
            self.problem(key, "must be a list");
            Vec::new()
        })
    }

    /// A whole number within the range.
    pub(super) fn number<T: TryFrom<i64> + Default>(&mut self, key: &str, range: &RangeInclusive<i64>) -> T {
        let number = match self.value(key) {
            Some(ValueKind::I64(number)) => Some(number),
            Some(ValueKind::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let fitting =
            number.filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok());
        fitting.unwrap_or_else(|| {
            self.problem(
                key,
                format_args!("must be a whole number from {} to {}", range.start(), range.end()),
            );
            T::default()
        })
    }

    /// A list of whole numbers within the range.
    pub(super) fn numbers<T: TryFrom<i64>>(&mut self, key: &str, range: &RangeInclusive<i64>) -> Vec<T> {
        let elements = self.list(key);
        let read = |text: &String| {
            let number: i64 = text.parse().ok()?;
            if range.contains(&number) { T::try_from(number).ok() } else { None }
        };
        elements.iter().map(read).collect::<Option<Vec<T>>>().unwrap_or_else(|| {
            self.problem(
                key,
                format_args!("must be whole numbers from {} to {}", range.start(), range.end()),
            );
            Vec::new()
        })
    }

    /// An address to listen on.
    pub(super) fn socket(&mut self, key: &str) -> SocketAddr {
        let text = self.text(key);
        text.parse().unwrap_or_else(|_| {
            self.problem(key, "must be an IP address and a port, like 127.0.0.1:3000");
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
        })
    }

    /// An `http` or `https` address without user, query or fragment. The value is not repeated when it is wrong: people
    /// put passwords into addresses.
    pub(super) fn url(&mut self, key: &str) -> Option<Url> {
        let text = self.text(key);
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if url.is_none() {
            self.problem(key, "must be an http or https address without user, query or fragment");
        }
        url
    }
}
