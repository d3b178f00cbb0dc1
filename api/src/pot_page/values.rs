//! What stands on a pot's page, as its templates read it: what its settings hide is not in it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use wolo_database::donations::Shown;
use wolo_domain::dakar;
use wolo_domain::money::Xof;
use wolo_domain::people::of;
use wolo_domain::pots::{PotStage, Visibility};
use wolo_domain::typography;

use super::filled::Filled;
use crate::asker::Language;
use crate::page::spoken;
use crate::pages::Page;
use crate::payments::{longest_message, pay_origin};
use crate::pots::{Gathered, Share, Sight, Wishes, percent};
use crate::problem::Problem;
use crate::rules;
use crate::state::App;

/// What many give.
const SUGGESTED: [i64; 4] = [1_000, 2_000, 5_000, 10_000];

pub(super) struct PotPage<'a> {
    app: &'a App,
    sight: &'a Sight,
    language: Language,
    status: StatusCode,
    gathered: Arc<Gathered>,
    /// Wishes that are not the newest.
    older: Option<Wishes>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "what a page shows or does not")]
struct PotValues {
    name: String,
    title: String,
    description: String,
    /// For those who are shown the page before they open it.
    summary: String,
    owner: String,
    of_owner: String,
    birthday: NaiveDate,
    /// Until the birthday; below nought when it is over.
    days: i64,
    stage: PotStage,
    held: bool,
    takes_gifts: bool,
    opens: NaiveDate,
    closes: NaiveDate,
    shows_amounts: bool,
    collected: Xof,
    target: Xof,
    percent: i64,
    gifts: i64,
    listed: bool,
    allow_messages: bool,
    allow_anonymous: bool,
    surprise: bool,
    wish_count: i64,
    wishes: Vec<WishValues>,
    /// Where older wishes begin.
    older: Option<i64>,
    paged: bool,
}

#[derive(Serialize)]
struct WishValues {
    name: Option<String>,
    anonymous: bool,
    message: String,
    day: NaiveDate,
}

impl<'a> PotPage<'a> {
    pub(super) async fn of(
        app: &'a App,
        sight: &'a Sight,
        language: Language,
        before: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let gathered = sight.gathered(app).await?;
        let older = match before {
            Some(before) => Some(sight.wishes_before(app, before).await?),
            None => None,
        };
        Ok(Self { app, sight, language: spoken(language), status: StatusCode::OK, gathered, older })
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) async fn show(&self, form: &Filled) -> Result<Response, Problem> {
        let (share, qr) = Share::new(self.app, self.sight, &self.gathered.owner, self.language).await?;
        let numbers = &self.app.settings.rules;
        let allowed = rules::of_donations(numbers);
        let suggested = SUGGESTED.into_iter().filter(|amount| allowed.check(Xof::new(*amount)).is_ok());
        let bounds = context! {
            suggestions => suggested.collect::<Vec<_>>(),
            smallest => allowed.smallest.francs(),
            largest => allowed.largest.francs(),
            message_chars => longest_message(numbers),
        };
        let form = context! { ..minijinja::Value::from(Serde(form)), ..bounds };
        let values = context! {
            pot => minijinja::Value::from(Serde(&self.pot())),
            share => context! { link => share.link, whatsapp => share.whatsapp, picture => share.picture },
            qr => context! { side => qr.side, path => &qr.path },
            form,
        };
        Page::new("pot.html", self.language)
            .status(self.status)
            .leading_to(pay_origin(&self.app.settings.wave.url))
            .show(values)
    }

    fn pot(&self) -> PotValues {
        let (face, given) = (&self.sight.face, self.gathered.given);
        let (settings, shows_amounts) = (&face.settings, self.sight.shows_amounts());
        let surprise = self.sight.keeps_its_surprise() && given.wishes > 0;
        let wishes = self.older.as_ref().unwrap_or(&self.gathered.wishes);
        let shown = settings.allow_messages && !self.sight.keeps_its_surprise();
        PotValues {
            name: self.sight.name(),
            title: settings.title.clone(),
            description: settings.description.clone(),
            summary: self.summary(),
            owner: self.gathered.owner.clone(),
            of_owner: of(&self.gathered.owner),
            birthday: face.birthday,
            days: (face.birthday - dakar::day_of(App::now())).num_days(),
            stage: face.stage,
            held: self.sight.is_held(),
            takes_gifts: self.sight.takes_gifts(),
            opens: dakar::day_of(face.opens_at),
            closes: dakar::day_of(face.closes_at),
            shows_amounts,
            collected: if shows_amounts { given.amount } else { Xof::ZERO },
            target: settings.target,
            percent: if shows_amounts { percent(given.amount, settings.target) } else { 0 },
            gifts: given.gifts,
            listed: settings.visibility == Visibility::Public,
            allow_messages: settings.allow_messages,
            allow_anonymous: settings.allow_anonymous,
            surprise: surprise && settings.allow_messages,
            wish_count: if settings.allow_messages { given.wishes } else { 0 },
            wishes: wishes.shown.iter().filter(|_| shown).filter_map(|wish| self.wish(wish)).collect(),
            older: wishes.next.filter(|_| shown).map(|at| at.timestamp_micros()),
            paged: self.older.is_some(),
        }
    }

    fn wish(&self, wish: &Shown) -> Option<WishValues> {
        Some(WishValues {
            name: self.sight.name_of(wish).map(str::to_owned),
            anonymous: wish.anonymous,
            message: wish.message.clone()?,
            day: dakar::day_of(wish.at),
        })
    }

    fn summary(&self) -> String {
        let day = dakar::in_words(self.sight.face.birthday, self.language);
        let owner = &self.gathered.owner;
        let words = match self.language {
            Language::French | Language::Wolof => {
                format!(
                    "Le {day}, c'est l'anniversaire {}. Offrez un cadeau avec Wave : c'est simple et sans compte.",
                    of(owner)
                )
            }
            Language::English => {
                format!(
                    "{owner}'s birthday is on {day}. Give a present with Wave: it is simple and needs no account."
                )
            }
        };
        typography::set(&words, self.language)
    }
}
