//! A guardian's consent to what a minor does here: who gives it, to what, and what becomes of it.
//!
//! What was agreed to is a [`ConsentText`], word for word, with its hash; how far a consent has come is its [`ConsentStage`]. Under
//! which rules one is asked for, given and taken back stands in [`ConsentRules`].
//!
//! Refused: to call anything consent that was not shown in a text of ours, or that was given for less than a pot needs.

mod given;
mod rules;
mod stages;
mod texts;

pub use given::{
    AddressClass, Agreement, Guardian, Guardianship, Proof, Purpose, Shown, covers_a_pot, token_hash,
};
pub use rules::ConsentRules;
pub use stages::{ConsentEnd, ConsentStage, StageError};
pub use texts::ConsentText;
