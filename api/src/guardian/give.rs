//! `POST /g/{token}/give`: the guardian agrees, to each purpose with a tick of its own.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use url::form_urlencoded;
use wolo_control::consents::{GiveAnswer, GuardianAgrees};
use wolo_domain::consents::{Agreement, ConsentStage, ConsentText, Purpose, Shown, covers_a_pot};
use wolo_domain::people::BirthDate;

use super::door::Door;
use super::visit::Visit;
use super::{agreed, show};
use crate::body::raw;
use crate::contract::refusals;
use crate::fields::Fields;
use crate::identity::process_of;
use crate::page::escape;
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

/// What stands in the form.
#[derive(Default)]
struct Filled {
    text: String,
    hash: String,
    language: String,
    purposes: Vec<Purpose>,
    birth_date: String,
    is_guardian: bool,
}

impl Filled {
    fn read(body: Result<Bytes, BytesRejection>) -> Result<Self, Problem> {
        let mut filled = Self::default();
        for (name, value) in form_urlencoded::parse(&raw(body)?) {
            match &*name {
                "text" => filled.text = value.into_owned(),
                "hash" => filled.hash = value.into_owned(),
                "language" => filled.language = value.into_owned(),
                "purpose" => filled.purposes.extend(value.parse::<Purpose>()),
                "birth_date" => filled.birth_date = value.into_owned(),
                "guardian" => filled.is_guardian = true,
                // What browsers and their extensions add is nothing to us.
                _ => {}
            }
        }
        filled.purposes.sort_unstable();
        filled.purposes.dedup();
        Ok(filled)
    }

    /// What was shown and agreed to, and the birth date that was declared.
    fn agreement(self, visit: &Visit, door: &Door) -> Result<(Agreement, BirthDate), Problem> {
        let proof = visit.proved()?;
        let mut fields = Fields::default();
        if !covers_a_pot(&self.purposes) {
            fields.wrong(
                "purpose",
                Words::new(
                    "une cagnotte a besoin de votre accord sur chaque point ; cochez-les tous, ou refusez",
                    "a pot needs your consent to every point; tick all of them, or refuse",
                ),
            );
        }
        if !self.is_guardian {
            fields.wrong(
                "guardian",
                Words::new(
                    "confirmez que vous êtes le parent ou le responsable légal",
                    "confirm that you are the parent or guardian",
                ),
            );
        }
        let born = if let Ok(day) = self.birth_date.trim().parse() {
            Some(fields.birth_date("birth_date", day))
        } else {
            fields.wrong(
                "birth_date",
                Words::new(
                    "écrivez votre date de naissance comme 1979-12-31",
                    "write your birth date as 1979-12-31",
                ),
            );
            None
        };
        fields.check()?;
        let language = self.language.parse().map_err(|_| Problem::new(Code::ConsentTextChanged))?;
        let shown = Shown { text: self.text, hash: self.hash, language };
        let born = born.ok_or_else(|| Problem::new(Code::RequestInvalid))?;
        Ok((Agreement { shown, purposes: self.purposes, proof, address: door.address }, born))
    }
}

refusals!(NotGiven: problem::OF_THE_STORE, problem::OF_THE_ENGINE,
    &[Code::BodyUnreadable, Code::BodyTooLarge, Code::RequestInvalid, Code::FromElsewhere, Code::ConsentUnknown,
        Code::GuardianUnproved, Code::ConsentOver, Code::ConsentTextChanged, Code::GuardianIsMinor]);

/// The guardian agrees, or comes back after having taken their consent back.
#[utoipa::path(post, path = "/g/{token}/give", operation_id = "guardian.give_consent", tag = "identity",
    params(Door),
    request_body(content = Object, content_type = "application/x-www-form-urlencoded",
        description = "The form of the page: `text`, `hash` and `language` of what was shown, `purpose` (once for each), \
                       `birth_date`, `guardian`."),
    responses((status = 303, description = "Back to the page. The consent is in force."), NotGiven))]
pub(crate) async fn give(
    State(app): State<App>,
    door: Door,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let filled = Filled::read(body)?;
    let visit = match arrive(&app, &door).await {
        Ok(visit) => visit,
        Err(problem) => return door.refused(problem),
    };
    match agree(&app, &door, &visit, filled).await {
        Ok(()) => Ok(door.back()),
        Err(problem) if problem.code() == Code::RequestInvalid && door.tells(&problem) => {
            Ok(show::page(&visit, &door, problem.status(), &door.wrong(&problem)))
        }
        Err(problem) => door.refused(problem),
    }
}

