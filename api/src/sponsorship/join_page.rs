//! `POST /i/{token}/code` and `/i/{token}/accept`: accepting an invitation on its page, with plain forms and without an app. The
//! first sends a code to where the invitation went, the second takes it back. What was filled in goes along from page to page; a
//! page opens no session.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use url::form_urlencoded;
use uuid::Uuid;
use wolo_database::invitations::Invitation;

use super::joining::{Newcomer, Proof, has_joined, join};
use super::page::{Token, refused};
use super::{accept, code, in_path};
use crate::asker::{Asker, Language};
use crate::body::raw;
use crate::contract::{refusals, schemas};
use crate::edge::browsers::refuse_foreign;
use crate::fields::Fields;
use crate::limits::Tally;
use crate::page::{escape, page, saying, shown, spoken, wants_page};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// What stands in the forms.
#[derive(Default)]
struct Filled {
    name: String,
    birth_date: String,
    code_id: String,
    code: String,
}

impl Filled {
    fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Problem> {
        let mut filled = Self::default();
        for (name, value) in form_urlencoded::parse(&raw(body)?) {
            match &*name {
                "name" => filled.name = value.into_owned(),
                "birth_date" => filled.birth_date = value.into_owned(),
                "code_id" => filled.code_id = value.into_owned(),
                "code" => filled.code = value.into_owned(),
                // What a browser or its extensions add is nothing to us.
                _ => {}
            }
        }
        Ok(filled)
    }

    fn newcomer(&self, asker: &Asker) -> Result<Newcomer, Problem> {
        let mut fields = Fields::default();
        let Ok(birth_date) = self.birth_date.trim().parse() else {
            fields.wrong(
                "birth_date",
                Words::new(
                    "écrivez la date de naissance comme 1999-12-31",
                    "write the birth date as 1999-12-31",
                )
                .wolof("bindal bésu juddu bi ni 1999-12-31"),
            );
            return Err(fields.check().err().unwrap_or_else(|| Problem::new(Code::RequestInvalid)));
        };
        let newcomer = Newcomer::read(&mut fields, Some(self.name.clone()), birth_date, asker.language);
        fields.check().map(|()| newcomer)
    }

    fn proof(&self) -> Result<Proof, Problem> {
        let code_id: Uuid = self.code_id.parse().map_err(|_| Problem::new(Code::OneTimeCodeWrong))?;
        Ok(Proof { code_id, code: self.code.clone() })
    }
}

const OF_THE_FORM: &[Code] =
    &[Code::FromElsewhere, Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid];

refusals!(NotSent: OF_THE_FORM, problem::OF_THE_STORE,
    &[Code::InvitationUnknown, Code::InvitationTaken, Code::InvitationEnded, Code::TooManyCodes]);
refusals!(NotAccepted: OF_THE_FORM, problem::OF_THE_STORE, problem::OF_THE_ENGINE, accept::REFUSALS);

/// Sends the code, and asks for it.
#[utoipa::path(post, path = "/i/{token}/code", operation_id = "sponsorship.request_code_on_page", tag = "sponsorship",
    params(("token" = inline(schemas::InvitationToken), Path, description = "The link's secret part.")),
    request_body(content = Object, description = "The form of the invitation's page: `name`, `birth_date`.",
        content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A code is on its way.", body = String, content_type = "text/html"),
        NotSent,
    ))]
pub(crate) async fn code_on_page(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    tally: Tally,
    token: Token,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    let (token, filled) = (in_path(token)?, Filled::read(body)?);
    let sending = async {
        refuse_foreign(&headers, &app.settings.api.public_url)?;
        super::waiting(&app, &token).await?;
        filled.newcomer(&asker)?;
        code::send(&app, &asker, &tally, &token).await
    };
    match sending.await {
        Ok((invitation, sent)) => {
            let filled = Filled { code_id: sent.code_id.to_string(), ..filled };
            let sentence = Words::new(
                format!("Un code est en route vers {}.", escape(&invitation.to.masked())),
                format!("A code is on its way to {}.", escape(&invitation.to.masked())),
            );
            let said = format!("<p>{}</p>", sentence.read(language));
            Ok(shown(StatusCode::OK, asks_for_the_code(&said, &token, &filled, language), language))
        }
        Err(problem) => not_done(problem, &headers, &token, language),
    }
}

/// Takes the code back, and accepts the invitation for whoever has it. Sent once more it answers the same.
#[utoipa::path(post, path = "/i/{token}/accept", operation_id = "sponsorship.accept_on_page", tag = "sponsorship",
    params(("token" = inline(schemas::InvitationToken), Path, description = "The link's secret part.")),
    request_body(content = Object, description = "The form that asks for the code: `name`, `birth_date`, `code_id`, `code`.",
        content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Accepted.", body = String, content_type = "text/html"),
        NotAccepted,
    ))]
