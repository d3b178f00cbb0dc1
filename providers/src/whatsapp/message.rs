//! What can be sent, and how it stands on the wire.
//!
//! Everything in here is about a person, so nothing in here can be shown by `Debug`.

use serde::Serialize;

/// In characters, as Meta counts.
const LONGEST_TEXT: usize = 4096;
const LONGEST_BODY: usize = 1024;
const LONGEST_FOOTER: usize = 60;
const LONGEST_TITLE: usize = 20;
const LONGEST_BUTTON_ID: usize = 256;
const MOST_BUTTONS: usize = 3;
const MOST_TEMPLATE_BUTTONS: usize = 10;

/// One message. Only a [`Template`] passes outside the day after the person's last word.
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// At most 4096 characters. Links in it are not looked up for a picture.
    Text(String),
    Template(Template),
    Buttons(Buttons),
    /// A file that was uploaded before.
    Document {
        media_id: String,
        filename: String,
        caption: String,
    },
}

/// A template that Meta has approved, filled in.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    /// As it was approved: `fr`, `en`.
    pub language: String,
    /// A picture at the head, uploaded before.
    pub picture: Option<String>,
    /// What stands for `{{1}}`, `{{2}}` and so on; one line each.
    pub body: Vec<String>,
    /// What its buttons are filled with, in their order.
    pub buttons: Vec<ButtonFill>,
}

/// What the template left open in one of its buttons.
#[derive(Clone, PartialEq, Eq)]
pub enum ButtonFill {
    /// The end of the address that it opens, or the code that it copies.
    Url(String),
    /// What comes back when it is pressed, in [`super::webhook::Said::Button`].
    QuickReply(String),
}

/// A text with one to three buttons that answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Buttons {
    /// At most 1024 characters.
    pub text: String,
    /// At most 60 characters.
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
}

#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Comes back when it is pressed, in [`super::webhook::Said::Reply`]; at most 256 characters.
    pub id: String,
    /// What the person sees; at most 20 characters.
    pub title: String,
}

impl Message {
    /// Why Meta would refuse this, if it is known to.
    pub(super) fn unsendable(&self) -> Option<&'static str> {
        match self {
            Self::Text(text) => (!fits(text, LONGEST_TEXT)).then_some("text-length"),
            Self::Template(template) => {
                let fills = template.buttons.iter().map(|fill| match fill {
                    ButtonFill::Url(text) | ButtonFill::QuickReply(text) => text,
                });
                if template.buttons.len() > MOST_TEMPLATE_BUTTONS {
                    Some("button-count")
                } else if template.body.iter().chain(fills).all(|text| is_parameter(text)) {
                    None
                } else {
                    Some("template-parameter")
                }
            }
            Self::Buttons(Buttons { text, footer, buttons }) => {
                if !(1..=MOST_BUTTONS).contains(&buttons.len()) {
                    Some("button-count")
                } else if !fits(text, LONGEST_BODY)
                    || !footer.as_ref().is_none_or(|footer| fits(footer, LONGEST_FOOTER))
                {
                    Some("text-length")
                } else if buttons
                    .iter()
                    .all(|Button { id, title }| fits(id, LONGEST_BUTTON_ID) && fits(title, LONGEST_TITLE))
                {
                    None
                } else {
                    Some("button-length")
                }
            }
            Self::Document { caption, .. } => {
                (caption.chars().count() > LONGEST_BODY).then_some("text-length")
            }
        }
    }

    pub(super) fn wire(&self) -> Wire<'_> {
        match self {
            Self::Text(body) => Wire::Text { text: Text { body, preview_url: false } },
            Self::Template(template) => Wire::Template { template: TemplateWire::of(template) },
            Self::Buttons(buttons) => Wire::Interactive { interactive: InteractiveWire::of(buttons) },
            Self::Document { media_id, filename, caption } => {
                let caption = Some(caption.as_str()).filter(|caption| !caption.is_empty());
                Wire::Document { document: DocumentWire { id: media_id, filename, caption } }
            }
        }
    }
}

fn fits(text: &str, most: usize) -> bool {
    !text.is_empty() && text.chars().count() <= most
}

/// Meta takes no line breaks, no tabs, and no four spaces in a row.
fn is_parameter(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\r', '\t']) && !text.contains("    ")
}

/// Each kind stands under its own name, and its name stands in `type`.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Wire<'a> {
    Text { text: Text<'a> },
    Template { template: TemplateWire<'a> },
    Interactive { interactive: InteractiveWire<'a> },
    Document { document: DocumentWire<'a> },
}

#[derive(Serialize)]
pub(super) struct Text<'a> {
    body: &'a str,
    preview_url: bool,
}

#[derive(Serialize)]
pub(super) struct DocumentWire<'a> {
    id: &'a str,
    filename: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<&'a str>,
}

/// The schema wants a `policy` beside the language's code; Meta's own samples have none, and there is but one.
#[derive(Serialize)]
struct LanguageWire<'a> {
    code: &'a str,
}

