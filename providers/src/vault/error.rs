//! Why the vault did not do what it was asked.
//!
//! No message says where something lies or what is in it: addresses have ids of people in them, and errors go into logs.

use std::error::Error;
use std::fmt;
use std::io;

/// One of the two stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Documents,
    Keys,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documents => "documents",
            Self::Keys => "keys",
        })
    }
}

/// What went wrong. That a document is not there is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Worth repeating.
    #[error("the store of {side} cannot be used: {why}")]
    Unreachable { side: Side, why: String },
    /// Something is not as it was written, or lies where it was not written. Nothing of it has been given out but segments
    /// that were verified before.
    #[error("{0} is damaged, or not in its place")]
    Damaged(&'static str),
    /// The key-encryption key of this name is not in the ring. Nothing is lost: with it in the ring it can be read.
    #[error("the key-encryption key `{0}` is not in the ring")]
    UnknownKey(String),
    #[error("a document may have at most {most} bytes")]
    TooLarge { most: u64 },
    /// The document is there already, and is another.
    #[error("there is another document in this place")]
    Taken,
    /// It was destroyed while it was being written.
    #[error("the document was destroyed while it was written")]
    Destroyed,
    /// What was to be stored could not be read to its end.
    #[error("what was to be stored could not be read to its end ({0})")]
    Unread(io::ErrorKind),
    /// An address, a key of the ring or a place that cannot be one; says which.
    #[error("{0}")]
    Unusable(&'static str),
    /// The operating system gave no random bytes, or the cipher refused; never on account of what it was given.
    #[error("the cipher failed")]
    Cipher,
}

impl VaultError {
    /// The reason without the address: the store's own words quote it.
    pub(super) fn unreachable(side: Side, error: &object_store::Error) -> Self {
        let why = match error {
            object_store::Error::PermissionDenied { .. } => "access is denied".to_owned(),
            object_store::Error::Unauthenticated { .. } => "the credentials are not accepted".to_owned(),
            object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. } => {
                "it cannot do what is needed of it".to_owned()
            }
            other => io_kind(other).map_or_else(|| "no answer".to_owned(), |kind| kind.to_string()),
        };
        Self::Unreachable { side, why }
    }

    pub(super) fn io(side: Side, error: &io::Error) -> Self {
        Self::Unreachable { side, why: io_kind(error).unwrap_or_else(|| error.kind()).to_string() }
    }
}

/// What the operating system said: the last error of its kind among the causes, which others wrap in theirs.
pub(super) fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let (mut cause, mut kind) = (Some(error), None);
    while let Some(error) = cause {
        kind = error.downcast_ref::<io::Error>().map(io::Error::kind).or(kind);
        cause = error.source();
    }
    kind
}
