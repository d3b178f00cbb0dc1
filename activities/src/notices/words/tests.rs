//! The words themselves are looked at when they change: a snapshot per kind. Beside it, what must be so of any words.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::*;

const LANGUAGES: [Language; 3] = Language::ALL;
const OPT_OUT: &str = "https://wolo.example/o/Zt6Yk2Wq9Rm4";

fn words() -> Words {
    Words::new().unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What people see of a message, channel by channel.
fn seen(words: &Words, says: &Says, language: Language) -> [(Channel, String); 4] {
    let push = words.push(says, language).unwrap();
    let email = words.email(says, language, None).unwrap();
    let whatsapp = words.whatsapp(says, language).unwrap();
    let link = push.link.unwrap_or_default();
    let button = whatsapp.button.unwrap_or_default();
    [
        (Channel::WhatsApp, format!("{}\n[{button}]", whatsapp.text)),
        (Channel::Sms, words.sms(says, language).unwrap()),
        (Channel::Email, format!("{}\n\n{}", email.subject, email.text)),
        (Channel::Push, format!("{}\n{}\n[{link}]", push.title, push.body)),
    ]
}

#[test]
fn words_are_as_they_were_looked_at() {
    let words = words();
    for kind in Kind::ALL {
        let mut page = String::new();
        for (number, says) in Says::samples(kind).iter().enumerate() {
            for language in LANGUAGES {
                // Wolof is shown where it has words of its own.
                let french = (language == Language::Wolof).then(|| seen(&words, says, Language::French));
                for (at, (channel, text)) in seen(&words, says, language).into_iter().enumerate() {
                    if french.as_ref().is_none_or(|french| french[at].1 != text) {
                        writeln!(page, "── {kind} {number} · {language} · {channel}\n{}\n", text.trim_end())
                            .unwrap();
                    }
                }
            }
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(kind.as_str(), page);
        });
    }
}

#[test]
fn the_page_of_a_mail_is_as_it_was_looked_at() {
    let words = words();
    let page = |kind, opt_out| words.email(&Says::sample(kind), Language::French, opt_out).unwrap().html;
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("page_with_a_button", page(Kind::PotOpened, Some(OPT_OUT)));
        insta::assert_snapshot!("page_with_a_code", page(Kind::OneTimeCode, None));
    });
}

#[test]
fn what_is_registered_with_whatsapp_is_as_it_was_looked_at() {
    let words = words();
    let registry = words.registry(&"https://wolo.example/api".parse().unwrap()).unwrap();
    assert_eq!(registry.len(), 2 * Kind::ALL.len());
    let mut page = String::new();
    for one in &registry {
        let Registration { kind: _, name, language, purpose, body, examples, button } = one;
        writeln!(page, "── {name} · {language} · {}\n{body}\n{examples:?}", purpose.as_str()).unwrap();
        match button {
            Some(RegisteredButton::Open { label, url, example }) => {
                writeln!(page, "[{label}] {url} ({example})").unwrap();
            }
            Some(RegisteredButton::Copy { label }) => writeln!(page, "[{label}] copies {{{{1}}}}").unwrap(),
            None => {}
        }
        page.push('\n');
        // What is filled in is what is registered, in the same places.
        for (at, example) in examples.iter().enumerate() {
            assert_eq!(body.matches(&format!("{{{{{}}}}}", at + 1)).count(), 1, "{name}");
            assert!(!example.is_empty());
        }
        assert!(!body.starts_with("{{") && !body.ends_with("}}"), "{name}");
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("registry", page);
    });
}

/// What a channel need not tell, because it is not what the message is about or because there is no room.
fn may_be_silent(channel: Channel, kind: Kind, field: &str) -> bool {
    match (kind, field) {
        // A template for codes has one value.
        (Kind::OneTimeCode | Kind::VerifyEmail, "minutes" | "purpose") => channel == Channel::WhatsApp,
        // Two lines on a phone that is locked.
        (Kind::PotScheduled | Kind::PotMoved | Kind::PotOpened | Kind::DaysLeft | Kind::LastDay, "name")
        | (Kind::GiftReceipt, "reference") => channel == Channel::Push,
        _ => false,
    }
}

/// The same message with one fact changed.
fn changed(says: &Json, field: &str) -> Option<Says> {
    let mut other = says.clone();
    other[field] = match &says[field] {
        Json::Number(number) => json!(number.as_i64()? + 1_000),
        Json::String(text) if field == "link" => json!(format!("{text}x")),
        Json::String(text) => match field {
            "opens" | "closes" | "birthday" => json!("2027-03-01"),
            "purpose" => json!("register"),
            "provider" => json!("apple"),
            "cause" => json!("cancelled"),
            "coming" => json!("was_here"),
            _ => json!(format!("{text} x")),
        },
        _ => return None,
    };
    serde_json::from_value(other).ok()
}

