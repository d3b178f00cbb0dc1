//! Words in French, English and Wolof. Not every sentence has its Wolof yet: who reads Wolof gets the French one then, and is
//! told so in `Content-Language`.

use std::borrow::Cow;

use wolo_domain::pots::{HoldReason, PotStage};

use crate::asker::Language;

/// The same thing said twice, or three times.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    french: Cow<'static, str>,
    english: Cow<'static, str>,
    wolof: Option<Cow<'static, str>>,
}

impl Words {
    pub(crate) fn new(french: impl Into<Cow<'static, str>>, english: impl Into<Cow<'static, str>>) -> Self {
        Self { french: french.into(), english: english.into(), wolof: None }
    }

    pub(crate) fn wolof(self, wolof: impl Into<Cow<'static, str>>) -> Self {
        Self { wolof: Some(wolof.into()), ..self }
    }

    pub(crate) fn french(&self) -> &str {
        &self.french
    }

    pub(crate) fn english(&self) -> &str {
        &self.english
    }

    pub(crate) fn read(&self, language: Language) -> &str {
        match language {
            Language::French => &self.french,
            Language::English => &self.english,
            Language::Wolof => self.wolof.as_deref().unwrap_or(&self.french),
        }
    }

    /// Whether who reads this language gets it.
    pub(super) fn are_in(&self, language: Language) -> bool {
        language != Language::Wolof || self.wolof.is_some()
    }
}

/// Where a pot stands, as the end of a sentence.
pub(crate) fn stage_words(stage: PotStage) -> Words {
    match stage {
        PotStage::Scheduled => Words::new("n'est pas encore ouverte", "is not open yet").wolof("ubbikuwagul"),
        PotStage::Open => Words::new("est ouverte", "is open").wolof("ubbiku na"),
        PotStage::Closed => Words::new("est fermée", "is closed").wolof("tëju na"),
        PotStage::PayingOut => {
            Words::new("est en cours de versement", "is being paid out").wolof("ñu ngi koy fey")
        }
        PotStage::Settled => Words::new("a été versée", "has been paid out").wolof("fey nañu ko"),
        PotStage::Cancelling => {
            Words::new("est en cours d'annulation", "is being cancelled").wolof("ñu ngi koy neenal")
        }
        PotStage::Cancelled => Words::new("a été annulée", "was cancelled").wolof("neenal nañu ko"),
    }
}

/// What a held pot waits for, as its owner is told.
pub(crate) fn hold_words(reason: HoldReason) -> Words {
    match reason {
        HoldReason::Consent => {
            Words::new("attend l'accord d'un parent ou tuteur", "waits for a guardian's consent")
                .wolof("dafay xaar ndigalu waajur")
        }
        HoldReason::Moderation => {
            Words::new("est en cours de vérification", "is being looked at").wolof("ñu ngi koy seet")
        }
        HoldReason::Float => Words::new(
            "le versement attend que notre compte Wave soit approvisionné",
            "the payout waits for money in our Wave wallet",
        )
        .wolof("fey gi dafay xaar xaalis ci sunu kontu Wave"),
        HoldReason::PayoutUnknown => Words::new(
            "nous vérifions si le versement est arrivé",
            "we are finding out whether the payout arrived",
        )
        .wolof("ñu ngi seet ndax fey gi agsi na"),
        HoldReason::PayoutRefused => Words::new(
            "Wave a refusé le versement, nous nous en occupons",
            "Wave refused the payout, we are on it",
        )
        .wolof("Wave nanguwul fey gi, ñu ngi ci liggéey"),
        HoldReason::Recipient => Words::new(
            "nous vérifions à qui le versement doit aller",
            "we are checking whom the payout goes to",
        )
        .wolof("ñu ngi seet kan lañu war a fey"),
        HoldReason::Approval => Words::new(
            "le versement attend l'accord de notre équipe",
            "the payout waits for our team's approval",
        )
        .wolof("fey gi dafay xaar ndigalu sunu ekip"),
        HoldReason::Books => Words::new(
            "attend la fin d'une vérification de nos comptes",
            "is waiting for a check of our books",
        )
        .wolof("dafay xaar ñu seet sunuy kont"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_holds_have_words_in_every_language() {
        let stages = PotStage::ALL.map(stage_words);
        let holds = HoldReason::ALL.map(hold_words);
        for words in stages.iter().chain(&holds) {
            for language in Language::ALL {
                assert!(words.are_in(language) && !words.read(language).is_empty(), "{words:?}");
            }
        }
    }

    #[test]
    fn who_reads_wolof_gets_the_french_where_there_is_no_wolof_yet() {
        let words = Words::new("un", "one");
        assert!(!words.are_in(Language::Wolof));
        assert_eq!(Language::ALL.map(|language| words.read(language).to_owned()), ["un", "one", "un"]);
        let words = words.wolof("benn");
        assert_eq!(Language::ALL.map(|language| words.read(language).to_owned()), ["un", "one", "benn"]);
    }
}