#[derive(Serialize)]
pub(super) struct TemplateWire<'a> {
    name: &'a str,
    language: LanguageWire<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Component<'a> {
    Header { parameters: [Parameter<'a>; 1] },
    Body { parameters: Vec<Parameter<'a>> },
    Button { sub_type: &'static str, index: String, parameters: [Parameter<'a>; 1] },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Parameter<'a> {
    Text { text: &'a str },
    Payload { payload: &'a str },
    Image { image: MediaWire<'a> },
}

#[derive(Serialize)]
struct MediaWire<'a> {
    id: &'a str,
}

impl<'a> TemplateWire<'a> {
    fn of(template: &'a Template) -> Self {
        let Template { name, language, picture, body, buttons } = template;
        let mut components = Vec::new();
        if let Some(id) = picture {
            components.push(Component::Header { parameters: [Parameter::Image { image: MediaWire { id } }] });
        }
        if !body.is_empty() {
            let parameters = body.iter().map(|text| Parameter::Text { text }).collect();
            components.push(Component::Body { parameters });
        }
        for (index, fill) in buttons.iter().enumerate() {
            let (sub_type, parameter) = match fill {
                ButtonFill::Url(text) => ("url", Parameter::Text { text }),
                ButtonFill::QuickReply(payload) => ("quick_reply", Parameter::Payload { payload }),
            };
            components.push(Component::Button {
                sub_type,
                index: index.to_string(),
                parameters: [parameter],
            });
        }
        Self { name, language: LanguageWire { code: language }, components }
    }
}

#[derive(Serialize)]
pub(super) struct InteractiveWire<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    body: Words<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Words<'a>>,
    action: Action<'a>,
}

#[derive(Serialize)]
struct Words<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    buttons: Vec<ReplyWire<'a>>,
}

#[derive(Serialize)]
struct ReplyWire<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    reply: &'a Button,
}

impl<'a> InteractiveWire<'a> {
    fn of(buttons: &'a Buttons) -> Self {
        let Buttons { text, footer, buttons } = buttons;
        Self {
            kind: "button",
            body: Words { text },
            footer: footer.as_deref().map(|text| Words { text }),
            action: Action {
                buttons: buttons.iter().map(|reply| ReplyWire { kind: "reply", reply }).collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(body: &str) -> Message {
        Message::Template(Template {
            name: "pot_opened".to_owned(),
            language: "fr".to_owned(),
            picture: None,
            body: vec![body.to_owned()],
            buttons: Vec::new(),
        })
    }

    fn buttons(text: &str, footer: Option<&str>, buttons: &[(&str, &str)]) -> Message {
        let buttons = buttons.iter().map(|(id, title)| Button { id: (*id).into(), title: (*title).into() });
        Message::Buttons(Buttons {
            text: text.to_owned(),
            footer: footer.map(str::to_owned),
            buttons: buttons.collect(),
        })
    }

    #[test]
    fn a_limit_counts_characters_and_holds_to_the_last() {
        for (longest, message) in [
            (4096, Message::Text as fn(String) -> Message),
            (1024, |text| buttons(&text, None, &[("a", "A")])),
            (60, |text| buttons("x", Some(&text), &[("a", "A")])),
            (20, |text| buttons("x", None, &[("a", &text)])),
            (256, |text| buttons("x", None, &[(&text, "A")])),
        ] {
            assert_eq!(message("é".repeat(longest)).unsendable(), None, "{longest}");
            assert!(message("é".repeat(longest + 1)).unsendable().is_some(), "{longest}");
            assert!(message(String::new()).unsendable().is_some(), "{longest}");
        }
        let caption = |length| Message::Document {
            media_id: "1".to_owned(),
            filename: "recu.pdf".to_owned(),
            caption: "é".repeat(length),
        };
        assert_eq!((caption(0).unsendable(), caption(1024).unsendable()), (None, None));
        assert_eq!(caption(1025).unsendable(), Some("text-length"));
    }

    #[test]
    fn a_parameter_of_a_template_is_one_line_without_gaps() {
        for bad in ["", "a\nb", "a\rb", "a\tb", "a    b"] {
            assert_eq!(template(bad).unsendable(), Some("template-parameter"), "{bad:?}");
        }
        assert_eq!(template("Awa   Ndiaye").unsendable(), None);
    }

    #[test]
    fn one_to_three_buttons_can_be_pressed() {
        let all = [("1", "A"), ("2", "B"), ("3", "C"), ("4", "D")];
        for (count, expected) in [(0, Some("button-count")), (1, None), (3, None), (4, Some("button-count"))]
        {
            assert_eq!(buttons("x", None, &all[..count]).unsendable(), expected, "{count}");
        }
    }
}
