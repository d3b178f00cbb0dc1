//! Pieces of text with places for values, and how a value is written into one: everything that a file of words is made of.
//!
//! A value is written as one line, whatever it is: a name cannot begin a line of its own, and so it can be neither a header nor
//! a button. What may be absent is never written as nothing by accident: a piece must say what it says then.

use std::borrow::Cow;
use std::collections::BTreeSet;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};
use wolo_domain::contacts::Language;
use wolo_domain::notices::Says;

use super::figures;
use super::mistakes::{Mistake, WordsError, Wrong};
use super::typography;

/// All pieces, by language: how a day or a number is written depends on it.
pub(super) struct Pieces {
    french: Environment<'static>,
    english: Environment<'static>,
    wolof: Environment<'static>,
}

/// A piece that has been read.
pub(super) struct Piece {
    language: Language,
    /// Where it begins. The two together are its name among the pieces.
    file: String,
    line: usize,
    name: String,
}

/// A file of words, and what its places may be filled with.
pub(super) struct Source<'a> {
    pub(super) language: Language,
    pub(super) file: String,
    pub(super) text: &'a str,
    pub(super) variables: BTreeSet<String>,
}

/// A piece could not be filled in. What the engine says of it may quote a value, so it is told only of samples.
pub(super) struct Failed {
    file: String,
    line: usize,
    error: Error,
}

impl From<Failed> for WordsError {
    fn from(Failed { file, line, error }: Failed) -> Self {
        Self::Unfillable { file, line, kind: error.kind() }
    }
}

impl From<Failed> for Mistake {
    fn from(Failed { file, line, error }: Failed) -> Self {
        Self { file, line, wrong: Wrong::Unreadable(in_words(&error)) }
    }
}

fn in_words(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

impl Source<'_> {
    pub(super) fn mistake(&self, line: usize, wrong: Wrong) -> Mistake {
        Mistake { file: self.file.clone(), line, wrong }
    }

    /// Reads a piece of this file, which begins on a line.
    pub(super) fn piece(&self, pieces: &mut Pieces, line: usize, text: &str) -> Result<Piece, Mistake> {
        self.piece_at(pieces, line, 0, text)
    }

    /// Reads a piece that shares its line with others, and is told from them by its place.
    pub(super) fn piece_at(
        &self,
        pieces: &mut Pieces,
        line: usize,
        place: usize,
        text: &str,
    ) -> Result<Piece, Mistake> {
        let name = format!("{}:{line}:{place}", self.file);
        self.add(pieces, line, name, typography::printed(text, self.language))
    }

    /// Reads all of this file as one piece, as it is.
    pub(super) fn whole(&self, pieces: &mut Pieces) -> Result<Piece, Mistake> {
        self.add(pieces, 1, self.file.clone(), self.text.to_owned())
    }

    fn add(&self, pieces: &mut Pieces, line: usize, name: String, text: String) -> Result<Piece, Mistake> {
        let pieces = pieces.of(self.language);
        pieces.add_template_owned(name.clone(), text).map_err(|error| {
            let line = line + error.line().unwrap_or(1) - 1;
            self.mistake(line, Wrong::Unreadable(in_words(&error)))
        })?;
        let template = pieces
            .get_template(&name)
            .map_err(|error| self.mistake(line, Wrong::Unreadable(in_words(&error))))?;
        let used = template.undeclared_variables(false).into_iter();
        if let Some(unknown) = used.filter(|name| !self.variables.contains(name)).min() {
            let within = template.source().lines().position(|line| line.contains(&unknown)).unwrap_or(0);
            return Err(self.mistake(line + within, Wrong::Unknown(unknown)));
        }
        Ok(Piece { language: self.language, file: self.file.clone(), line, name })
    }
}

impl Piece {
    pub(super) fn mistake(&self, wrong: Wrong) -> Mistake {
        Mistake { file: self.file.clone(), line: self.line, wrong }
    }

    pub(super) const fn language(&self) -> Language {
        self.language
    }
}

/// What a message says, as its pieces see it.
pub(super) fn facts(says: &Says) -> Value {
    Value::from(Serde(says))
}

/// The names of what a message says.
pub(super) fn variables(says: &Says) -> BTreeSet<String> {
    let facts = facts(says);
    let names = facts.try_iter().into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).filter(|name| name != "says").collect()
}

impl Pieces {
    pub(super) fn new() -> Self {
        Self {
            french: environment(Language::French),
            english: environment(Language::English),
            wolof: environment(Language::Wolof),
        }
    }

    const fn of(&mut self, language: Language) -> &mut Environment<'static> {
        match language {
            Language::French => &mut self.french,
            Language::English => &mut self.english,
            Language::Wolof => &mut self.wolof,
        }
    }

    pub(super) fn fill(&self, piece: &Piece, facts: &Value) -> Result<String, Failed> {
        let pieces = match piece.language {
            Language::French => &self.french,
            Language::English => &self.english,
            Language::Wolof => &self.wolof,
        };
        let filled = pieces.get_template(&piece.name).and_then(|template| template.render(facts));
        filled.map_err(|error| Failed {
            file: piece.file.clone(),
            line: piece.line + error.line().unwrap_or(1) - 1,
            error,
        })
    }
}

fn environment(language: Language) -> Environment<'static> {
    let mut pieces = Environment::new();
    pieces.set_undefined_behavior(UndefinedBehavior::Strict);
    pieces.set_auto_escape_callback(
        |name| {
            if name == super::LAYOUT { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    pieces.set_formatter(write_value);
    figures::add_to(&mut pieces, language);
    pieces
}

fn write_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        return Err(Error::new(ErrorKind::UndefinedError, "something is written that may be absent"));
    }
    let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
    let text = typography::one_line(&text);
    if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() {
        write_escaped(out, &text)
    } else {
        out.write_str(&text)
    }
    .map_err(Error::from)
}

/// For texts and for attributes in quotes. The engine's own would also escape `/`, and not everybody who rewrites the links of
/// a mail on its way knows that.
fn write_escaped(out: &mut Output, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, sign) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match sign.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &sign[1..];
    }
    out.write_str(rest)
}