#[test]
fn every_fact_of_a_message_is_in_its_words() {
    let words = words();
    let mut otherwise = Vec::new();
    for kind in Kind::ALL {
        let says = Says::sample(kind);
        let facts = serde_json::to_value(&says).unwrap();
        for field in facts.as_object().unwrap().keys().filter(|field| *field != "says") {
            let other = changed(&facts, field).unwrap_or_else(|| panic!("{kind}: {field} cannot be changed"));
            for language in [Language::French, Language::English] {
                let (before, after) = (seen(&words, &says, language), seen(&words, &other, language));
                for ((channel, before), (_, after)) in before.into_iter().zip(after) {
                    if (before == after) != may_be_silent(channel, kind, field) {
                        otherwise.push(format!("{language}/{channel}/{kind}.txt: {field}"));
                    }
                }
            }
        }
    }
    assert_eq!(otherwise, Vec::<String>::new());
}

/// What cannot be in a message cannot be in its words. A fact of another name is looked at before it gets in here.
#[test]
fn no_message_has_a_surname_or_anything_of_a_document() {
    const KNOWN: [&str; 27] = [
        "amount",
        "balance",
        "birthday",
        "cause",
        "closes",
        "code",
        "coming",
        "days",
        "device",
        "gifts",
        "giver",
        "link",
        "message",
        "minutes",
        "name",
        "opens",
        "points",
        "pot",
        "provider",
        "purpose",
        "reason",
        "reference",
        "sponsor",
        "sum",
        "target",
        "usable",
        "what",
    ];
    let all: BTreeSet<_> =
        Kind::ALL.iter().flat_map(|kind| pieces::variables(&Says::sample(*kind))).collect();
    assert_eq!(all, KNOWN.map(str::to_owned).into());
}

/// Values that try to be something else than a value.
const HOSTILE: [&str; 7] = [
    "\r\n",
    "<b>{{1}}</b>",
    "Awa\r\nBcc: all@example.sn\r\n\r\n<script>alert(1)</script>",
    "\n\n[Cliquez](https://evil.example)\n\n",
    "{{ link }}{% if x %}",
    "\" onmouseover='x' &amp;",
    "a\t\tb     c\u{2028}d",
];

#[test]
fn a_name_is_a_name_whatever_is_in_it() {
    let words = words();
    for kind in Kind::ALL {
        let facts = serde_json::to_value(Says::sample(kind)).unwrap();
        for hostile in HOSTILE {
            let mut facts = facts.clone();
            for field in
                ["name", "pot", "giver", "sponsor", "message", "reason", "what", "device", "reference"]
            {
                if facts.get(field).is_some() {
                    facts[field] = json!(hostile);
                }
            }
            let says: Says = serde_json::from_value(facts).unwrap();
            for language in LANGUAGES {
                unharmed(&words, &says, language, hostile);
            }
        }
    }
}

fn unharmed(words: &Words, says: &Says, language: Language, hostile: &str) {
    let kind = says.kind();
    let plain = words.email(&Says::sample(kind), language, Some(OPT_OUT)).unwrap();
    let email = words.email(says, language, Some(OPT_OUT)).unwrap();
    assert!(!email.subject.contains(char::is_control), "{kind}: {:?}", email.subject);
    // Nothing begins a line, and no line is added.
    assert_eq!(email.text.lines().count(), plain.text.lines().count(), "{kind}: {}", email.text);
    // The page has the tags that it had.
    for tag in ["<", ">", "\"", "<a ", "<script"] {
        assert_eq!(
            email.html.matches(tag).count(),
            plain.html.matches(tag).count(),
            "{kind}: {hostile} {tag}"
        );
    }
    let push = words.push(says, language).unwrap();
    assert!(!push.title.contains(char::is_control) && !push.body.contains(char::is_control), "{kind}");
    assert!(push.title.chars().count() <= 60 && push.body.chars().count() <= 180, "{kind}");
    assert!(!words.sms(says, language).unwrap().contains(char::is_control), "{kind}");
    let whatsapp = words.whatsapp(says, language).unwrap();
    for parameter in &whatsapp.parameters {
        assert!(!parameter.is_empty() && !parameter.contains(['\n', '\r', '\t']), "{kind}: {parameter:?}");
        assert!(!parameter.contains("    "), "{kind}: {parameter:?}");
    }
}

