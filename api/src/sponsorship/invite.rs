//! `POST /api/sponsorship/invite`

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_control::ids;
use wolo_database::invitations::{self, Inviting, NewInvitation};
use wolo_database::{Context, Transaction, accounts, outbox};
use wolo_domain::addresses::has_address;
use wolo_domain::contacts::{Contact, Email, Language};
use wolo_domain::dakar;
use wolo_domain::ids::{InvitationId, NoticeId, UserId};
use wolo_domain::invitations::{InvitingRules, MESSAGE_CHARS, Relationship, SentInvitation};
use wolo_domain::people::first_name;

use crate::asker::Asker;
use crate::body::{self, Body};
use crate::caller::User;
use crate::contract::{refusals, schemas};
use crate::credentials;
use crate::fields::{Fields, Lines};
use crate::idempotency::{Done, Key, Once, Turn};
use crate::problem::{self, Code, Problem, Words, seconds};
use crate::state::App;

/// People to invite, each by a phone or a mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitations, example = json!({
    "invitations": [{ "phone": "+221771234567", "relationship": "friend", "message": "Fais comme moi !" }],
}))]
pub(crate) struct Wanted {
    #[schema(min_items = 1, max_items = 1000)]
    invitations: Vec<WantedOne>,
}

/// Somebody to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation)]
struct WantedOne {
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// What they are to the sponsor.
    #[schema(value_type = schemas::Relationship)]
    relationship: Relationship,
    /// A few words to them. One line, without the address of a site or a mailbox.
    #[serde(default)]
    #[schema(max_length = 300)]
    message: Option<String>,
    /// What they read; the caller's own language where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<schemas::Language>)]
    language: Option<Language>,
}

/// Invitations that are on their way.
#[derive(Serialize, ToSchema)]
pub(crate) struct Invited {
    invitations: Vec<InvitedOne>,
}

/// An invitation that is on its way.
#[derive(Serialize, ToSchema)]
struct InvitedOne {
    #[schema(value_type = schemas::InvitationId)]
    id: InvitationId,
    /// Where it goes, masked.
    to: String,
    /// It lapses then, if nobody answers.
    expires_at: DateTime<Utc>,
    /// The process that carries it.
    process: String,
}

/// Somebody to invite, read.
struct Guest {
    to: Contact,
    relationship: Relationship,
    message: Option<String>,
    language: Language,
}

refusals!(NotInvited: User::REFUSALS, Key::REFUSALS, body::REFUSALS, problem::OF_THE_STORE,
    &[Code::AccountUnknown, Code::TooManyInvitations]);

/// Invites people: all that are named, or none where something is wrong with one. Each gets a message with a link that is good
/// for some days.
#[utoipa::path(post, path = "/api/sponsorship/invite", operation_id = "sponsorship.invite", tag = "sponsorship",
    params(Key),
    request_body = Wanted,
    security(("bearer" = [])),
    responses((status = 201, description = "They are invited.", body = Invited), NotInvited))]
pub(crate) async fn invite(
    State(app): State<App>,
    User(sponsor): User,
    key: Key,
    asker: Asker,
    Body { value: wanted, bytes }: Body<Wanted>,
) -> Result<Response, Problem> {
    let guests = wanted.read(&asker, &app.settings.sponsorship.phone_prefixes)?;
    let once = Once {
        app: &app,
        asker: &asker,
        key: &key,
        scope: sponsor.to_string(),
        request: [b"sponsorship.invite", b"", &bytes],
    };
    once.run(|turn| write(&app, sponsor, guests, turn)).await
}

