//! Templates: how one is handed in, where it stands with Meta, and what it says with its parameters in place.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::errors::Refusal;
use super::{Here, access};
use crate::emulator::strict;

/// The longest text with its parameters in place.
const LONGEST: usize = 1024;

/// Where a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Standing {
    Pending,
    Approved,
    Rejected,
    Paused,
    Disabled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    Utility,
    Marketing,
    Authentication,
}

/// What a person can press below a message that is made from a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateButton {
    QuickReply {
        text: String,
    },
    /// With `{{1}}` at its end, the address takes a parameter.
    Url {
        text: String,
        url: String,
        #[serde(default)]
        example: Vec<String>,
    },
    /// What a code is copied by.
    Otp {
        otp_type: OtpType,
        text: String,
    },
}

/// The others need an app of ours on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OtpType {
    CopyCode,
}

/// A template as it was handed in. Variables are written `{{1}}` or `{{name}}`.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub language: String,
    pub category: Category,
    pub standing: Standing,
    /// A text, or nothing: headers with pictures take theirs from the message.
    pub header: Option<String>,
    pub body: String,
    pub footer: Option<String>,
    pub buttons: Vec<TemplateButton>,
}

impl Template {
    /// One that is nothing but a body.
    pub fn new(name: &str, language: &str, category: Category, body: &str) -> Self {
        Self {
            id: new_id(),
            name: name.to_owned(),
            language: language.to_owned(),
            category,
            standing: Standing::Approved,
            header: None,
            body: body.to_owned(),
            footer: None,
            buttons: Vec::new(),
        }
    }
}

fn new_id() -> String {
    (Uuid::new_v4().as_u128() % 1_000_000_000_000_000).to_string()
}

/// The names of the variables of a text, in order, each once.
fn variables(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}")
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found
}

/// Puts values into a text: by name where they have one, else in order.
pub(super) fn fill(text: &str, values: &[(Option<String>, String)]) -> Result<String, Refusal> {
    let wanted = variables(text);
    if wanted.len() != values.len() {
        let details = format!(
            "number of localizable_params ({}) does not match the expected number of params ({})",
            values.len(),
            wanted.len()
        );
        return Err(Refusal::new(132_000, details));
    }
    let mut filled = text.to_owned();
    for (at, name) in wanted.into_iter().enumerate() {
        let numbered = name.bytes().all(|byte| byte.is_ascii_digit());
        let value = values.iter().enumerate().find(|(place, (given, _))| match given {
            Some(given) => given == name,
            None => numbered && *place == at,
        });
        let Some((_, (_, value))) = value else {
            return Err(Refusal::new(132_012, format!("no parameter for {{{{{name}}}}}")));
        };
        if value.contains(['\n', '\t']) || value.contains("    ") {
            let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
            return Err(Refusal::new(132_012, details));
        }
        filled = filled.replace(&format!("{{{{{name}}}}}"), value);
    }
    if filled.chars().count() > LONGEST {
        return Err(Refusal::new(132_005, format!("longer than {LONGEST} characters")));
    }
    Ok(filled)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    language: String,
    category: Category,
    components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "UPPERCASE", deny_unknown_fields)]
enum Component {
    Header {
        format: String,
        text: Option<String>,
        #[serde(rename = "example")]
        _example: Option<Value>,
    },
    Body {
        text: Option<String>,
        #[serde(rename = "example")]
        _example: Option<Value>,
        add_security_recommendation: Option<bool>,
    },
    Footer {
        text: Option<String>,
        code_expiration_minutes: Option<u8>,
    },
    Buttons {
        buttons: Vec<TemplateButton>,
    },
}

/// What its sender has put into words.
fn of_words(wanted: Wanted) -> Result<Template, Refusal> {
    let mut template = Template::new(&wanted.name, &wanted.language, wanted.category, "");
    for component in wanted.components {
        match component {
            Component::Header { format, text, .. } if format == "TEXT" => template.header = text,
            Component::Header { .. } => {}
            Component::Body { text: Some(text), add_security_recommendation: None, .. } => {
                template.body = text;
            }
            Component::Footer { text: Some(text), code_expiration_minutes: None } => {
                template.footer = Some(text);
            }
            Component::Buttons { buttons } if !buttons.iter().any(is_of_a_code) => template.buttons = buttons,
            Component::Body { .. } | Component::Footer { .. } | Component::Buttons { .. } => {
                return Err(Refusal::new(100, "a component is of templates for codes, or has no text"));
            }
        }
    }
    let body = template.body.trim();
    if body.is_empty() || body.starts_with("{{") || body.ends_with("}}") {
        return Err(Refusal::new(100, "the body is empty, or begins or ends with a variable"));
    }
    Ok(template)
}