#[test]
fn whatsapp_gets_no_more_than_it_takes() {
    let words = words();
    let says = Says::Invitation {
        sponsor: "Fatou".to_owned(),
        message: Some("é".repeat(2_000)),
        link: "https://wolo.example/i/x".to_owned(),
    };
    let whatsapp = words.whatsapp(&says, Language::French).unwrap();
    assert_eq!(whatsapp.text.chars().count(), 1_024);
    assert!(whatsapp.text.contains("Fatou") && whatsapp.text.contains('…'));
}

#[test]
fn a_button_leads_to_the_web_and_nowhere_else() {
    let words = words();
    let says = Says::Welcome { name: "Awa".to_owned(), link: "javascript:alert(1)".to_owned() };
    let refused = Err(WordsError::Link { kind: Kind::Welcome });
    assert_eq!(words.email(&says, Language::French, None).map(|email| email.html), refused);
    assert!(words.whatsapp(&says, Language::French).is_err());
    let opt_out = words.email(&Says::sample(Kind::BirthdayWish), Language::French, Some("mailto:x@y.z"));
    assert!(opt_out.is_err());
}

#[test]
fn opting_out_is_offered_where_there_is_an_address_for_it() {
    let words = words();
    for kind in Kind::ALL {
        for language in LANGUAGES {
            let with = words.email(&Says::sample(kind), language, Some(OPT_OUT)).unwrap();
            let without = words.email(&Says::sample(kind), language, None).unwrap();
            assert!(
                with.text.contains(OPT_OUT) && with.html.contains(&format!("href=\"{OPT_OUT}\"")),
                "{kind}"
            );
            assert!(!without.text.contains("wolo.example/o/") && !without.html.contains("/o/"), "{kind}");
        }
    }
}

#[test]
fn wolof_reads_french_where_it_has_no_words() {
    let words = words();
    let wish = Says::sample(Kind::BirthdayWish);
    assert_eq!(words.sms(&wish, Language::Wolof), words.sms(&wish, Language::French));
    let thanks = Says::sample(Kind::ThankYou);
    assert_ne!(words.sms(&thanks, Language::Wolof), words.sms(&thanks, Language::French));
    // Meta does not know Wolof: the template that is named is the French one.
    assert_eq!(words.whatsapp(&thanks, Language::Wolof).unwrap().language, Language::French);
}

#[test]
fn french_is_printed_as_it_should_be() {
    let words = words();
    for kind in Kind::ALL {
        for says in Says::samples(kind) {
            for (channel, text) in seen(&words, &says, Language::French) {
                if channel != Channel::Sms {
                    for wrong in [" ;", " :", " !", " ?", "« ", " »", "'", "  "] {
                        assert!(!text.contains(wrong), "{kind} {channel}: {wrong:?} in {text}");
                    }
                }
                assert!(!text.contains("none") && !text.contains("{{"), "{kind} {channel}: {text}");
            }
        }
    }
}

