//! `GET, POST /api/notifications/opt-out/{token}`: the link in a mail by which somebody wants no more of its kind (RFC 8058).
//!
//! Whoever has the mail has the link, and that is enough: nobody has to sign in to be left alone. Looking changes nothing,
//! because programs look at links too.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use wolo_database::accounts::preferences;
use wolo_database::notices::{self, OptOut, Refusable};
use wolo_database::{Context, Transaction};
use wolo_domain::contacts::Email;
use wolo_domain::notices::{Category, Channel};

use crate::asker::{Asker, Language};
use crate::contract::{refusals, schemas};
use crate::page::{asking, saying, shown, spoken, wants_page};
use crate::problem::{self, Code, Problem, Words};
use crate::state::App;

const LONGEST_TOKEN: usize = 64;

type Token = Result<Path<String>, PathRejection>;

refusals!(NotAsked: problem::OF_THE_STORE, &[Code::OptOutUnknown]);
refusals!(NotOptedOut: problem::OF_THE_STORE, &[Code::OptOutUnknown]);

/// A page that asks whether it is meant, and says what follows.
#[utoipa::path(get, path = "/api/notifications/opt-out/{token}", operation_id = "notifications.ask_opt_out",
    tag = "notifications",
    params(("token" = inline(schemas::OptOutToken), Path, description = "The link's secret part.")),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"), NotAsked))]
pub(crate) async fn ask(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    token: Token,
) -> Result<Response, Problem> {
    let language = spoken(asker.language);
    let (_, refusable) = match find(&app, token).await {
        Err(problem) if wants_page(&headers) && problem.status() == StatusCode::NOT_FOUND => {
            return Ok(shown(StatusCode::NOT_FOUND, unknown(language), language));
        }
        found => found?,
    };
    Ok(shown(StatusCode::OK, question(&refusable, language), language))
}

/// Ends messages of this category, for the account that the mail was for; any mail, for somebody without an account.
#[utoipa::path(post, path = "/api/notifications/opt-out/{token}", operation_id = "notifications.opt_out",
    tag = "notifications",
    params(("token" = inline(schemas::OptOutToken), Path, description = "The link's secret part.")),
    responses(
        (status = 200, description = "Done, said on a page, for browsers.", body = String, content_type = "text/html"),
        (status = 204, description = "Done."),
        NotOptedOut,
    ))]
pub(crate) async fn opt_out(
    State(app): State<App>,
    headers: HeaderMap,
    asker: Asker,
    token: Token,
) -> Result<Response, Problem> {
    let (mut tx, refusable) = find(&app, token).await?;
    match &refusable {
        Refusable::Category(user, category) => preferences::mute(&mut tx, *user, *category).await?,
        Refusable::Mail(of) => {
            let (address, now) = (Email::reveal(of), App::now());
            notices::opt_out(&mut tx, Channel::Email, address, OptOut::Link, now).await?;
        }
    }
    wolo_database::commit(tx).await?;
    let language = spoken(asker.language);
    Ok(if wants_page(&headers) {
        shown(StatusCode::OK, done(language), language)
    } else {
        StatusCode::NO_CONTENT.into_response()
    })
}

/// What the link is good for, in a transaction of whoever has it.
async fn find(app: &App, token: Token) -> Result<(Transaction, Refusable), Problem> {
    let unknown = || Problem::new(Code::OptOutUnknown);
    let Path(token) = token.map_err(|_| unknown())?;
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if token.len() > LONGEST_TOKEN || !token.bytes().all(is_one) {
        return Err(unknown());
    }
    let mut tx = Context::visitor().with_opt_out(&token).begin(&app.pool).await?;
    let refusable = notices::of_link(&mut *tx, &token).await?.ok_or_else(unknown)?;
    Ok((tx, refusable))
}

fn question(refusable: &Refusable, language: Language) -> String {
    let title = Words::new("Ne plus recevoir ces messages ?", "No more of these messages?");
    let sentence = match refusable {
        Refusable::Category(_, category) => {
            let what = category_words(*category);
            Words::new(
                format!(
                    "Vous ne recevrez plus {} de WOLO, sur aucun canal. Ce qui concerne l'argent, l'accord parental et \
                     la sécurité vous sera toujours dit. Vous pouvez revenir là-dessus dans vos préférences.",
                    what.french()
                ),
                format!(
                    "You will get no more {} from WOLO, on any channel. What is about money, consent and security will \
                     always be told. You can change your mind in your preferences.",
                    what.english()
                ),
            )
        }
        Refusable::Mail(_) => Words::new(
            "WOLO n'enverra plus aucun e-mail à cette adresse.",
            "WOLO will send no more mail to this address.",
        ),
    };
    let confirm = Words::new("Ne plus recevoir", "No more of these");
    asking(&title, &sentence, &confirm, language)
}

fn category_words(category: Category) -> Words {
    match category {
        Category::Reminders => Words::new("de rappels", "reminders"),
        Category::Invitations => Words::new("d'invitations", "invitations"),
        Category::Wishes => Words::new("de vœux et de remerciements", "wishes and thanks"),
        Category::News => Words::new("de nouvelles de vos cagnottes", "news of your pots"),
        // Not to be refused, so nobody is asked about them.
        Category::Money | Category::Consent | Category::Security => Words::new("de messages", "messages"),
    }
}

fn done(language: Language) -> String {
    let title = Words::new("C'est noté", "Noted");
    let sentence =
        Words::new("Vous ne recevrez plus ces messages.", "You will get no more of these messages.");
    saying(&title, &sentence, language)
}

fn unknown(language: Language) -> String {
    let title = Words::new("Lien inconnu", "Unknown link");
    let sentence = Words::new(
        "Ce lien ne mène à aucun message. Vérifiez qu'il est complet.",
        "This link leads to no message. Check that all of it is there.",
    );
    saying(&title, &sentence, language)
}
