//! Templates, which Meta looks through before anything can be sent with them.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::WhatsApp;
use crate::messages::decoded;
use crate::wire::{ProviderError, identifier};

/// How many are read at once.
const PAGE: &str = "100";
const FIELDS: &str = "id,name,language,status,category";

/// What a template is for. What somebody may refuse is marketing, and only that can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    Utility,
    Marketing,
    Authentication,
    #[serde(other, skip_serializing)]
    Unknown,
}

/// Only an approved one can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateStatus {
    Approved,
    Pending,
    Rejected,
    Paused,
    Disabled,
    #[serde(other)]
    Unknown,
}

/// A template to be looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTemplate {
    /// Small letters, digits and `_`.
    pub name: String,
    pub language: String,
    pub form: TemplateForm,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateForm {
    /// A text with examples for each `{{n}}`, and its buttons.
    Words {
        category: Category,
        /// May neither begin nor end with `{{n}}`.
        body: String,
        /// What could stand for `{{1}}`, `{{2}}` and so on.
        examples: Vec<String>,
        buttons: Vec<TemplateButton>,
    },
    /// A code in words of Meta's own, and a button with this label that copies it. Nothing else may be said beside a code. Whoever sends it
    /// gives the code twice: to the text, and to the button as [`super::ButtonFill::Url`].
    Code { copy: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateButton {
    QuickReply {
        text: String,
    },
    /// An address that ends in `{{1}}`, and an example of a whole one.
    Url {
        text: String,
        url: String,
        example: [String; 1],
    },
}

/// A template as Meta has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownTemplate {
    pub id: String,
    pub name: String,
    pub language: String,
    pub status: TemplateStatus,
    /// Meta may have put it into another than we asked for.
    pub category: Category,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplatePage {
    pub templates: Vec<KnownTemplate>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<KnownTemplate>,
    #[serde(default)]
    paging: Paging,
}

#[derive(Deserialize, Default)]
struct Paging {
    #[serde(default)]
    cursors: Cursors,
    next: Option<String>,
}

#[derive(Deserialize, Default)]
struct Cursors {
    after: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    language: &'a str,
    category: Category,
    components: Vec<Component<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum Component<'a> {
    Body {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        example: Option<Example<'a>>,
    },
    Buttons {
        buttons: &'a [TemplateButton],
    },
    #[serde(rename = "BODY")]
    CodeBody {
        add_security_recommendation: bool,
    },
    #[serde(rename = "BUTTONS")]
    CodeButtons {
        buttons: [CodeButton<'a>; 1],
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
enum CodeButton<'a> {
    Otp { otp_type: &'static str, text: &'a str },
}

#[derive(Serialize)]
struct Example<'a> {
    body_text: [&'a [String]; 1],
}

#[derive(Deserialize)]
struct Created {
    id: String,
    status: TemplateStatus,
    category: Category,
}

impl TemplateForm {
    fn components(&self) -> (Category, Vec<Component<'_>>) {
        match self {
            Self::Words { category, body, examples, buttons } => {
                let example = (!examples.is_empty()).then(|| Example { body_text: [examples] });
                let mut components = vec![Component::Body { text: body, example }];
                if !buttons.is_empty() {
                    components.push(Component::Buttons { buttons });
                }
                (*category, components)
            }
            Self::Code { copy } => {
                let button = CodeButton::Otp { otp_type: "COPY_CODE", text: copy };
                let body = Component::CodeBody { add_security_recommendation: true };
                (Category::Authentication, vec![body, Component::CodeButtons { buttons: [button] }])
            }
        }
    }
}

impl WhatsApp {
    /// `GET /{account}/message_templates`: a page of them, the first or the one after.
    pub async fn templates(&self, after: Option<&str>) -> Result<TemplatePage, ProviderError> {
        let request = self
            .request(Method::GET, &[identifier(&self.business_account_id)?, "message_templates"])
            .query(&[("fields", FIELDS), ("limit", PAGE)])
            .query(&after.map(|after| ("after", after)).as_slice());
        let Page { data, paging } = decoded(&self.call(request).await?)?;
        // A cursor stands on the last page too; only the next page's address says that there is one.
        let next = paging.next.and(paging.cursors.after);
        Ok(TemplatePage { templates: data, next })
    }

    /// `POST /{account}/message_templates`: asks Meta to look through one. A second of the same name and language is
    /// refused.
    pub async fn create_template(&self, template: &NewTemplate) -> Result<KnownTemplate, ProviderError> {
        let NewTemplate { name, language, form } = template;
        let (category, components) = form.components();
        let request = Body { name, language, category, components };
        let answer =
            self.post(&[identifier(&self.business_account_id)?, "message_templates"], &request).await?;
        let Created { id, status, category } = decoded(&answer)?;
        Ok(KnownTemplate { id, name: name.clone(), language: language.clone(), status, category })
    }
}
