//! SMS: one text, in letters that cost little.

use minijinja::Value;
use wolo_domain::notices::{Channel, Kind, Says, sms};

use super::Form;
use super::mistakes::{Mistake, Wrong};
use super::pieces::{Failed, Piece, Pieces, Source, facts};

const MOST_PARTS: usize = 2;
const MOST_PARTS_OF_A_CODE: usize = 1;

pub(super) struct Sms(Piece);

impl Form for Sms {
    const CHANNEL: Channel = Channel::Sms;

    fn read(source: &Source<'_>, pieces: &mut Pieces) -> Result<Self, Mistake> {
        let text = source.text.trim();
        if text.contains('\n') {
            return Err(source.mistake(2, Wrong::Form("an SMS is written on one line")));
        }
        Ok(Self(source.piece(pieces, 1, text)?))
    }

    fn check(&self, pieces: &Pieces, says: &Says) -> Result<(), Mistake> {
        let most = match says.kind() {
            Kind::OneTimeCode | Kind::VerifyEmail => MOST_PARTS_OF_A_CODE,
            _ => MOST_PARTS,
        };
        let is = sms::size(&self.fill(pieces, &facts(says))?).parts;
        if is > most {
            return Err(self.0.mistake(Wrong::TooManyParts { is, most }));
        }
        Ok(())
    }
}

impl Sms {
    pub(super) fn fill(&self, pieces: &Pieces, facts: &Value) -> Result<String, Failed> {
        Ok(sms::plain(&pieces.fill(&self.0, facts)?))
    }
}