impl Wanted {
    fn read(self, asker: &Asker, prefixes: &[String]) -> Result<Vec<Guest>, Problem> {
        let mut fields = Fields::default();
        if self.invitations.is_empty() {
            fields.wrong(
                "invitations",
                Words::new("il faut inviter au moins une personne", "somebody has to be invited")
                    .wolof("war nga woo benn nit lu mu néew néew"),
            );
        }
        let mut known = BTreeSet::new();
        let mut guests = Vec::new();
        for (place, one) in self.invitations.into_iter().enumerate() {
            let mut its = Fields::default();
            let to = its.contact(one.phone.as_deref(), one.email.as_deref());
            let message = its.text("message", one.message, MESSAGE_CHARS, Lines::One);
            if message.as_deref().is_some_and(has_address) {
                its.wrong("message", leads_somewhere());
            }
            fields.under(&format!("invitations[{place}]"), its);
            let Some(to) = to else { continue };
            if let Contact::Phone(phone) = &to
                && !phone.is_within(prefixes)
            {
                fields.wrong(&format!("invitations[{place}].phone"), abroad(prefixes));
            }
            if !known.insert(to.reached()) {
                fields.wrong(
                    &format!("invitations[{place}]"),
                    Words::new("cette personne est là deux fois", "this person is there twice")
                        .wolof("nit kii ñaari yoon la fi nekk"),
                );
            }
            let language = one.language.unwrap_or(asker.language);
            guests.push(Guest { to, relationship: one.relationship, message, language });
        }
        fields.check().map(|()| guests)
    }
}

async fn write(app: &App, sponsor: UserId, guests: Vec<Guest>, turn: Turn) -> Result<Done, Problem> {
    let mut tx = Context::user(sponsor).begin(&app.pool).await?;
    let account = accounts::account(&mut *tx, sponsor).await?;
    let account = account.ok_or_else(|| Problem::new(Code::AccountUnknown))?;
    let expires_at = App::now() + TimeDelta::days(app.settings.sponsorship.invitation_days.into());
    let mut invited = Vec::new();
    for (place, guest) in guests.iter().enumerate() {
        let id = InvitationId::from_uuid(Uuid::new_v5(&turn.subject, &place.to_be_bytes()));
        let to = guest.to.masked();
        invited.push(InvitedOne { id, to, expires_at, process: ids::invitation(id) });
    }
    // The turn before this one may have written them and died.
    let first = invited.first().map(|first| first.id);
    if let Some(first) = first.filter(|_| turn.again)
        && let Some(written) = invitations::invitation(&mut *tx, first).await?
    {
        for one in &mut invited {
            one.expires_at = written.expires_at;
        }
        return Done::new(StatusCode::CREATED, &Invited { invitations: invited });
    }
    refuse_oneself(&account, &guests)?;
    let (new, sent): (Vec<_>, Vec<_>) = guests
        .into_iter()
        .zip(&invited)
        .map(|(guest, one)| guest.invite(app, sponsor, first_name(&account.name), one))
        .collect::<Result<Vec<_>, Problem>>()?
        .into_iter()
        .unzip();
    let numbers = &app.settings.sponsorship;
    let rules = InvitingRules {
        a_day: numbers.invitations_a_day,
        per_contact: numbers.invitations_per_contact,
        contact_days: numbers.contact_days,
    };
    match invitations::invite(&mut tx, sponsor, &new, rules).await? {
        Inviting::Invited => {}
        Inviting::TooMany { left } => return Err(too_many(rules.a_day, left)),
        Inviting::NotToBeAsked(places) => return Err(not_to_be_asked(&places)),
    }
    for one in &sent {
        send(app, &mut tx, one).await?;
    }
    wolo_database::commit(tx).await?;
    Done::new(StatusCode::CREATED, &Invited { invitations: invited })
}

