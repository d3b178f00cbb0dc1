//! What can be wrong with the files of words, and with a message that is to be worded.

use std::fmt;

use minijinja::ErrorKind;
use thiserror::Error;
use wolo_domain::notices::Kind;

/// Everything that is wrong with the files. They are tried with samples only, so nobody's data can be in here.
#[derive(Debug, Error)]
#[error("the words of messages cannot be used{}", Listed(.0))]
pub struct Mistakes(pub Vec<Mistake>);

struct Listed<'a>(&'a [Mistake]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|mistake| write!(f, "\n{mistake}"))
    }
}

/// One thing that is wrong with a file.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{file}:{line}: {wrong}")]
pub struct Mistake {
    /// From `templates` on.
    pub file: String,
    pub line: usize,
    pub wrong: Wrong,
}

#[derive(Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("is missing")]
    Missing,
    #[error("belongs to no kind of message")]
    Stray,
    #[error("is not a template: {0}")]
    Unreadable(String),
    #[error("such a message has no `{0}`")]
    Unknown(String),
    /// In characters.
    #[error("{what} has {is} characters; the most is {most}")]
    TooLong { what: &'static str, is: usize, most: usize },
    #[error("this SMS has {is} parts; the most is {most}")]
    TooManyParts { is: usize, most: usize },
    #[error("{0}")]
    Form(&'static str),
    #[error("another template is called `{0}`")]
    Taken(String),
}

/// Why one message cannot be worded. Says where, and nothing of what the message says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WordsError {
    #[error("{file}:{line} cannot be filled in: {kind}")]
    Unfillable { file: String, line: usize, kind: ErrorKind },
    #[error("the link of a message of the kind `{kind}` is not a web address")]
    Link { kind: Kind },
}
