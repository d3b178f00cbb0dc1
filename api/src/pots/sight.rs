//! A pot as a page and the lists of its gifts show it: what it is, read each time, and what has come together in it, kept for a
//! moment. Who may see the pot is never told from memory.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use wolo_database::donations::{self, Shown};
use wolo_database::pots::{self, Face, Given};
use wolo_database::{Context, Page};
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::first_name;
use wolo_domain::pots::{HoldReason, PotStage};

use super::view::{Reference, Viewer};
use crate::problem::{Code, Problem};
use crate::query;
use crate::state::App;

/// Wishes on one page.
pub(crate) const WISHES: usize = 20;

/// A pot in front of a caller who may see it.
pub(crate) struct Sight {
    pub(crate) face: Face,
    pub(crate) viewer: Viewer,
    user: Option<UserId>,
}

/// What has come together in a pot, for whoever may see it. What its settings hide is in it.
pub(crate) struct Gathered {
    pub(crate) given: Given,
    /// The owner's first name.
    pub(crate) owner: String,
    pub(crate) wishes: Wishes,
}

/// The newest wishes, or those before an instant.
pub(crate) struct Wishes {
    pub(crate) shown: Vec<Shown>,
    /// There are older ones, before this.
    pub(crate) next: Option<DateTime<Utc>>,
}

impl Sight {
    /// The pot, as far as this caller may see it.
    pub(crate) async fn find(
        app: &App,
        user: Option<UserId>,
        reference: &Reference,
    ) -> Result<Self, Problem> {
        let mut tx = reference.known_to(Context::caller(user)).begin(&app.pool).await?;
        let found = match reference {
            Reference::Id(id) => pots::face(&mut tx, *id).await?,
            Reference::Slug(slug) => pots::face_by_slug(&mut tx, slug).await?,
        };
        let unknown = || Problem::new(Code::PotUnknown);
        let face = found.ok_or_else(unknown)?;
        let viewer = Viewer::of(&face.access, user, reference);
        if viewer.may_see(&face.access) { Ok(Self { face, viewer, user }) } else { Err(unknown()) }
    }

    pub(crate) fn pot(&self) -> PotId {
        self.face.access.pot
    }

    /// Everything given so far may be told.
    pub(crate) fn shows_amounts(&self) -> bool {
        self.viewer.owner || self.face.settings.show_amounts
    }

    /// Somebody looks into it, or it waits for something. Nobody waits for a pot that has ended.
    pub(crate) fn is_held(&self) -> bool {
        !self.face.stage.has_ended() && !self.face.access.holds.is_empty()
    }

    pub(crate) fn takes_gifts(&self) -> bool {
        let stops = |reason: &HoldReason| reason.stops_everything();
        self.face.stage == PotStage::Open && !self.face.access.holds.iter().any(stops)
    }

    /// Until the day a surprise tells nobody who gave what: its owner could look as a visitor.
    pub(crate) fn keeps_its_surprise(&self) -> bool {
        self.face.settings.surprise && dakar::day_of(App::now()) < self.face.birthday
    }

    /// What the part of its address is by which this caller knows it: the link where they have it.
    pub(crate) fn name(&self) -> String {
        if self.viewer.knows_link { self.face.slug.clone() } else { self.pot().to_string() }
    }

    /// Under this, what its page shows can be read.
    pub(super) fn context(&self) -> Context<'_> {
        Context::caller(self.user).with_link(&self.face.slug).with_shown(self.pot())
    }

    pub(crate) async fn gathered(&self, app: &App) -> Result<Arc<Gathered>, Problem> {
        let (pool, pot, user, slug) = (app.pool.clone(), self.pot(), self.user, self.face.slug.clone());
        let ask = async move {
            let context = Context::caller(user).with_link(&slug).with_shown(pot);
            let mut tx = context.begin(&pool).await?;
            let given = pots::given(&mut tx, pot).await?;
            let name = pots::owner_name(&mut tx, pot).await?.unwrap_or_default();
            let page = Page { after: None, limit: query::one_more(WISHES) };
            let wishes = Wishes::cut(donations::wishes(&mut tx, pot, page).await?);
            Ok(Gathered { given, owner: first_name(&name).to_owned(), wishes })
        };
        app.gathered.get(pot, Box::pin(ask)).await
    }

    /// Wishes before an instant: few turn the page.
    pub(crate) async fn wishes_before(&self, app: &App, before: DateTime<Utc>) -> Result<Wishes, Problem> {
        let mut tx = self.context().begin(&app.pool).await?;
        let page = Page { after: Some(before), limit: query::one_more(WISHES) };
        Ok(Wishes::cut(donations::wishes(&mut tx, self.pot(), page).await?))
    }

    pub(crate) async fn gifts(&self, app: &App, page: Page<DateTime<Utc>>) -> Result<Vec<Shown>, Problem> {
        let mut tx = self.context().begin(&app.pool).await?;
        Ok(donations::shown(&mut tx, self.pot(), page).await?)
    }

    /// The name that may stand beside a gift.
    pub(crate) fn name_of<'a>(&self, gift: &'a Shown) -> Option<&'a str> {
        let shown = self.face.settings.show_donor_names && !gift.anonymous;
        gift.name.as_deref().filter(|_| shown)
    }
}

impl Wishes {
    fn cut(found: Vec<Shown>) -> Self {
        let (shown, next) = query::cut(found, WISHES, |wish| wish.at);
        Self { shown, next }
    }
}
