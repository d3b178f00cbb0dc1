//! What may be sent, read as strictly as Meta does, and what the person will read of it.

use serde::Deserialize;
use serde_json::Value;

use super::WhatsAppDesk;
use super::errors::Refusal;
use super::filled::Filled;
use super::media;
use super::templates::Category;
use crate::inbox::Button;

/// A body of `POST …/messages`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    pub(super) messaging_product: String,
    pub(super) recipient_type: Option<String>,
    pub(super) to: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(rename = "context")]
    _context: Option<Context>,
    pub(super) biz_opaque_callback_data: Option<String>,
    text: Option<Text>,
    template: Option<Filled>,
    interactive: Option<Interactive>,
    image: Option<File>,
    document: Option<File>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    #[serde(rename = "message_id")]
    _message_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    body: String,
    #[serde(rename = "preview_url")]
    _preview_url: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    id: Option<String>,
    link: Option<String>,
    caption: Option<String>,
    filename: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interactive {
    #[serde(rename = "type")]
    kind: String,
    header: Option<Value>,
    body: Words,
    footer: Option<Words>,
    action: Action,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    /// Of `button`.
    #[serde(default)]
    buttons: Vec<ReplyButton>,
    /// Of `list`: what opens it, and what is in it.
    button: Option<String>,
    #[serde(default)]
    sections: Vec<Section>,
    /// Of `cta_url`.
    name: Option<String>,
    parameters: Option<UrlButton>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyButton {
    #[serde(rename = "type")]
    kind: String,
    reply: Reply,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    id: String,
    title: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UrlButton {
    display_text: String,
    url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    title: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    title: String,
    description: Option<String>,
}

/// What the person reads and can press.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) buttons: Vec<Button>,
    /// Its name and what it is for; absent: written freely.
    pub(super) template: Option<(String, Category)>,
}

impl Order {
    /// What it comes to, or why it is not a message that could be sent.
    pub(super) fn content(&self, desk: &WhatsAppDesk) -> Result<Content, Refusal> {
        if self.messaging_product != "whatsapp" {
            return Err(Refusal::new(100, "messaging_product must be whatsapp"));
        }
        if self.recipient_type.as_ref().is_some_and(|kind| kind != "individual") {
            return Err(Refusal::bad("recipient_type must be individual"));
        }
        if self.biz_opaque_callback_data.as_ref().is_some_and(|data| data.chars().count() > 512) {
            return Err(Refusal::bad("biz_opaque_callback_data has more than 512 characters"));
        }
        let there = [
            ("text", self.text.is_some()),
            ("template", self.template.is_some()),
            ("interactive", self.interactive.is_some()),
            ("image", self.image.is_some()),
            ("document", self.document.is_some()),
        ];
        if !there.iter().any(|(kind, _)| *kind == self.kind) {
            return Err(Refusal::new(131_051, format!("{} is not a type that is known here", self.kind)));
        }
        if let Some((other, _)) = there.iter().find(|(kind, there)| *there && *kind != self.kind) {
            return Err(Refusal::new(
                100,
                format!("Unexpected key {other:?} in a message of type {}", self.kind),
            ));
        }
        let missing = || Refusal::new(131_008, self.kind.clone());
        match self.kind.as_str() {
            "text" => self.text.as_ref().ok_or_else(missing)?.content(),
            "template" => {
                let filled = self.template.as_ref().ok_or_else(missing)?;
                desk.read(|book| filled.content(book))
            }
            "interactive" => self.interactive.as_ref().ok_or_else(missing)?.content(),
            _ => self.image.as_ref().or(self.document.as_ref()).ok_or_else(missing)?.content(desk),
        }
    }
}

/// A text of one to so many characters.
fn bounded(what: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(Refusal::bad(format!("{what}: {length} characters, where 1 to {most} may be")))
}

impl Text {
    fn content(&self) -> Result<Content, Refusal> {
        bounded("text.body", &self.body, 4096)?;
        Ok(Content { text: self.body.clone(), ..Content::default() })
    }
}

impl File {
    fn content(&self, desk: &WhatsAppDesk) -> Result<Content, Refusal> {
        self.check()?;
        if let Some(id) = &self.id
            && media::kept(desk, id).is_none()
        {
            return Err(Refusal::new(131_053, format!("no media {id}")));
        }
        if let Some(caption) = &self.caption {
            bounded("caption", caption, 1024)?;
        }
        let name = self.filename.as_ref().or(self.link.as_ref()).or(self.id.as_ref());
        let text = [name, self.caption.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>();
        Ok(Content { text: text.join("\n"), ..Content::default() })
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        match (&self.id, &self.link) {
            (Some(_), None) => Ok(()),
            (None, Some(link)) if link.starts_with("https://") || link.starts_with("http://") => Ok(()),
            _ => Err(Refusal::bad("a file has an id or a link")),
        }
    }
}

impl Interactive {
    fn content(&self) -> Result<Content, Refusal> {
        bounded("interactive.body.text", &self.body.text, 1024)?;
        let mut text = vec![self.body.text.clone()];
        if let Some(header) = self.header.as_ref().and_then(|header| header["text"].as_str()) {
            bounded("interactive.header.text", header, 60)?;
            text.insert(0, header.to_owned());
        }
        if let Some(footer) = &self.footer {
            bounded("interactive.footer.text", &footer.text, 60)?;
            text.push(footer.text.clone());
        }
        let buttons = match self.kind.as_str() {
            "button" => self.action.replies(),
            "list" => self.action.rows(),
            "cta_url" => self.action.link(),
            other => Err(Refusal::bad(format!("interactive.type: {other}"))),
        }?;
        Ok(Content { text: text.join("\n\n"), buttons, template: None })
    }
}

impl Action {
    fn replies(&self) -> Result<Vec<Button>, Refusal> {
        if !(1..=3).contains(&self.buttons.len()) {
            return Err(Refusal::bad("action.buttons: one to three"));
        }
        let replies = self.buttons.iter().map(|ReplyButton { kind, reply }| {
            if kind != "reply" {
                return Err(Refusal::bad("action.buttons: of type reply"));
            }
            bounded("title", &reply.title, 20)?;
            bounded("id", &reply.id, 256)?;
            Ok(Button::Reply { title: reply.title.clone(), payload: reply.id.clone() })
        });
        replies.collect()
    }

    fn rows(&self) -> Result<Vec<Button>, Refusal> {
        bounded("action.button", self.button.as_deref().unwrap_or_default(), 20)?;
        let rows: Vec<_> = self.sections.iter().flat_map(|section| &section.rows).collect();
        if !(1..=10).contains(&rows.len()) {
            return Err(Refusal::bad("action.sections: one to ten rows"));
        }
        for title in self.sections.iter().filter_map(|section| section.title.as_deref()) {
            bounded("section title", title, 24)?;
        }
        let rows = rows.into_iter().map(|row| {
            bounded("row title", &row.title, 24)?;
            bounded("row id", &row.id, 200)?;
            if let Some(description) = &row.description {
                bounded("row description", description, 72)?;
            }
            Ok(Button::Reply { title: row.title.clone(), payload: row.id.clone() })
        });
        rows.collect()
    }

    fn link(&self) -> Result<Vec<Button>, Refusal> {
        match (&self.name, &self.parameters) {
            (Some(name), Some(UrlButton { display_text, url })) if name == "cta_url" => {
                bounded("display_text", display_text, 20)?;
                Ok(vec![Button::Link { title: display_text.clone(), url: url.clone() }])
            }
            _ => Err(Refusal::bad("action: of name cta_url, with parameters")),
        }
    }
}
