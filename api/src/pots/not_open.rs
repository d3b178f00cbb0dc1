//! A pot that takes nothing now.

use wolo_domain::pots::PotStage;

use crate::asker::Language;
use crate::problem::{Code, Problem, Words, stage_words};

/// The refusal of a gift, or of credit, with where the pot stands instead.
pub(crate) fn not_open(stage: PotStage) -> Problem {
    let words = stage_words(stage);
    Problem::new(Code::PotNotOpen).detail(
        Words::new(
            format!("Cette cagnotte ne reçoit pas de cadeaux : elle {}.", words.read(Language::French)),
            format!("This pot takes no gifts now: it {}.", words.read(Language::English)),
        )
        .wolof(format!("Cagnotte bii du jot kado léegi : {}.", words.read(Language::Wolof))),
    )
}
