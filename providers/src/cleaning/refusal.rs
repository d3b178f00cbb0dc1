//! Why a document is not taken, in words that can be said to whoever sent it.

use std::fmt;

/// What is wrong with an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    NotADocument,
    /// It is a picture and something else at the same time.
    TwoThings,
    TooLarge,
    Damaged,
    TooManyPixels,
    TooManyPages,
    PasswordProtected,
    TookTooLong,
}

impl Refusal {
    pub const ALL: [Self; 8] = [
        Self::NotADocument,
        Self::TwoThings,
        Self::TooLarge,
        Self::Damaged,
        Self::TooManyPixels,
        Self::TooManyPages,
        Self::PasswordProtected,
        Self::TookTooLong,
    ];

    /// For programs, and to look up the words of a language by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotADocument => "not_a_document",
            Self::TwoThings => "two_things",
            Self::TooLarge => "too_large",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooManyPages => "too_many_pages",
            Self::PasswordProtected => "password_protected",
            Self::TookTooLong => "took_too_long",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADocument => "it is not a JPEG, a PNG or a PDF",
            Self::TwoThings => "it is a picture and another kind of file in one",
            Self::TooLarge => "it is larger than 10 MB",
            Self::Damaged => "it is damaged, or made in a way that cannot be read",
            Self::TooManyPixels => "it has more than 50 million pixels",
            Self::TooManyPages => "it has more than four pages",
            Self::PasswordProtected => "it is protected by a password",
            Self::TookTooLong => "it takes too long to read",
        })
    }
}