/// Around a code nobody's words stand but Meta's.
fn of_a_code(wanted: Wanted) -> Result<Template, Refusal> {
    let refused =
        || Refusal::new(100, "a template for codes has no words of its own, and one button of the type OTP");
    let french = wanted.language.starts_with("fr");
    let mut template = Template::new(&wanted.name, &wanted.language, wanted.category, "");
    for component in wanted.components {
        match component {
            Component::Body { text: None, add_security_recommendation: careful, .. } => {
                template.body = if french { IS_A_CODE.0 } else { IS_A_CODE.1 }.to_owned();
                if careful == Some(true) {
                    template.body.push_str(if french { CAREFUL.0 } else { CAREFUL.1 });
                }
            }
            Component::Footer { text: None, code_expiration_minutes: Some(minutes @ 1..=90) } => {
                let (before, after) = if french {
                    ("Ce code expire dans", "minutes.")
                } else {
                    ("This code expires in", "minutes.")
                };
                template.footer = Some(format!("{before} {minutes} {after}"));
            }
            Component::Buttons { buttons } if matches!(&buttons[..], [only] if is_of_a_code(only)) => {
                template.buttons = buttons;
            }
            _ => return Err(refused()),
        }
    }
    if template.body.is_empty() || template.buttons.is_empty() { Err(refused()) } else { Ok(template) }
}

/// In French, and in English for everybody else.
const IS_A_CODE: (&str, &str) =
    ("*{{1}}* est votre code de vérification.", "*{{1}}* is your verification code.");
const CAREFUL: (&str, &str) =
    (" Pour votre sécurité, ne partagez pas ce code.", " For your security, do not share this code.");

fn is_of_a_code(button: &TemplateButton) -> bool {
    matches!(button, TemplateButton::Otp { .. })
}

/// `POST /{version}/{waba}/subscribed_apps`
pub(super) async fn subscribe(
    State(desk): Here,
    Path((version, waba)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    access::ours(&waba, &desk.provider.options.waba_id)?;
    desk.change(|book| book.subscribed = true);
    Ok(Json(json!({ "success": true })))
}

/// `POST /{version}/{waba}/message_templates`
pub(super) async fn create(
    State(desk): Here,
    Path((version, waba)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    access::ours(&waba, &desk.provider.options.waba_id)?;
    let wanted: Wanted = strict::read(&headers, &body)?;
    let mut template = match wanted.category {
        Category::Authentication => of_a_code(wanted)?,
        Category::Utility | Category::Marketing => of_words(wanted)?,
    };
    template.standing = desk.provider.options.template_review;
    let named = (1..=512).contains(&template.name.len())
        && template.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    if !named {
        return Err(Refusal::new(100, "name: lower-case letters, digits and underscores"));
    }
    let answer = json!({ "id": template.id, "status": template.standing, "category": template.category });
    let is_new = desk.change(|book| {
        let same = |one: &Template| one.name == template.name && one.language == template.language;
        let is_new = !book.templates.iter().any(same);
        if is_new {
            book.templates.push(template);
        }
        is_new
    });
    if is_new { Ok(Json(answer)) } else { Err(Refusal::new(100, "content in this language already exists")) }
}

#[derive(Deserialize)]
pub(super) struct Page {
    limit: Option<usize>,
    after: Option<String>,
    name: Option<String>,
}

/// `GET /{version}/{waba}/message_templates`
pub(super) async fn list(
    State(desk): Here,
    Path((version, waba)): Path<(String, String)>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    access::check(&desk, &version, &headers)?;
    access::ours(&waba, &desk.provider.options.waba_id)?;
    let begin = match &page.after {
        None => 0,
        Some(after) => after.parse::<usize>().map_err(|_| Refusal::new(100, "after: no such cursor"))?,
    };
    let end = begin.saturating_add(page.limit.unwrap_or(25));
    Ok(Json(desk.read(|book| {
        let wanted = |one: &&Template| page.name.as_ref().is_none_or(|name| one.name == *name);
        let all: Vec<_> = book.templates.iter().filter(wanted).collect();
        let shown: Vec<_> = all.iter().take(end).skip(begin).map(|one| one.view()).collect();
        let mut answer = json!({ "data": shown });
        if end < all.len() {
            let next = format!("{}/{version}/{waba}/message_templates?after={end}", desk.base_url);
            answer["paging"] = json!({ "cursors": { "after": end.to_string() }, "next": next });
        }
        answer
    })))
}

impl Template {
    fn view(&self) -> Value {
        let mut components = Vec::new();
        if let Some(text) = &self.header {
            components.push(json!({ "type": "HEADER", "format": "TEXT", "text": text }));
        }
        components.push(json!({ "type": "BODY", "text": self.body }));
        if let Some(text) = &self.footer {
            components.push(json!({ "type": "FOOTER", "text": text }));
        }
        if !self.buttons.is_empty() {
            components.push(json!({ "type": "BUTTONS", "buttons": self.buttons }));
        }
        json!({
            "id": self.id,
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "status": self.standing,
            "components": components,
        })
    }
}