pub(crate) async fn accept_on_page(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    token: Token,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    let (token, filled) = (in_path(token)?, Filled::read(body)?);
    let joining = async {
        refuse_foreign(&headers, &app.settings.api.public_url)?;
        super::find(&app, &token).await?;
        let (newcomer, proof) = (filled.newcomer(&asker)?, filled.proof()?);
        match join(&app, &token, newcomer, &proof).await {
            Ok(joined) => Ok(wolo_database::commit(joined.tx).await?),
            // The form was sent before, or is being sent twice.
            Err(problem)
                if problem.code() == Code::InvitationTaken && has_joined(&app, &token, &proof).await? =>
            {
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    };
    match joining.await {
        Ok(()) => Ok(shown(StatusCode::OK, accepted(language), language)),
        Err(problem) if wants_page(&headers) && may_be_mended(&problem) => {
            let said = wrong(&problem, language);
            let page = asks_for_the_code(&said, &token, &filled, language);
            Ok(shown(problem.status(), page, language))
        }
        Err(problem) => not_done(problem, &headers, &token, language),
    }
}

/// Whether it is what stands in the form that is wrong.
fn may_be_mended(problem: &Problem) -> bool {
    matches!(problem.code(), Code::RequestInvalid | Code::OneTimeCodeWrong)
}

/// For a browser a page, with the way back where there is one.
fn not_done(
    problem: Problem,
    headers: &HeaderMap,
    token: &str,
    language: Language,
) -> Result<Response, Problem> {
    if !wants_page(headers) || !may_be_mended(&problem) {
        return refused(problem, headers, language);
    }
    let (title, _) = problem.words(language);
    let back = Words::new("Revenir à l'invitation", "Back to the invitation");
    let body = format!(
        "{}<p><a href=\"/i/{}\">{}</a></p>",
        wrong(&problem, language),
        escape(token),
        back.read(language)
    );
    Ok(shown(problem.status(), page(&escape(&title), "", &body, language), language))
}

fn wrong(problem: &Problem, language: Language) -> String {
    let faults: Vec<_> = problem.faults(language).map(str::to_owned).collect();
    let faults = if faults.is_empty() { vec![problem.words(language).1] } else { faults };
    let faults: Vec<_> = faults.iter().map(|fault| escape(fault)).collect();
    format!("<p class=\"wrong\">{}</p>", faults.join("<br>"))
}

/// The ways to answer, on the invitation's page: as somebody new, as somebody who has an account, or not at all.
pub(super) fn ways(invitation: &Invitation, token: &str, language: Language) -> String {
    let (token, to) = (escape(token), escape(&invitation.to.masked()));
    let new = Words::new("Accepter", "Accept");
    let send = Words::new(format!("Recevoir un code au {to}"), format!("Get a code at {to}"));
    let known = Words::new("J'ai déjà un compte", "I have an account");
    let how = Words::new(
        format!(
            "Si c'est avec {to}, un code suffit. Sinon, connectez-vous dans l'application WOLO et ouvrez-y ce lien."
        ),
        format!(
            "If it is with {to}, a code is enough. If not, sign in to the WOLO app and open this link there."
        ),
    );
    let decline = Words::new("Décliner l'invitation", "Decline the invitation");
    let [new, send, known, how, decline] =
        [&new, &send, &known, &how, &decline].map(|words| words.read(language));
    let (name, birth_date) = (name_field("", true, language), birth_date_field("", language));
    format!(
        "<h2>{new}</h2><form method=\"post\" action=\"/i/{token}/code\">{name}{birth_date}<button>{send}</button></form>\
         <h2>{known}</h2><p>{how}</p>\
         <form method=\"post\" action=\"/i/{token}/code\">{birth_date}<button>{send}</button></form>\
         <h2>{decline}</h2><form method=\"post\" action=\"/i/{token}\"><button class=\"quiet\">{decline}</button></form>"
    )
}

fn asks_for_the_code(said: &str, token: &str, filled: &Filled, language: Language) -> String {
    let title = Words::new("Votre code", "Your code");
    let code = Words::new("Code à six chiffres", "Code of six digits");
    let button = Words::new("Accepter l'invitation", "Accept the invitation");
    let body = format!(
        "{said}<form method=\"post\" action=\"/i/{}/accept\"><label>{}\
         <input name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"6\" required></label>\
         {}{}<input type=\"hidden\" name=\"code_id\" value=\"{}\"><button>{}</button></form>",
        escape(token),
        code.read(language),
        name_field(&filled.name, false, language),
        birth_date_field(&filled.birth_date, language),
        escape(&filled.code_id),
        button.read(language),
    );
    page(title.read(language), "", &body, language)
}

fn name_field(value: &str, required: bool, language: Language) -> String {
    let label = if required {
        Words::new("Prénom", "First name")
    } else {
        Words::new("Prénom (pour un nouveau compte)", "First name (for a new account)")
    };
    let required = if required { " required" } else { "" };
    format!(
        "<label>{}<input name=\"name\" autocomplete=\"given-name\" maxlength=\"200\" value=\"{}\"{required}></label>",
        label.read(language),
        escape(value)
    )
}

fn birth_date_field(value: &str, language: Language) -> String {
    let label = Words::new("Date de naissance", "Birth date");
    format!(
        "<label>{}<input type=\"date\" name=\"birth_date\" autocomplete=\"bday\" value=\"{}\" required></label>",
        label.read(language),
        escape(value)
    )
}

fn accepted(language: Language) -> String {
    let title = Words::new("Bienvenue sur WOLO", "Welcome to WOLO");
    let sentence = Words::new(
        "L'invitation est acceptée et votre cagnotte d'anniversaire se prépare. Pour la suivre, connectez-vous dans \
         l'application WOLO avec le contact qui a reçu le code.",
        "The invitation is accepted and your birthday pot is being prepared. To follow it, sign in to the WOLO app with the \
         contact that got the code.",
    );
    saying(&title, &sentence, language)
}