impl Guest {
    /// As it is kept, and as it is sent.
    fn invite(
        self,
        app: &App,
        sponsor: UserId,
        sponsor_name: &str,
        one: &InvitedOne,
    ) -> Result<(NewInvitation, SentInvitation), Problem> {
        let token = credentials::new_invitation_token().map_err(credentials::unavailable)?;
        let new = NewInvitation {
            id: one.id,
            to: self.to.clone(),
            contact_hash: app.credentials.keyed.invited(&self.to),
            relationship: self.relationship,
            sponsor_name: sponsor_name.to_owned(),
            notice: NoticeId::of_invitation(one.id),
            token_hash: app.credentials.keyed.invitation(&token),
            expires_at: one.expires_at,
        };
        let sent = SentInvitation {
            invitation: one.id,
            sponsor,
            sponsor_name: sponsor_name.to_owned(),
            to: self.to,
            language: self.language,
            message: self.message,
            token,
            expires_at: one.expires_at,
        };
        Ok((new, sent))
    }
}

/// Puts an invitation on its way, sealed.
async fn send(app: &App, tx: &mut Transaction, sent: &SentInvitation) -> Result<(), Problem> {
    let key = sent.invitation.to_string();
    let sealed = app.credentials.sealed(&key, sent)?;
    let letter = outbox::Letter { key: &key, user: Some(sent.sponsor), sealed: &sealed };
    Ok(outbox::write_invitation(tx, letter).await?)
}

fn refuse_oneself(account: &accounts::Account, guests: &[Guest]) -> Result<(), Problem> {
    let mut fields = Fields::default();
    for (place, guest) in guests.iter().enumerate() {
        let own = match &guest.to {
            Contact::Phone(phone) => account.phone.as_ref() == Some(phone),
            Contact::Email(email) => account.email.as_ref().map(Email::mailbox) == Some(email.mailbox()),
        };
        if own {
            fields.wrong(
                &format!("invitations[{place}]"),
                Words::new("on ne s'invite pas soi-même", "nobody invites themselves")
                    .wolof("kenn du woo boppam"),
            );
        }
    }
    fields.check()
}

fn abroad(prefixes: &[String]) -> Words {
    let ours = prefixes.join(", ");
    Words::new(
        format!("par téléphone on n'invite que des numéros en {ours} ; ailleurs, invitez par e-mail"),
        format!("by phone only numbers in {ours} are invited; elsewhere, invite by e-mail"),
    )
    .wolof(format!("ci telefon nimero {ours} rekk lañuy woo ; feneen, wool ko ci e-mail"))
}

/// What goes out under our name leads nowhere but to us.
fn leads_somewhere() -> Words {
    Words::new(
        "ce message ne peut pas contenir l'adresse d'un site ou d'une messagerie ; s'il n'y en a pas, mettez une espace après \
         chaque point",
        "this message cannot hold the address of a site or of a mailbox; if there is none, put a space after each full stop",
    )
    .wolof("message bii mënul am adresu site walla e-mail ; su amul, bàyyil espace ginaaw bépp point")
}

fn not_to_be_asked(places: &[usize]) -> Problem {
    let mut fields = Fields::default();
    for place in places {
        fields.wrong(
            &format!("invitations[{place}]"),
            // One answer for all reasons: that others have invited somebody is nobody's business.
            Words::new(
                "cette personne ne peut pas être invitée pour le moment : une invitation attend, a été refusée ou retirée, ou \
                 il y en a eu assez ces jours-ci",
                "this person cannot be invited for now: an invitation waits, was declined or taken back, or there have been \
                 enough these days",
            )
            .wolof("mënuloo woo nit kii léegi"),
        );
    }
    fields.check().err().unwrap_or_else(|| Problem::new(Code::RequestInvalid))
}

fn too_many(a_day: u32, left: u32) -> Problem {
    let now = App::now();
    let tomorrow = dakar::start_of(dakar::days_after(dakar::day_of(now), 1));
    Problem::new(Code::TooManyInvitations).retry_after(seconds(tomorrow - now)).detail(
        Words::new(
            format!("On peut inviter {a_day} personnes par jour ; il en reste {left} aujourd'hui. Continuez demain."),
            format!("{a_day} people can be invited in a day; {left} are left today. Go on tomorrow."),
        )
        .wolof(format!("Mën nga woo {a_day} nit ci bés ; tey {left} a des. Dellusil suba.")),
    )
}
