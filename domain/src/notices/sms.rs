//! What a text costs as SMS: a part carries 160 characters of the alphabet of 3GPP TS 23.038, or 70 of any other; of a text of
//! several parts each carries a little less, for the phone must put them together again.

/// A character that costs one septet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// A character that costs two.
const EXTENDED: &str = "^{}\\[~]|€";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    Gsm7,
    Ucs2,
}

/// What a text takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub alphabet: Alphabet,
    /// Septets, or units of UTF-16.
    pub units: usize,
    pub parts: usize,
}

pub fn size(text: &str) -> Size {
    let septets = text.chars().try_fold(0, |sum, c| Some(sum + septets(c)?));
    let (alphabet, units, alone, together) = match septets {
        Some(units) => (Alphabet::Gsm7, units, 160, 153),
        None => (Alphabet::Ucs2, text.encode_utf16().count(), 70, 67),
    };
    let parts = if units <= alone { 1 } else { units.div_ceil(together) };
    Size { alphabet, units, parts }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// The same text with everything that French writes in letters of the small alphabet, so that an accent does not double what
/// it costs. Names in other scripts stay as they are.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut after_opening = false;
    for c in text.chars() {
        let is_space = matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
        // French puts a space inside its quotation marks, which the plain ones do not have.
        if after_opening && is_space {
            continue;
        }
        after_opening = c == '«';
        match c {
            '»' => {
                plain.truncate(plain.trim_end_matches(' ').len());
                plain.push('"');
            }
            _ if is_space => plain.push(' '),
            'â' | 'á' | 'ã' => plain.push('a'),
            'ê' | 'ë' => plain.push('e'),
            'î' | 'ï' | 'í' => plain.push('i'),
            'ô' | 'ó' | 'õ' => plain.push('o'),
            'û' | 'ú' => plain.push('u'),
            'ÿ' => plain.push('y'),
            'ç' => plain.push('c'),
            'À' | 'Â' | 'Á' => plain.push('A'),
            'È' | 'Ê' | 'Ë' => plain.push('E'),
            'Î' | 'Ï' => plain.push('I'),
            'Ô' => plain.push('O'),
            'Ù' | 'Û' => plain.push('U'),
            'œ' => plain.push_str("oe"),
            'Œ' => plain.push_str("OE"),
            '’' | '‘' => plain.push('\''),
            '«' | '“' | '”' => plain.push('"'),
            '–' | '—' => plain.push('-'),
            '…' => plain.push_str("..."),
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_carries_what_its_alphabet_allows() {
        let parts = |text: &str| (size(text).alphabet, size(text).parts);
        assert_eq!(parts(&"é".repeat(160)), (Alphabet::Gsm7, 1));
        assert_eq!(parts(&"é".repeat(161)), (Alphabet::Gsm7, 2));
        assert_eq!(parts(&"é".repeat(306)), (Alphabet::Gsm7, 2));
        assert_eq!(parts(&"é".repeat(307)), (Alphabet::Gsm7, 3));
        assert_eq!(parts(&"€".repeat(80)), (Alphabet::Gsm7, 1));
        assert_eq!(parts(&"€".repeat(81)), (Alphabet::Gsm7, 2));
        assert_eq!(parts(&"ê".repeat(70)), (Alphabet::Ucs2, 1));
        assert_eq!(parts(&"ê".repeat(71)), (Alphabet::Ucs2, 2));
        assert_eq!(size("🎂").units, 2);
    }

    #[test]
    fn an_accent_costs_nothing() {
        let written = "Ça y est : « La fête d’Awa » a reçu 5\u{202f}000\u{a0}F CFA — bravo…";
        assert_eq!(plain(written), "Ça y est : \"La fete d'Awa\" a recu 5 000 F CFA - bravo...");
        assert_eq!(size(&plain(written)).alphabet, Alphabet::Gsm7);
        assert_eq!(plain("Ndèye 🎂"), "Ndèye 🎂");
    }
}
