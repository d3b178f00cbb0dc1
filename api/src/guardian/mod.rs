//! `/g/{token}`: the pages of guardians, who have no account. A link came to the phone that a minor has named; it shows what is asked
//! and nothing more. Whoever wants to say anything asks for a code, which goes to that phone and to no other: a right one opens a
//! session for half an hour, of this consent alone. So a link that was passed on brings nothing.
//!
//! Plain forms and no scripts; each asks the consent's process and leads back to the page, which says where things stand. A form that
//! is sent twice agrees with itself.

mod agreed;
mod code;
mod documents;
mod door;
mod give;
mod papers_page;
mod refuse;
mod show;
mod visit;
mod withdraw;

use secrecy::ExposeSecret as _;
use wolo_bootstrap::Settings;
use wolo_database::{Context, Pool, consents};
use wolo_domain::consents::token_hash;
use wolo_domain::ids::ConsentId;

use crate::credentials::Keyed;

pub(crate) use code::{
    __path_code as __path_send_code, __path_session as __path_open_session, code as send_code,
    session as open_session,
};
pub(crate) use documents::{
    __path_add as __path_add_document, __path_again as __path_begin_case_again,
    __path_remove as __path_remove_document, __path_show as __path_show_documents,
    __path_submit as __path_submit_case, add as add_document, again as begin_case_again,
    remove as remove_document, show as show_documents, submit as submit_case,
};
pub(crate) use give::{__path_give as __path_give_consent, give as give_consent};
pub(crate) use refuse::{__path_refuse as __path_refuse_consent, refuse as refuse_consent};
pub(crate) use show::{__path_show as __path_show_consent, show as show_consent};
pub(crate) use withdraw::{
    __path_ask as __path_ask_withdrawal, __path_withdraw as __path_withdraw_consent, ask as ask_withdrawal,
    withdraw as withdraw_consent,
};

/// Where a guardian answers: the link that they have. It is kept nowhere and made again here, from the request and our secret; none
/// where that does not make the one that was sent, because the secret was exchanged: theirs is good still, and this one would be dead.
pub async fn link_of(
    pool: &Pool,
    settings: &Settings,
    consent: ConsentId,
) -> Result<Option<String>, wolo_database::Error> {
    let token = Keyed::new(settings.accounts.pepper.expose_secret().as_bytes()).guardian_link(consent.uuid());
    let hash = token_hash(&token);
    let mut tx = Context::gate().with_consent(&hex::encode(hash)).begin(pool).await?;
    let opened = consents::of_link(&mut *tx, &hash).await?;
    let base = settings.api.public_url.as_str().trim_end_matches('/');
    Ok(opened.filter(|opened| opened.id == consent).map(|_| format!("{base}/g/{token}")))
}