async fn arrive(app: &App, door: &Door) -> Result<Visit, Problem> {
    door.refuse_foreign()?;
    Visit::of(app, door).await
}

async fn agree(app: &App, door: &Door, visit: &Visit, filled: Filled) -> Result<(), Problem> {
    visit.proved()?;
    visit.in_force()?;
    let (agreement, born) = filled.agreement(visit, door)?;
    let consent = &visit.consent;
    let link = Some(app.link(&format!("/g/{}", door.token)));
    let wish = GuardianAgrees { consent: consent.id, agreement, born, link };
    let patience = app.settings.api.patience;
    match app.control.give_consent(process_of(app, consent.minor), wish, patience).await? {
        // What was agreed to first stands, and the page shows it.
        GiveAnswer::Given | GiveAnswer::AlreadyGiven { .. } => Ok(()),
        GiveAnswer::Over { .. } => Err(Problem::new(Code::ConsentOver)),
        GiveAnswer::GuardianIsMinor => Err(Problem::new(Code::GuardianIsMinor)),
        GiveAnswer::OtherConsent => Err(Problem::new(Code::ConsentUnknown)),
        GiveAnswer::UnknownText => Err(Problem::new(Code::ConsentTextChanged)),
        GiveAnswer::TooLittle => Err(Problem::new(Code::RequestInvalid)),
    }
}

/// The text, a tick for each purpose, and the two ways to answer.
pub(super) fn form(visit: &Visit, door: &Door) -> String {
    let text = ConsentText::current(door.language);
    let shown = Shown::of(&text);
    let minor = escape(&visit.minor);
    let agree = Words::new("J'accepte", "I agree");
    let each = Words::new(
        "Cochez chaque point. Une cagnotte a besoin de tous ; vous pouvez aussi refuser.",
        "Tick every point. A pot needs all of them; you can refuse as well.",
    );
    let guardian = Words::new(
        format!("Je suis le parent ou le responsable légal de {minor}."),
        format!("I am {minor}'s parent or guardian."),
    );
    let born =
        Words::new("Votre date de naissance (nous ne la gardons pas)", "Your birth date (we do not keep it)");
    let button = Words::new("Donner mon accord", "Give my consent");
    let [agree, each, guardian, born, button] =
        [&agree, &each, &guardian, &born, &button].map(|words| words.read(door.language));
    let ticks = Purpose::ALL.map(|purpose| {
        format!(
            "<label><input type=\"checkbox\" name=\"purpose\" value=\"{purpose}\" required>{}</label>",
            agreed::purpose_words(purpose).read(door.language)
        )
    });
    format!(
        "{}{}<form method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"text\" value=\"{}\"><input type=\"hidden\" name=\"hash\" value=\"{}\">\
         <input type=\"hidden\" name=\"language\" value=\"{}\">\
         <fieldset><legend>{agree}</legend><p>{each}</p>{}\
         <label><input type=\"checkbox\" name=\"guardian\" value=\"yes\" required>{guardian}</label></fieldset>\
         <label>{born}<input type=\"date\" name=\"birth_date\" autocomplete=\"bday\" required></label>\
         <button>{button}</button></form>{}",
        agreed::text(&text),
        agreed::mark(&shown),
        door.to("/give"),
        escape(&shown.text),
        escape(&shown.hash),
        shown.language.as_str(),
        ticks.concat(),
        refusal(visit, door),
    )
}

/// Who has taken their consent back has said no already.
fn refusal(visit: &Visit, door: &Door) -> String {
    if visit.stage() != ConsentStage::Requested {
        return String::new();
    }
    let title = Words::new("Ou je refuse", "Or I refuse");
    let sentence = Words::new(
        "La cagnotte ne s'ouvre pas, et vous ne recevez plus de rappel.",
        "The pot does not open, and you are not reminded again.",
    );
    let button = Words::new("Refuser", "Refuse");
    let [title, sentence, button] = [&title, &sentence, &button].map(|words| words.read(door.language));
    format!(
        "<h2>{title}</h2><p>{sentence}</p>\
         <form method=\"post\" action=\"{}\"><button class=\"quiet\">{button}</button></form>",
        door.to("/refuse")
    )
}
