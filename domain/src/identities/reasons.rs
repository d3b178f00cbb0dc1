//! Why a case is rejected, and why more is asked for: words that reviewers choose from, and people read in their language.
//!
//! What a reviewer writes freely stays among those who work here; what goes out are these, in which nothing of a document can stand.

use serde::{Deserialize, Serialize};

use crate::contacts::Language;
use crate::words::words;

use super::Verdict;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Unreadable,
    /// A side or a page is not there.
    Incomplete,
    Expired,
    /// One of another kind is wanted.
    OtherDocument,
    /// Nothing shows that the guardian is this minor's.
    NoTie,
    /// What it says is not what the account says.
    Differs,
    /// It shows somebody else.
    SomebodyElse,
    /// It was made or changed by somebody who may not.
    NotGenuine,
    /// Nothing was sent for too long.
    NothingCame,
    /// Consent or the account has ended.
    GivenUp,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::Unreadable,
        Self::Incomplete,
        Self::Expired,
        Self::OtherDocument,
        Self::NoTie,
        Self::Differs,
        Self::SomebodyElse,
        Self::NotGenuine,
        Self::NothingCame,
        Self::GivenUp,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Incomplete => "incomplete",
            Self::Expired => "expired",
            Self::OtherDocument => "other_document",
            Self::NoTie => "no_tie",
            Self::Differs => "differs",
            Self::SomebodyElse => "somebody_else",
            Self::NotGenuine => "not_genuine",
            Self::NothingCame => "nothing_came",
            Self::GivenUp => "given_up",
        }
    }

    /// Whether a reviewer may give this reason for what they decide. What somebody can put right by sending more may also be a
    /// reason to reject; a forgery is none to ask for more.
    pub const fn is_for(self, verdict: Verdict) -> bool {
        match self {
            Self::Unreadable
            | Self::Incomplete
            | Self::Expired
            | Self::OtherDocument
            | Self::NoTie
            | Self::Differs => matches!(verdict, Verdict::Ask | Verdict::Reject),
            Self::SomebodyElse | Self::NotGenuine => matches!(verdict, Verdict::Reject),
            Self::NothingCame | Self::GivenUp => false,
        }
    }

    /// A part of a sentence, as it is put into messages: it begins small and ends without a stop. Where Wolof has no words of its
    /// own, French stands.
    pub const fn words(self, language: Language) -> &'static str {
        let (french, english) = match self {
            Self::Unreadable => ("un document est illisible", "a document cannot be read"),
            Self::Incomplete => ("un côté ou une page manque", "a side or a page is missing"),
            Self::Expired => ("un document est périmé", "a document has expired"),
            Self::OtherDocument => ("il faut un autre document", "another document is needed"),
            Self::NoTie => (
                "rien ne montre le lien entre l'enfant et le tuteur",
                "nothing ties the guardian to the child",
            ),
            Self::Differs => {
                ("un document ne dit pas la même chose que le compte", "a document differs from the account")
            }
            Self::SomebodyElse => {
                ("un document est celui d'une autre personne", "a document belongs to somebody else")
            }
            Self::NotGenuine => {
                ("un document ne paraît pas authentique", "a document does not seem to be genuine")
            }
            Self::NothingCame => ("aucun document n'est arrivé", "no document arrived"),
            Self::GivenUp => ("la demande a pris fin", "the request has ended"),
        };
        match language {
            Language::English => english,
            Language::French | Language::Wolof => french,
        }
    }
}

words!(Reason, "a reason of an identity case");

/// Several reasons as one part of a sentence.
pub fn in_words(reasons: &[Reason], language: Language) -> String {
    reasons.iter().map(|reason| reason.words(language)).collect::<Vec<_>>().join(", ")
}

/// An end that no reviewer has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseEnd {
    /// Nobody has sent anything for too long while documents were collected.
    NothingCame,
    /// Consent or the account has ended.
    GivenUp,
}

impl CaseEnd {
    pub const fn reason(self) -> Reason {
        match self {
            Self::NothingCame => Reason::NothingCame,
            Self::GivenUp => Reason::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_as_they_are_written() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }

    #[test]
    fn a_reason_goes_into_a_sentence_in_every_language() {
        for (reason, language) in
            Reason::ALL.into_iter().flat_map(|reason| Language::ALL.map(|language| (reason, language)))
        {
            let words = reason.words(language);
            assert!(words.starts_with(char::is_lowercase), "{words}");
            assert!(!words.ends_with('.'), "{words}");
        }
        let both = [Reason::Unreadable, Reason::Expired];
        assert_eq!(in_words(&both, Language::English), "a document cannot be read, a document has expired");
        assert_eq!(
            in_words(&both, Language::Wolof),
            "un document est illisible, un document est périmé",
            "French where Wolof has no words"
        );
    }

    #[test]
    fn nothing_is_a_reason_to_approve_and_a_forgery_is_none_to_ask_for_more() {
        for reason in Reason::ALL {
            assert!(!reason.is_for(Verdict::Approve), "{reason}");
            assert!(!reason.is_for(Verdict::Ask) || reason.is_for(Verdict::Reject), "{reason}");
        }
        assert!(!Reason::NotGenuine.is_for(Verdict::Ask));
        for end in [CaseEnd::NothingCame, CaseEnd::GivenUp] {
            assert!(!end.reason().is_for(Verdict::Reject), "no reviewer decides that");
        }
    }
}
