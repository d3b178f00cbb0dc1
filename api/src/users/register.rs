//! `POST /api/users/auth/register`

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use wolo_database::accounts::codes::About;
use wolo_database::accounts::registrations::{self, Registration};
use wolo_database::{Context, accounts};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::{Contact, Language};
use wolo_domain::notices::{Letter, Says};
use wolo_domain::people::NAME_CHARS;

use super::codes::Sent;
use super::{codes, letters};
use crate::asker::Asker;
use crate::body::{self, Body};
use crate::contract::{refusals, schemas};
use crate::credentials;
use crate::fields::{Fields, Lines};
use crate::limits::Tally;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// Who wants an account. A phone or a mail address, one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Awa Ndiaye", "birth_date": "1999-12-31", "phone": "+221771234567" }))]
pub(crate) struct NewAccount {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    birth_date: NaiveDate,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// Left out by those who sign in with codes alone.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 8, max_length = 256)]
    password: Option<SecretString>,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Language>)]
    language: Option<Language>,
}

refusals!(NotRegistered: body::REFUSALS, problem::OF_THE_STORE, &[Code::TooManyCodes, Code::Busy]);

/// Remembers what is wanted and sends a code to the contact. Who has an account with it already gets a letter that says
/// so; whoever asks cannot tell.
#[utoipa::path(post, path = "/api/users/auth/register", operation_id = "accounts.register", tag = "accounts",
    request_body = NewAccount,
    responses((status = 202, description = "A code is on its way, or would be.", body = Sent), NotRegistered))]
pub(crate) async fn register(
    State(app): State<App>,
    asker: Asker,
    tally: Tally,
    Body { value: wanted, .. }: Body<NewAccount>,
) -> Result<Response, Problem> {
    let (registration, password) = wanted.read(&asker)?;
    tally.contact(&app.limits, &registration.contact).await?;
    let password_hash = match password {
        Some(password) => Some(app.credentials.passwords.hash(password).await?),
        None => None,
    };
    let wanted = Registration { password_hash, ..registration };
    let mut tx = Context::gate().begin(&app.pool).await?;
    let id = registrations::remember(&mut tx, &wanted).await?;
    let there = accounts::by_contact(&mut *tx, &wanted.contact).await?;
    let about = if there.is_some() { About::Decoy } else { About::Registration(id) };
    let sent =
        codes::send(&app, &mut tx, CodePurpose::Register, &wanted.contact, wanted.language, about).await?;
    if let Some(account) = there {
        let letter = Letter {
            to: wanted.contact,
            or_email: None,
            language: account.language,
            says: Says::AlreadyRegistered,
        };
        letters::write(&app, &mut tx, Some(account.id), &format!("registration/{id}"), &letter).await?;
    }
    wolo_database::commit(tx).await?;
    Ok(sent.accepted())
}

impl NewAccount {
    fn read(self, asker: &Asker) -> Result<(Registration, Option<SecretString>), Problem> {
        let mut fields = Fields::default();
        let name = fields.some_text("name", self.name, NAME_CHARS, Lines::One);
        let contact = fields.contact(self.phone.as_deref(), self.email.as_deref());
        let birth_date = fields.birth_date("birth_date", self.birth_date);
        if let Some(password) = &self.password {
            let reached = contact.as_ref().map_or("", Contact::reveal);
            if let Some(words) = credentials::weakness(password.expose_secret(), &[&name, reached]) {
                fields.wrong("password", words);
            }
        }
        fields.check()?;
        let contact = contact.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
        let language = self.language.unwrap_or(asker.language);
        Ok((Registration { name, birth_date, contact, language, password_hash: None }, self.password))
    }
}
