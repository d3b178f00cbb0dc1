//! `GET /api/pots/{pot}/share`: all that it takes to tell others of a pot.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use qrcode::{Color, QrCode};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use wolo_domain::dakar;
use wolo_domain::people::of;
use wolo_domain::typography;

use super::sight::Sight;
use super::view::Reference;
use crate::asker::{Asker, Language};
use crate::caller::MaybeUser;
use crate::contract::refusals;
use crate::page::spoken;
use crate::problem::{self, Code, Problem};
use crate::state::App;

/// Empty modules around a code, without which it is not read.
const QUIET: usize = 4;

/// How a pot is told to others.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Share)]
pub(crate) struct Share {
    /// The page that the link leads to.
    #[schema(format = Uri)]
    pub(crate) link: String,
    /// What to write with it, in the caller's language; the link is in it.
    pub(crate) text: String,
    /// Opens WhatsApp with that text.
    #[schema(format = Uri)]
    pub(crate) whatsapp: String,
    /// The picture that stands beside the link where it is shared.
    #[schema(format = Uri)]
    pub(crate) picture: String,
    /// The link as a QR code: an SVG document.
    pub(crate) qr: String,
}

refusals!(NotShared: MaybeUser::REFUSALS, problem::OF_THE_STORE, &[Code::PotUnknown]);

/// The link of a pot, with words, a picture and a code to share it with.
#[utoipa::path(get, path = "/api/pots/{pot}/share", operation_id = "pots.share", tag = "pots",
    params(Reference),
    security((), ("bearer" = [])),
    responses((status = 200, description = "What to share.", body = Share), NotShared))]
pub(crate) async fn share(
    State(app): State<App>,
    MaybeUser(user): MaybeUser,
    asker: Asker,
    reference: Reference,
) -> Result<Json<Share>, Problem> {
    let sight = Sight::find(&app, user, &reference).await?;
    let owner = &sight.gathered(&app).await?.owner;
    Ok(Json(Share::new(&app, &sight, owner, spoken(asker.language)).await?.0))
}

impl Share {
    /// What to share, and its code as it can be drawn within something larger.
    pub(crate) async fn new(
        app: &App,
        sight: &Sight,
        owner: &str,
        language: Language,
    ) -> Result<(Self, Arc<Qr>), Problem> {
        let link = app.link(&format!("/p/{}", sight.name()));
        let text = words(sight, owner, &link, language);
        let whatsapp = Url::parse_with_params("https://wa.me/", [("text", &text)]).map_err(|_| {
            tracing::error!("a link to WhatsApp cannot be made");
            Problem::new(Code::Internal)
        })?;
        // Not everybody who opens such a link takes a plus for a space; one that is meant is written otherwise.
        let whatsapp = whatsapp.as_str().replace('+', "%20");
        let drawn = link.clone();
        // It is most of what a page costs, and never changes.
        let qr = app.codes.get((sight.pot(), sight.viewer.knows_link), async move { code(&drawn) }).await?;
        let share = Self { picture: format!("{link}/picture.png"), text, whatsapp, qr: qr.document(), link };
        Ok((share, qr))
    }
}

fn words(sight: &Sight, owner: &str, link: &str, language: Language) -> String {
    let day = dakar::in_words(sight.face.birthday, language);
    let text = match language {
        Language::French | Language::Wolof => {
            format!(
                "🎂 L'anniversaire {}, c'est le {day} ! Offrons-lui un beau cadeau ensemble : {link}",
                of(owner)
            )
        }
        Language::English => {
            format!("🎂 {owner}'s birthday is on {day}! Let's give a lovely present together: {link}")
        }
    };
    typography::set(&text, language)
}

/// A QR code, drawn as one path.
pub(crate) struct Qr {
    /// Its side in modules, with the empty ones around it.
    pub(crate) side: usize,
    pub(crate) path: String,
}

fn code(link: &str) -> Result<Qr, Problem> {
    let code = QrCode::new(link).map_err(|error| {
        tracing::error!(%error, "a link cannot be made a QR code");
        Problem::new(Code::Internal)
    })?;
    let width = code.width();
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    Ok(Qr { side: width + 2 * QUIET, path })
}

impl Qr {
    fn document(&self) -> String {
        let Self { side, path } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_corners_and_room_around_them() {
        let qr = code("https://wolo.example/p/abcdefghijklmnopqrstuv").unwrap();
        // A finder pattern begins with seven dark modules, four from each edge.
        assert!(qr.path.starts_with("M4 4h7v1h-7z"), "{}", qr.path);
        assert!(qr.path.contains(&format!("M{} 4h7v1h-7z", qr.side - 11)), "{}", qr.path);
        assert!(qr.path.len() < 8_000, "{}", qr.path.len());
    }
}
