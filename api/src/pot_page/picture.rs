//! `GET /p/{pot}/picture.png`: what stands beside a pot's link where it is shared.
//!
//! It says whose birthday it is, by their first name, and when: the title is the owner's own words, and a child's surname may be
//! among them. It is drawn from a template, with a font that is built in, and kept for a while.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use minijinja::context;
use moka::future::Cache;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};
use tokio::sync::Semaphore;

use crate::asker::{Asker, Language};
use crate::contract::refusals;
use crate::page::spoken;
use crate::pages;
use crate::pots::{Reference, Sight};
use crate::problem::{self, Code, Problem};
use crate::state::App;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;
/// Kept together, in bytes, and for how long each: a name may be corrected.
const MOST: u64 = 16 * 1024 * 1024;
const KEPT: Duration = Duration::from_mins(10);
/// Drawn at once: each takes a core for a moment.
const AT_ONCE: usize = 2;
/// The letters of a name that fit in the largest size, and the size of more.
const SIZES: [(usize, u32); 3] = [(9, 150), (14, 110), (30, 64)];

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../pages/font/DejaVuSans-Bold.ttf").to_vec());
    Arc::new(fonts)
});

/// What a picture says.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Says {
    name: String,
    birthday: NaiveDate,
    language: Language,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pictures {
    cache: Cache<Says, Bytes>,
    turns: Arc<Semaphore>,
}

impl Pictures {
    pub(crate) fn new() -> Self {
        let weigh = |_: &Says, picture: &Bytes| u32::try_from(picture.len()).unwrap_or(u32::MAX);
        let cache = Cache::builder().max_capacity(MOST).weigher(weigh).time_to_live(KEPT).build();
        Self { cache, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    async fn of(&self, says: Says) -> Result<Bytes, Problem> {
        let turns = Arc::clone(&self.turns);
        let wanted = says.clone();
        let drawing = async move {
            let _turn = turns.acquire().await.map_err(|_| Problem::new(Code::Internal))?;
            tokio::task::spawn_blocking(move || draw(&wanted)).await.unwrap_or_else(|error| {
                tracing::error!(cause = problem::chain(&error), "a picture could not be drawn");
                Err(Problem::new(Code::Internal))
            })
        };
        self.cache.try_get_with(says, drawing).await.map_err(|problem| (*problem).clone())
    }
}

refusals!(NotDrawn: problem::OF_THE_STORE, &[Code::PotUnknown]);

/// The picture of a pot, 1200 by 630, for whoever may see the pot.
#[utoipa::path(get, path = "/p/{pot}/picture.png", operation_id = "pots.picture", tag = "pages",
    params(Reference),
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/png"), NotDrawn))]
pub(crate) async fn picture(
    State(app): State<App>,
    asker: Asker,
    reference: Reference,
) -> Result<Response, Problem> {
    let sight = Sight::find(&app, None, &reference).await?;
    let name = sight.gathered(&app).await?.owner.clone();
    let says = Says { name, birthday: sight.face.birthday, language: spoken(asker.language) };
    let mut response = app.pictures.of(says).await?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    // Whoever shows it elsewhere may keep it so long; a pot that is hidden meanwhile is told nowhere anew.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=600"));
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    Ok(response)
}

fn draw(says: &Says) -> Result<Bytes, Problem> {
    let letters = says.name.chars().count();
    let size = SIZES.iter().find(|(most, _)| letters <= *most).map_or(SIZES[2].1, |(_, size)| *size);
    let values = context! { name => &says.name, birthday => says.birthday.to_string(), size };
    let svg = pages::drawing("picture.svg", says.language, values)?;
    let failed = |what: &'static str| {
        tracing::error!(what, "a picture cannot be drawn");
        Problem::new(Code::Internal)
    };
    let options =
        Options { fontdb: Arc::clone(&FONTS), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|_| failed("the drawing cannot be read"))?;
    let mut pixels = Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| failed("there is no room for it"))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    Ok(pixels.encode_png().map_err(|_| failed("it cannot be written"))?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_a_first_name_and_nothing_that_is_a_drawing_of_its_own() {
        let says = |name: &str| Says {
            name: name.to_owned(),
            birthday: NaiveDate::from_ymd_opt(2026, 12, 12).unwrap(),
            language: Language::French,
        };
        let plain = draw(&says("Awa")).unwrap();
        assert_eq!(&plain[1..4], b"PNG");
        assert_eq!(plain[16..24], [0, 0, 4, 176, 0, 0, 2, 118]);
        assert_ne!(plain, draw(&says("Moussa")).unwrap());
        // It is text, whatever it is.
        let hostile = draw(&says("</text><rect/>&\"")).unwrap();
        assert_ne!(hostile, plain);
    }
}
