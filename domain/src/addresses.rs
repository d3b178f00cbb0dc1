//! Addresses of sites and mailboxes in what people write. What goes out under our name to somebody who has not asked for it
//! must lead nowhere but to us, so a text that would become a link in a reader's hands is not sent.
//!
//! It errs on the safe side: a small word right after a full stop (`fini.et`) looks like a site, and whoever wrote it is told to
//! put a space there, for new endings come up every month. What people write with dots and without spaces otherwise (`M.Ba`, `3.5`, `aujourd'hui.Merci`) is left alone.

/// Endings of names on the net: those of countries, and those of the others that people come across.
const ENDINGS: &str = " \
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca cc cd cf cg \
    ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi \
    gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky \
    kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl \
    no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr \
    ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za \
    zm zw рф бг укр \
    com net org info biz edu gov int mil name pro tel mobi jobs travel asia africa paris \
    app dev page web link click site website online store shop shopping boutique market cloud host space tech digital network \
    systems services solutions software company group agency media news blog press wiki live stream video tube watch social \
    chat email support help center club community family world global today life fun vip one plus zone top xyz icu cfd sbs \
    bond lol win bid loan men work rest quest monster buzz cam ink bot zip mov day \
    money cash pay bank credit finance financial fund capital exchange trade promo deals sale cheap discount gift gifts cards \
    tickets events party games game bet casino poker lotto dating singles sexy xxx porn adult sex onion ";

/// What stands before a name, with a dot and often without a space: `Mme.Sy` is no site of Syria.
const TITLES: [&str; 9] = ["m", "mr", "mme", "mlle", "dr", "pr", "me", "el", "st"];

