//! Coming by an invitation without having signed in: the link says which invitation it is, and a code that was sent to where it
//! went says that it is the one who was invited. Both together make the account, or find it.
//!
//! Nothing tells whether there is an account before the code is right.

use chrono::NaiveDate;
use uuid::Uuid;
use wolo_control::AskError;
use wolo_control::invitations::InvitationAnswer;
use wolo_database::accounts::codes::{self, Proved};
use wolo_database::accounts::registrations::{self, Made, Registration};
use wolo_database::invitations::Invitation;
use wolo_database::{Context, Transaction, accounts};
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::Language;
use wolo_domain::ids::UserId;
use wolo_domain::people::{BirthDate, NAME_CHARS};

use super::{find, refusal, still_waits};
use crate::fields::{Fields, Lines};
use crate::problem::{Code, Problem, Words};
use crate::state::App;
use crate::users;

/// Whoever comes, as they say of themselves.
pub(super) struct Newcomer {
    /// Whoever has an account need not say it.
    pub(super) name: Option<String>,
    pub(super) birth_date: BirthDate,
    pub(super) language: Language,
}

impl Newcomer {
    pub(super) fn read(
        fields: &mut Fields,
        name: Option<String>,
        birth_date: NaiveDate,
        language: Language,
    ) -> Self {
        let name = fields.text("name", name, NAME_CHARS, Lines::One);
        Self { name, birth_date: fields.birth_date("birth_date", birth_date), language }
    }
}

/// A code, given back.
pub(super) struct Proof {
    pub(super) code_id: Uuid,
    pub(super) code: String,
}

/// Somebody who has come: what the code opens is opened in this transaction, with which it is used up.
pub(super) struct Joined {
    pub(super) invitation: Invitation,
    pub(super) user: UserId,
    pub(super) tx: Transaction,
}

/// Accepts an invitation for whoever gives its code back, with the account that the contact has or gets. The account is there
/// before the invitation's process is asked, because that looks for it; the code stays good until the process has said yes, so
/// that who is told to come again later comes again with the same.
pub(super) async fn join(
    app: &App,
    token: &str,
    newcomer: Newcomer,
    proof: &Proof,
) -> Result<Joined, Problem> {
    let (_, _, invitation) = find(app, token).await?;
    if invitation.invitee.is_none() {
        still_waits(&invitation)?;
    }
    let proved = users::prove(app, proof.code_id, &proof.code, CodePurpose::AcceptInvitation).await?;
    let proved = proved.filter(|(_, proved)| *proved == Proved::Invitation(invitation.id)).map(|(tx, _)| tx);
    let user = match (proved, invitation.invitee) {
        (Some(mut tx), None) => {
            let user = account_of(&mut tx, &invitation, newcomer).await?;
            wolo_database::commit(tx).await?;
            accept_for(app, &invitation, user).await?;
            user
        }
        (None, None) => return Err(Problem::new(Code::OneTimeCodeWrong)),
        // Whoever asked before and did not hear the answer; else somebody else has it.
        (Some(mut tx), Some(invitee)) => {
            let account = accounts::by_contact(&mut *tx, &invitation.to).await?;
            let theirs = account.filter(|account| account.id == invitee);
            theirs.ok_or_else(|| Problem::new(Code::InvitationTaken))?.id
        }
        (None, Some(_)) => return Err(Problem::new(Code::InvitationTaken)),
    };
    let mut tx = Context::gate().begin(&app.pool).await?;
    if !codes::use_up(&mut tx, proof.code_id).await? {
        return Err(Problem::new(Code::InvitationTaken));
    }
    Ok(Joined { invitation, user, tx })
}

/// Whether this is the code with which an invitation was accepted: a form that is sent twice is answered the same.
pub(super) async fn has_joined(app: &App, token: &str, proof: &Proof) -> Result<bool, Problem> {
    let (_, _, invitation) = find(app, token).await?;
    let hash = app.credentials.keyed.code(proof.code.trim());
    let mut tx = Context::gate().begin(&app.pool).await?;
    Ok(invitation.invitee.is_some()
        && codes::was_used_for(&mut tx, proof.code_id, invitation.id, &hash).await?)
}

/// The account of the contact that was invited, made where there is none.
async fn account_of(
    tx: &mut Transaction,
    invitation: &Invitation,
    newcomer: Newcomer,
) -> Result<UserId, Problem> {
    let Newcomer { name, birth_date, language } = newcomer;
    if let Some(account) = accounts::by_contact(&mut **tx, &invitation.to).await? {
        if account.locked {
            return Err(Problem::new(Code::AccountLocked));
        }
        confirm(account.birth_date, birth_date)?;
        return Ok(account.id);
    }
    let name = named(name)?;
    let wanted =
        Registration { name, birth_date, contact: invitation.to.clone(), language, password_hash: None };
    let wish = registrations::remember(tx, &wanted).await?;
    match registrations::fulfil(tx, wish, UserId::from_uuid(Uuid::now_v7())).await? {
        Made::Account(user) => Ok(user),
        Made::ContactTaken => Err(Problem::new(Code::ContactTaken)),
        Made::Gone => Err(Problem::new(Code::OneTimeCodeWrong)),
    }
}

fn named(name: Option<String>) -> Result<String, Problem> {
    let mut fields = Fields::default();
    let name = fields.some_text("name", name.unwrap_or_default(), NAME_CHARS, Lines::One);
    fields.check().map(|()| name)
}

/// Asks the invitation's process to accept it for somebody.
pub(super) async fn accept_for(app: &App, invitation: &Invitation, user: UserId) -> Result<(), Problem> {
    let patience = app.settings.api.patience;
    match app.control.accept_invitation(invitation.id, user, patience).await {
        Ok(InvitationAnswer::Accepted) => Ok(()),
        Ok(answer) => Err(refusal(answer)),
        // It begins at this moment, or somebody has ended it: then an operator begins it again, and it can be accepted.
        Err(AskError::NotFound | AskError::Ended) => Err(Problem::new(Code::EngineUnavailable)),
        Err(error) => Err(error.into()),
    }
}

/// The birth date is said once more, because a pot is made for it.
pub(super) fn confirm(known: BirthDate, given: BirthDate) -> Result<(), Problem> {
    let mut fields = Fields::default();
    if known != given {
        fields.wrong(
            "birth_date",
            Words::new(
                "ce n'est pas la date de naissance de votre compte",
                "this is not the birth date of your account",
            )
            .wolof("lii du bésu juddu bi nekk ci sa kont"),
        );
    }
    fields.check()
}