/// The files with one of them changed, and what is said of it.
fn broken(file: &str, text: Option<&str>) -> Vec<String> {
    let mut files = BTreeMap::new();
    gather(&FILES, &mut files);
    match text {
        Some(text) => files.insert(file.to_owned(), text),
        None => files.remove(file),
    };
    let Err(Mistakes(mistakes)) = Words::read(&files) else { panic!("{file} is taken with {text:?}") };
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_mistake_is_named_with_its_file_and_line() {
    let long = "é ".repeat(160);
    let most = "x".repeat(61);
    for (file, text, said) in [
        ("fr/sms/welcome.txt", None, "fr/sms/welcome.txt:1: is missing"),
        ("fr/sms/hello.txt", Some("Hello"), "fr/sms/hello.txt:1: belongs to no kind of message"),
        ("wo/whatsapp/welcome.txt", Some("x"), "wo/whatsapp/welcome.txt:1: belongs to no kind of message"),
        ("en/sms/welcome.txt", Some("Hi {{ nmae }}"), "en/sms/welcome.txt:1: such a message has no `nmae`"),
        (
            "fr/email/welcome.txt",
            Some("Subject: Bienvenue\n\nBonjour,\n\nVotre compte\nest prêt, {{ nom }}."),
            "fr/email/welcome.txt:6: such a message has no `nom`",
        ),
        (
            "fr/email/welcome.txt",
            Some("Subject: Bienvenue\n\nBonjour,\n\nVotre compte\n{% if name %}est prêt."),
            "fr/email/welcome.txt:6: is not a template: syntax error: unexpected end of input, expected end of block",
        ),
        (
            "en/sms/welcome.txt",
            Some("Hi {{ name | loud }}"),
            "en/sms/welcome.txt:1: is not a template: unknown filter: filter loud is unknown",
        ),
        (
            "en/sms/new_device.txt",
            Some("On {{ device }}"),
            "en/sms/new_device.txt:1: is not a template: undefined value: something is written that may be absent",
        ),
        ("fr/sms/welcome.txt", Some(&long), "fr/sms/welcome.txt:1: this SMS has 3 parts; the most is 2"),
        (
            "fr/push/welcome.txt",
            Some("Bonjour"),
            "fr/push/welcome.txt:1: a push message is a title on one line and a text on the next one",
        ),
        (
            "fr/push/welcome.txt",
            Some(&format!("{most}\nBonjour")),
            "fr/push/welcome.txt:1: the title has 61 characters; the most is 60",
        ),
        (
            "fr/email/welcome.txt",
            Some("Bonjour"),
            "fr/email/welcome.txt:1: a mail begins with `Subject: ` and an empty line",
        ),
        (
            "fr/email/welcome.txt",
            Some("Subject: Bienvenue\n\nBonjour,\n\nPrêt.\n\n[Commencer]({{ url }})"),
            "fr/email/welcome.txt:7: such a message has no `url`",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some("name: welcome_v1\ncategory: UTILITY\n---\nBonjour {{ name }}"),
            "fr/whatsapp/welcome.txt:4: Meta takes no body that begins or ends with a value",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some("name: welcome_v1\ncategory: UTILITY\n---\nBonjour.\n{% if name %}x{% endif %}"),
            "fr/whatsapp/welcome.txt:4: Meta knows no conditions: a body has nothing but text and `{{ }}`",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some("name: Welcome\ncategory: UTILITY\n---\nBonjour."),
            "fr/whatsapp/welcome.txt:1: a name is made of small letters, digits and `_`",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some("name: welcome_v1\ncategory: NEWS\n---\nBonjour."),
            "fr/whatsapp/welcome.txt:2: a category is UTILITY, MARKETING or AUTHENTICATION",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some(
                "name: welcome_v1\ncategory: UTILITY\nbutton: Commencer tout de suite -> {{ link }}\n---\nBonjour.",
            ),
            "fr/whatsapp/welcome.txt:3: the button has 23 characters; the most is 20",
        ),
        (
            "fr/whatsapp/one_time_code.txt",
            Some("name: x\ncategory: AUTHENTICATION\n---\nVotre code : {{ code }}."),
            "fr/whatsapp/one_time_code.txt:4: a template for codes has one value, the code, and a button that copies it",
        ),
        (
            "fr/whatsapp/one_time_code.txt",
            Some(
                "name: x\ncategory: AUTHENTICATION\nbutton: Copier -> {{ link }}\n---\nVotre code : {{ code }}.",
            ),
            "fr/whatsapp/one_time_code.txt:3: a button is written `label -> {{ code }}`, and copies nothing else",
        ),
        (
            "fr/whatsapp/account_closed.txt",
            Some("name: x\ncategory: UTILITY\nbutton: Voir -> {{ link }}\n---\nBonjour."),
            "fr/whatsapp/account_closed.txt:3: such a message has no `link`",
        ),
        (
            "fr/whatsapp/welcome.txt",
            Some("name: pot_opened_v1\ncategory: UTILITY\n---\nBonjour."),
            "fr/whatsapp/pot_opened.txt:1: another template is called `pot_opened_v1`",
        ),
    ] {
        assert_eq!(broken(file, text), [said], "{text:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mut files = BTreeMap::new();
    gather(&FILES, &mut files);
    files.remove("fr/sms/welcome.txt");
    files.insert("en/push/pot_opened.txt".to_owned(), "Hello");
    let Err(mistakes) = Words::read(&files) else { panic!("they are taken") };
    assert_eq!(mistakes.0.len(), 2);
    let said = mistakes.to_string();
    assert!(said.contains("fr/sms/welcome.txt:1") && said.contains("en/push/pot_opened.txt:1"), "{said}");
}

#[test]
fn what_cannot_be_filled_in_says_where_and_nothing_of_the_message() {
    let (mut reader, files) = (Pieces::new(), BTreeMap::from([("x".to_owned(), "")]));
    let source = Source {
        language: Language::French,
        file: "fr/sms/pot_scheduled.txt".to_owned(),
        text: files["x"],
        variables: ["opens".to_owned()].into(),
    };
    let piece =
        source.piece(&mut reader, 1, "le {{ opens | day | francs }}").unwrap_or_else(|it| panic!("{it}"));
    let says = Says::sample(Kind::PotScheduled);
    let Err(failed) = reader.fill(&piece, &pieces::facts(&says)) else { panic!("it is filled in") };
    let error = WordsError::from(failed).to_string();
    assert_eq!(error, "fr/sms/pot_scheduled.txt:1 cannot be filled in: invalid operation");
}
