//! Checking fields one by one and answering all that is wrong at once.

use wolo_domain::money::Xof;
use wolo_domain::people::Phone;
pub(crate) use wolo_domain::texts::Lines;
use wolo_domain::texts::{self, InvalidText};

use crate::problem::{Problem, Words, Wrong};

/// Collects what is wrong.
#[derive(Default)]
pub(crate) struct Fields(Vec<Wrong>);

impl Fields {
    pub(crate) fn wrong(&mut self, field: &str, words: Words) {
        self.0.push(Wrong { field: field.to_owned(), words });
    }

    /// What is wrong within something, under its name.
    pub(crate) fn under(&mut self, name: &str, inner: Self) {
        let named = |wrong: Wrong| Wrong { field: format!("{name}.{}", wrong.field), ..wrong };
        self.0.extend(inner.0.into_iter().map(named));
    }

    /// A text without what surrounds it; nothing when it is empty.
    pub(crate) fn text(
        &mut self,
        field: &str,
        given: Option<String>,
        most_chars: usize,
        lines: Lines,
    ) -> Option<String> {
        match texts::text(&given?, most_chars, lines) {
            Ok(text) => text.map(str::to_owned),
            Err(why) => {
                self.wrong(field, words(why));
                // Something was given, so it is not missing besides.
                Some(String::new())
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn some_text(
        &mut self,
        field: &str,
        given: String,
        most_chars: usize,
        lines: Lines,
    ) -> String {
        self.text(field, Some(given), most_chars, lines).unwrap_or_else(|| {
            self.wrong(
                field,
                Words::new("ce texte est vide", "this text is empty").wolof("mbind mi amul dara"),
            );
            String::new()
        })
    }

    pub(crate) fn phone(&mut self, field: &str, given: Option<&str>) -> Option<Phone> {
        let given = given.filter(|text| !text.trim().is_empty())?;
        let phone = given.parse().ok();
        if phone.is_none() {
            self.wrong(
                field,
                Words::new(
                    "ce n'est pas un numéro de téléphone ; écrivez +221771234567, ou 771234567 pour le Sénégal",
                    "this is not a phone number; write it as +221771234567, or 771234567 for Senegal",
                ).wolof("lii du nimero telefon ; bindal +221771234567, walla 771234567 ngir Senegaal"),
            );
        }
        phone
    }

    /// Whole francs, more than nothing.
    pub(crate) fn francs(&mut self, field: &str, given: i64, most: i64) -> Xof {
        if !(1..=most).contains(&given) {
            self.wrong(
                field,
                Words::new(
                    format!("ce montant doit être de 1 à {most} francs"),
                    format!("this amount must be from 1 to {most} francs"),
                )
                .wolof(format!("xaalis bi dafa war a nekk diggante 1 ak {most} francs")),
            );
        }
        Xof::new(given)
    }

    /// All that is wrong, if anything is.
    pub(crate) fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }
}

fn words(why: InvalidText) -> Words {
    let english = why.to_string();
    match why {
        InvalidText::Control => Words::new("ce texte a des caractères de contrôle", english)
            .wolof("mbind mi am na caractères de contrôle"),
        InvalidText::TurnsDirection => {
            Words::new("ce texte a des caractères qui retournent le sens de lecture", english)
                .wolof("mbind mi am na caractères yuy walbati mbind mi")
        }
        InvalidText::TooLong { most_chars } => {
            Words::new(format!("ce texte a plus de {most_chars} caractères"), english)
                .wolof(format!("mbind mi ëpp na {most_chars} caractères"))
        }
        InvalidText::Invisible => {
            Words::new("rien de ce texte n'est visible", english).wolof("dara feeñul ci mbind mi")
        }
    }
}
