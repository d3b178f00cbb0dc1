//! A template with what an order puts into it.

use serde::Deserialize;
use serde_json::Value;

use super::book::Book;
use super::errors::Refusal;
use super::orders::{Content, File};
use super::templates::{Standing, Template, TemplateButton, fill};
use crate::inbox::Button;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filled {
    name: String,
    language: Language,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    code: String,
    #[serde(rename = "policy")]
    _policy: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Component {
    Header {
        parameters: Vec<Parameter>,
    },
    Body {
        parameters: Vec<Parameter>,
    },
    Button {
        sub_type: String,
        /// Meta's samples write it as a text and as a number.
        index: Value,
        parameters: Vec<Parameter>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Parameter {
    Text { text: String, parameter_name: Option<String> },
    Currency { currency: Currency, parameter_name: Option<String> },
    Payload { payload: String },
    Image { image: File },
    Document { document: File },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Currency {
    fallback_value: String,
    #[serde(rename = "code")]
    _code: String,
    #[serde(rename = "amount_1000")]
    _amount_1000: i64,
}

impl Filled {
    pub(super) fn content(&self, book: &Book) -> Result<Content, Refusal> {
        let wanted = |one: &&Template| one.name == self.name && one.language == self.language.code;
        let details = format!("template name ({}) does not exist in {}", self.name, self.language.code);
        let missing = || Refusal::new(132_001, details);
        let template = book.templates().iter().find(wanted).ok_or_else(missing)?;
        match template.standing {
            Standing::Approved => {}
            Standing::Paused => return Err(Refusal::new(132_015, "paused because of its quality")),
            Standing::Disabled => return Err(Refusal::new(132_016, "disabled for good")),
            Standing::Pending | Standing::Rejected => {
                return Err(Refusal::new(132_001, "the translation is not approved"));
            }
        }
        let (mut header, mut body) = (Vec::new(), Vec::new());
        for component in &self.components {
            match component {
                Component::Header { parameters } => header = texts(parameters)?,
                Component::Body { parameters } => body = texts(parameters)?,
                Component::Button { .. } => {}
            }
        }
        let mut text = Vec::new();
        if let Some(words) = &template.header {
            text.push(fill(words, &header)?);
        }
        text.push(fill(&template.body, &body)?);
        text.extend(template.footer.clone());
        let buttons = template.buttons.iter().enumerate().map(|(at, button)| self.button(at, button));
        let buttons = buttons.collect::<Result<_, _>>()?;
        let template = Some((template.name.clone(), template.category));
        Ok(Content { text: text.join("\n\n"), buttons, template })
    }

    /// A button of the template with what the order puts into it.
    fn button(&self, at: usize, button: &TemplateButton) -> Result<Button, Refusal> {
        let is_here = |index: &Value| {
            index.as_u64() == Some(at as u64) || index.as_str() == Some(at.to_string().as_str())
        };
        let given = self.components.iter().find_map(|component| match component {
            Component::Button { sub_type, index, parameters } if is_here(index) => {
                Some((sub_type, parameters))
            }
            _ => None,
        });
        let wrong = || Refusal::new(132_012, format!("button at index {at}"));
        match (button, given.map(|(sub_type, parameters)| (sub_type.as_str(), parameters.as_slice()))) {
            (TemplateButton::QuickReply { text }, None) => {
                Ok(Button::Reply { title: text.clone(), payload: text.clone() })
            }
            (
                TemplateButton::QuickReply { text },
                Some(("quick_reply", [Parameter::Payload { payload }])),
            ) => Ok(Button::Reply { title: text.clone(), payload: payload.clone() }),
            (TemplateButton::Url { text, url, .. }, None) if !url.contains("{{") => {
                Ok(Button::Link { title: text.clone(), url: url.clone() })
            }
            (TemplateButton::Url { text, url, .. }, Some(("url", parameters))) => {
                let url = fill(url, &texts(parameters)?)?;
                Ok(Button::Link { title: text.clone(), url })
            }
            (TemplateButton::Otp { text, .. }, Some(("url", [Parameter::Text { text: code, .. }]))) => {
                Ok(Button::Copy { title: text.clone(), text: code.clone() })
            }
            (TemplateButton::Url { .. } | TemplateButton::Otp { .. }, None) => {
                let details = format!("buttons: Button at index {at} of type Url requires a parameter");
                Err(Refusal::new(131_008, details))
            }
            _ => Err(wrong()),
        }
    }
}

/// What parameters put into a text, each with the name it gives if it gives one.
fn texts(parameters: &[Parameter]) -> Result<Vec<(Option<String>, String)>, Refusal> {
    let mut texts = Vec::new();
    for parameter in parameters {
        match parameter {
            Parameter::Text { text, parameter_name } => texts.push((parameter_name.clone(), text.clone())),
            Parameter::Currency { currency, parameter_name } => {
                texts.push((parameter_name.clone(), currency.fallback_value.clone()));
            }
            Parameter::Image { image: file } | Parameter::Document { document: file } => file.check()?,
            Parameter::Payload { .. } => return Err(Refusal::new(132_012, "a payload is for a quick reply")),
        }
    }
    Ok(texts)
}
