//! Push: a title, and a few words below it.

use minijinja::Value;
use wolo_domain::notices::{Channel, Says};

use super::Form;
use super::mistakes::{Mistake, Wrong};
use super::pieces::{Failed, Piece, Pieces, Source, facts};
use super::typography::clipped;

/// In characters, as phones show them.
const LONGEST_TITLE: usize = 60;
const LONGEST_BODY: usize = 180;

/// What a phone shows, and what it opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    pub title: String,
    pub body: String,
    pub link: Option<String>,
}

pub(super) struct Notification {
    title: Piece,
    body: Piece,
}

impl Form for Notification {
    const CHANNEL: Channel = Channel::Push;

    fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake> {
        let (title, body) = source.text.trim_end().split_once('\n').unwrap_or_default();
        if title.is_empty() || body.is_empty() || body.contains('\n') {
            let form = Wrong::Form("a push message is a title on one line and a text on the next one");
            return Err(source.mistake(1, form));
        }
        Ok(Self { title: source.piece(pieces, 1, title)?, body: source.piece(pieces, 2, body)? })
    }

    fn check(&self, pieces: &Pieces, says: &Says) -> Result<(), Mistake> {
        let facts = facts(says);
        for (piece, what, most) in
            [(&self.title, "the title", LONGEST_TITLE), (&self.body, "the text", LONGEST_BODY)]
        {
            let is = pieces.fill(piece, &facts)?.chars().count();
            if is > most {
                return Err(piece.mistake(Wrong::TooLong { what, is, most }));
            }
        }
        Ok(())
    }
}

impl Notification {
    pub(super) fn fill(&self, pieces: &Pieces, facts: &Value, link: Option<&str>) -> Result<Push, Failed> {
        Ok(Push {
            title: clipped(&pieces.fill(&self.title, facts)?, LONGEST_TITLE).into_owned(),
            body: clipped(&pieces.fill(&self.body, facts)?, LONGEST_BODY).into_owned(),
            link: link.map(str::to_owned),
        })
    }
}