/// Whether a text names an address that a reader could follow.
pub fn has_address(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !is_unseen(*c)).map(as_dot).collect();
    let small = plain.to_lowercase();
    if ["://", "mailto:", "tel:"].iter().any(|scheme| small.contains(scheme)) {
        return true;
    }
    let mut rest = plain.as_str();
    while let Some(start) = rest.find(is_of_a_name) {
        let end = rest[start..].find(|c| !is_of_a_name(c)).map_or(rest.len(), |length| start + length);
        let leads_on =
            rest[end..].starts_with('/') && rest[end + 1..].starts_with(|c: char| !c.is_whitespace());
        if rest[start..end].split("..").any(|name| is_address(name.trim_matches(['.', '-']), leads_on)) {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

/// Whether words with dots between them are the name of a site. `leads_on`: a path follows.
fn is_address(name: &str, leads_on: bool) -> bool {
    let labels: Vec<_> = name.split('.').collect();
    labels.windows(2).any(|pair| {
        let (before, after) = (pair[0], pair[1]);
        let small = after.to_lowercase();
        if before.eq_ignore_ascii_case("www") || before.starts_with("xn--") || small.starts_with("xn--") {
            return !after.is_empty();
        }
        if is_word(after)
            && (leads_on && before.chars().count() > 1
                || after == small && could_be_registered(before, after))
        {
            return true;
        }
        is_ending(&small) && (leads_on || could_be_registered(before, after))
    }) || leads_on && is_machine(&labels)
}

/// Four numbers with dots between them; of a phone, which is written so too, no path follows.
fn is_machine(labels: &[&str]) -> bool {
    labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok())
}

/// An initial before a name is no site (`t.co` is one), nor is the number of a line in a list, nor a title before somebody's name.
fn could_be_registered(before: &str, after: &str) -> bool {
    let is_named = after.starts_with(char::is_uppercase);
    let is_title = TITLES.contains(&before.to_lowercase().as_str()) && is_named;
    let is_initial = before.chars().count() == 1 && is_named && after.len() < "com".len();
    let is_number = before.len() <= 2 && before.bytes().all(|byte| byte.is_ascii_digit());
    !before.is_empty() && !is_title && !is_initial && !is_number
}

fn is_ending(small: &str) -> bool {
    !small.is_empty() && ENDINGS.split_ascii_whitespace().any(|ending| ending == small)
}

fn is_word(text: &str) -> bool {
    text.chars().count() > 1 && text.chars().all(char::is_alphabetic)
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// Browsers read other full stops as dots.
const fn as_dot(c: char) -> char {
    match c {
        '\u{2024}' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => '.',
        other => other,
    }
}

/// What stands between letters and is not seen hides an address from us and from nobody else.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_reader_could_follow_is_an_address() {
        for text in [
            "Gagnez 50000 F : https://wolo-cadeau.sn/x",
            "HTTP://1.2.3.4",
            "va sur www.wolo",
            "wolo-cadeau.sn/x",
            "wolo-cadeau.sn",
            "(wolo.sn)",
            "WOLO.SN!",
            "wolo.Sn",
            "voir bit.ly/abc.",
            "t.me/wolo",
            "wa.me/221771234567",
            "écris à awa@example.sn",
            "wolo\u{200b}.com",
            "wolo．com",
            "wolo。com",
            "wolo.cadeaux/x",
            "fête.xn--p1ai",
            "xn--wl-fka.example",
            "un.deux.trois.com",
            "cadeau.com.",
            "777.sn",
            "Gagne sur wolo-gagnant.cyou",
            "va sur wolo.best vite",
            "wolo.rocks",
            "wolo-cadeau.Cyou/x",
            "41.82.10.2/x",
            "wolo\u{2024}com",
            "tel:+221338001122",
            "MAILTO:x@y",
            "t.co/abc",
            "va sur t.co",
            "X.COM",
        ] {
            assert!(has_address(text), "{text:?}");
        }
    }

    #[test]
    fn what_people_write_with_dots_is_none() {
        for text in [
            "M. Diop",
            "M.Diop et Mme.Sy",
            "M.Ba",
            "De la part de M.Diop/Mme.Fall",
            "A.Ba",
            "3.5",
            "10.000 F",
            "77.123.45.67",
            "le 12.12.2026",
            "aujourd'hui.Merci",
            "Viens... et amène des amis",
            "Viens...et",
            "etc.",
            "S.V.P. réponds",
            "1.La fête 2.Le gâteau",
            "samedi et/ou dimanche",
            "Fais comme moi !",
            "c'est l'anniversaire de ma sœur. Il faut venir.",
            "عيد ميلاد سعيد.",
            "",
            ".",
            "...",
            "/",
        ] {
            assert!(!has_address(text), "{text:?}");
        }
    }

    fn endings() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(ENDINGS.split_ascii_whitespace().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn a_site_is_found_whatever_stands_around_it_and_however_it_is_written(
            before in "([a-zéA-Z!?'(]{0,9} )?", label in "[a-z][a-z0-9-]{1,20}[a-z0-9]", ending in endings(),
            capitals in any::<bool>(), path in "(/[a-z0-9]{1,8})?", after in "([.,!?)]{0,2} [a-z ]{0,9})?",
        ) {
            let site = format!("{label}.{ending}");
            let site = if capitals { site.to_uppercase() } else { site };
            let text = format!("{before}{site}{path}{after}");
            prop_assert!(has_address(&text), "{:?}", text);
        }

        #[test]
        fn sentences_with_a_space_after_their_full_stop_and_numbers_are_none(
            words in proptest::collection::vec("[a-zA-Zéèêàùç']{1,12}|[0-9]{1,6}([.,][0-9]{1,3})?", 1..20),
            stops in proptest::collection::vec(proptest::sample::select(vec![" ", ". ", ", ", "... ", " ! ", "? ", " : "]), 20),
        ) {
            let text: String = words.iter().zip(&stops).flat_map(|(word, stop)| [word.as_str(), stop]).collect();
            prop_assert!(!has_address(&text), "{:?}", text);
        }

        #[test]
        fn any_text_is_looked_at_without_harm(text in "\\PC{0,80}") {
            let _ = has_address(&text);
        }
    }
}
