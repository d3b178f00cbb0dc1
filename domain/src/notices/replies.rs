//! What people write back, as far as it means something to us.

/// A reply that changes what we may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing more on this channel.
    Stop,
    /// Messages may come again.
    Start,
}

const STOP: [&str; 7] = ["stop", "stopall", "arret", "arreter", "desabonner", "unsubscribe", "bayyi"];
const START: [&str; 3] = ["start", "reprendre", "unstop"];

impl Reply {
    /// One word alone, however it is written: a sentence that has the word *stop* in it is talk.
    pub fn of(text: &str) -> Option<Self> {
        let plain: String =
            text.trim().chars().filter(|c| c.is_alphanumeric()).flat_map(unaccented).collect();
        if STOP.contains(&plain.as_str()) {
            Some(Self::Stop)
        } else if START.contains(&plain.as_str()) {
            Some(Self::Start)
        } else {
            None
        }
    }
}

fn unaccented(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|c| match c {
        'à' | 'â' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        c => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_stops_or_starts_and_talk_does_neither() {
        for text in ["STOP", " stop. ", "Arrêt", "ARRET", "arrêter!", "Désabonner", "STOP ALL"] {
            assert_eq!(Reply::of(text), Some(Reply::Stop), "{text}");
        }
        for text in ["START", "reprendre", "UNSTOP"] {
            assert_eq!(Reply::of(text), Some(Reply::Start), "{text}");
        }
        for text in ["", "merci", "ne stoppez pas", "stop it please", "🎂"] {
            assert_eq!(Reply::of(text), None, "{text}");
        }
    }
}
