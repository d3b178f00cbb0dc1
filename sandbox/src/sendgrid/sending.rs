//! Taking mails, and what becomes of each: processed, delivered, perhaps opened; or deferred, bounced, dropped.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

use super::book::{List, Sent, Status, Suppression};
use super::errors::Refusal;
use super::events::{self, Told};
use super::orders::{Address, Order, Personalization};
use super::{Account, Here, SendGridDesk, access};
use crate::emulator::{Provider as _, strict};
use crate::inbox::{Channel, Message, State as Came, one_click};

/// Bytes of one request.
const LARGEST: usize = 30 * 1024 * 1024;

/// `POST /v3/mail/send`
pub(super) async fn send(State(desk): Here, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    access(&desk, &headers)?;
    if body.len() > LARGEST {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "content too large"));
    }
    let order: Order = strict::read(&headers, &body)?;
    let now = desk.clock.now();
    order.check(now.timestamp())?;
    if order.only_checks() {
        desk.change(|book| book.checked += 1);
        return Ok(StatusCode::OK.into_response());
    }
    let id = Uuid::new_v4().simple().to_string()[..22].to_owned();
    let addressed = order.personalizations.iter().flat_map(|one| {
        let addresses = one.to.iter().chain(&one.cc).chain(&one.bcc);
        addresses.map(move |address| (one, address))
    });
    for (at, (one, address)) in addressed.enumerate() {
        let mail = mail(&desk, &order, one, address, format!("{id}.filter0001.{at}.0"));
        desk.change(|book| book.take(mail.clone()));
        let opened = order.watches_openings();
        let carried = Arc::clone(&desk);
        desk.later(async move { carry(&carried, &mail, opened).await });
    }
    Ok((StatusCode::ACCEPTED, [("x-message-id", id)]).into_response())
}

fn mail(
    desk: &SendGridDesk,
    order: &Order,
    one: &Personalization,
    to: &Address,
    sg_message_id: String,
) -> Sent {
    let both = |all: &std::collections::BTreeMap<String, String>,
                own: &std::collections::BTreeMap<String, String>| {
        all.clone().into_iter().chain(own.clone()).collect()
    };
    Sent {
        id: sg_message_id.split('.').next().unwrap_or_default().to_owned(),
        sg_message_id,
        to: to.email.clone(),
        from: order.from.email.clone(),
        subject: one.subject.clone().or_else(|| order.subject.clone()).unwrap_or_default(),
        text: order.words("text/plain").cloned().unwrap_or_default(),
        html: order.words("text/html").cloned(),
        headers: both(&order.headers, &one.headers),
        custom_args: both(&order.custom_args, &one.custom_args),
        categories: order.categories.clone(),
        at: desk.clock.now(),
        status: Status::Accepted,
    }
}

/// Takes a mail to its end, and tells of every step. What the address begins with decides, up to a `+`.
async fn carry(desk: &Arc<SendGridDesk>, mail: &Sent, watched: bool) {
    let pace = desk.provider.options.pace;
    let local = mail.to.split(['@', '+']).next().unwrap_or_default();
    let tell = |told| events::tell(desk, mail, told);
    let mark = |status| desk.change(|book| book.mark(mail, status));
    let fail = |status, told| {
        arrive(desk, mail, Came::Failed);
        mark(status);
        tell(told);
    };
    tokio::time::sleep(pace).await;
    let listed = desk.read(|book| book.dropped_for(&mail.to));
    if let Some(reason) = listed.or((local == "drop").then_some("Invalid")) {
        return fail(Status::Dropped, Told::Dropped { reason });
    }
    tell(Told::Processed);
    tokio::time::sleep(pace).await;
    match local {
        "bounce" => {
            let (status, reason) =
                ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist");
            suppress(desk, List::Bounces, &mail.to, status, reason);
            return fail(Status::Bounced, Told::Bounced { kind: "bounce", status, reason });
        }
        _ if local == "block" || desk.is_off() => {
            let (status, reason) = ("4.7.1", "451 4.7.1 The mailbox does not take this now");
            suppress(desk, List::Blocks, &mail.to, status, reason);
            return fail(Status::Bounced, Told::Bounced { kind: "blocked", status, reason });
        }
        "defer" => {
            mark(Status::Deferred);
            tell(Told::Deferred { response: "421 4.3.2 Try again later" });
            tokio::time::sleep(pace).await;
        }
        _ => {}
    }
    arrive(desk, mail, Came::Delivered);
    mark(Status::Delivered);
    tell(Told::Delivered);
    if local == "spam" {
        tokio::time::sleep(pace).await;
        suppress(desk, List::SpamReports, &mail.to, "", "reported as spam");
        tell(Told::SpamReport);
    } else if watched && desk.provider.options.people_read {
        tokio::time::sleep(pace).await;
        desk.inbox.mark(Channel::Email, &mail.sg_message_id, Came::Read);
        tell(Told::Opened);
    }
}

pub(super) fn suppress(desk: &SendGridDesk, list: List, email: &str, status: &str, reason: &str) {
    let entry = Suppression {
        created: desk.clock.now().timestamp(),
        email: email.to_owned(),
        reason: reason.to_owned(),
        status: status.to_owned(),
    };
    desk.change(|book| book.suppress(list, entry));
}

fn arrive(desk: &SendGridDesk, mail: &Sent, state: Came) {
    let header = |wanted: &str| {
        let found = mail.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.as_str())
    };
    desk.inbox.deliver(Message {
        carrier: Some(Account::NAME),
        reference: mail.custom_args.get("notification_id").cloned(),
        subject: Some(mail.subject.clone()),
        html: mail.html.clone(),
        buttons: one_click::button(header).into_iter().collect(),
        state,
        ..Message::new(Channel::Email, &mail.to, &mail.sg_message_id, &mail.text)
    });
}
