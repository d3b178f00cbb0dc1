//! Words in French and English. Who reads Wolof gets the French ones: a sentence must be right, and ours are checked by
//! nobody yet.

use std::borrow::Cow;

use wolo_domain::pots::{HoldReason, PotStage};

use crate::asker::Language;

/// The same thing said twice.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    french: Cow<'static, str>,
    english: Cow<'static, str>,
}

impl Words {
    pub(crate) fn new(french: impl Into<Cow<'static, str>>, english: impl Into<Cow<'static, str>>) -> Self {
        Self { french: french.into(), english: english.into() }
    }

    pub(crate) fn french(&self) -> &str {
        &self.french
    }

    pub(crate) fn english(&self) -> &str {
        &self.english
    }

    pub(crate) fn read(&self, language: Language) -> &str {
        match language {
            Language::French | Language::Wolof => &self.french,
            Language::English => &self.english,
        }
    }
}

/// Where a pot stands, as the end of a sentence.
pub(crate) fn stage_words(stage: PotStage) -> Words {
    match stage {
        PotStage::Scheduled => Words::new("n'est pas encore ouverte", "is not open yet"),
        PotStage::Open => Words::new("est ouverte", "is open"),
        PotStage::Closed => Words::new("est fermée", "is closed"),
        PotStage::PayingOut => Words::new("est en cours de versement", "is being paid out"),
        PotStage::Settled => Words::new("a été versée", "has been paid out"),
        PotStage::Cancelled => Words::new("a été annulée", "was cancelled"),
    }
}

/// What a held pot waits for, as its owner is told.
pub(crate) fn hold_words(reason: HoldReason) -> Words {
    match reason {
        HoldReason::Consent => {
            Words::new("attend l'accord d'un parent ou tuteur", "waits for a guardian's consent")
        }
        HoldReason::Moderation => Words::new("est en cours de vérification", "is being looked at"),
        HoldReason::Float => Words::new(
            "le versement attend que notre compte Wave soit approvisionné",
            "the payout waits for money in our Wave wallet",
        ),
        HoldReason::PayoutUnknown => Words::new(
            "nous vérifions si le versement est arrivé",
            "we are finding out whether the payout arrived",
        ),
        HoldReason::PayoutRefused => Words::new(
            "Wave a refusé le versement, nous nous en occupons",
            "Wave refused the payout, we are on it",
        ),
        HoldReason::Books => Words::new(
            "attend la fin d'une vérification de nos comptes",
            "is waiting for a check of our books",
        ),
    }
}
