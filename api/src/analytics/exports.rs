//! `GET /api/analytics/exports/{export}`: lines as a file, read from the database as fast as whoever asks takes them.
//!
//! However many lines there are, no more of them are held here than a few pieces: while nobody takes a piece, none is read.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use wolo_database::audit::Doer;
use wolo_database::figures as database;
use wolo_database::{Context, Error, Transaction};
use wolo_domain::figures::{Export, Writing};

use super::days;
use crate::caller::{Staff, TakeFigures};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{self, Code, Problem};
use crate::query::Pairs;
use crate::state::App;

/// Each holds a connection to the database for as long as it is read.
const AT_ONCE: usize = 2;
/// Bytes in a piece, more or less.
const PIECE: usize = 32 * 1024;
/// Pieces that are made and not yet taken.
const PIECES_AHEAD: usize = 4;
/// Whoever takes no piece for so long takes none any more.
const SLOWEST: Duration = Duration::from_mins(1);

/// Why, as the audit trail has it.
const REASON: &str = "asked for by its reader";

/// Places for exports. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

refusals!(NotExported: Staff::<TakeFigures>::REFUSALS, problem::OF_THE_STORE,
    &[Code::RequestInvalid, Code::FigureUnknown, Code::Overloaded]);

/// Lines of the books as a file, of any period, by days in Dakar. Who takes them is written into the audit trail first. A file
/// that breaks off before its last byte is not whole, and is to be asked for again.
#[utoipa::path(get, path = "/api/analytics/exports/{export}", operation_id = "analytics.export", tag = "analytics",
    params(
        ("export" = inline(schemas::ExportFile), Path, description = "What, and in which form: `gifts.csv`."),
        ("from" = Option<NaiveDate>, Query, description = "The first day; thirty days up to the last where it is left out."),
        ("to" = Option<NaiveDate>, Query, description = "The last day; today where it is left out."),
    ),
    security(("bearer" = ["finance", "superadmin"])),
    responses(
        (status = 200, description = "The lines: values separated by commas, or an object on each line.",
            content((String = "text/csv"), (String = "application/x-ndjson"))),
        NotExported,
    ))]
pub(crate) async fn export(
    State(app): State<App>,
    staff: Staff<TakeFigures>,
    name: Result<Path<String>, PathRejection>,
    mut pairs: Pairs,
) -> Result<Response, Problem> {
    let wanted = name.ok().and_then(|Path(name)| named(&name));
    let (export, writing) = wanted.ok_or_else(|| Problem::new(Code::FigureUnknown))?;
    let mut fields = Fields::default();
    let days = days(&mut pairs, &mut fields);
    pairs.end(&mut fields);
    fields.check()?;
    let place = Arc::clone(&app.exports.0).try_acquire_owned();
    let place = place.map_err(|_| Problem::new(Code::Overloaded))?;

    let context = Context::figures(staff.user);
    let mut tx = context.begin(&app.pool).await?;
    let by = staff.user.to_string();
    database::note_export(&mut tx, export, days, writing, Doer::new(&by, REASON)).await?;
    // Noted before anybody reads it.
    wolo_database::commit(tx).await?;

    let tx = context.begin(&app.pool).await?;
    let (pieces, taken) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(async move {
        let reading = Reading { export, writing, days, _place: place };
        reading.run(tx, pieces).await;
    });
    let (from, to) = days;
    let file = format!("attachment; filename=\"wolo-{export}-{from}-{to}.{writing}\"");
    let headers = [(CONTENT_TYPE, writing.content_type().to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, body(taken)).into_response())
}

/// `gifts.csv`.
fn named(name: &str) -> Option<(Export, Writing)> {
    let (export, writing) = name.split_once('.')?;
    Some((export.parse().ok()?, writing.parse().ok()?))
}

/// A piece of the file, and nothing when the last has gone. That it ends without that says that it broke off.
type Pieces = mpsc::Sender<Option<Bytes>>;

/// An export that is on its way.
struct Reading {
    export: Export,
    writing: Writing,
    days: (NaiveDate, NaiveDate),
    _place: OwnedSemaphorePermit,
}

/// Why no more of it is sent.
enum Stopped {
    /// Nobody takes any more, or too slowly.
    Untaken,
    Unread(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Unread(error)
    }
}

impl Reading {
    async fn run(self, mut tx: Transaction, pieces: Pieces) {
        match self.send(&mut tx, &pieces).await {
            Ok(()) => {}
            Err(Stopped::Untaken) => {
                tracing::info!(export = %self.export, "an export was not taken to its end");
            }
            Err(Stopped::Unread(error)) => {
                tracing::error!(cause = problem::chain(&error), export = %self.export, "an export broke off");
            }
        }
    }

    async fn send(&self, tx: &mut Transaction, pieces: &Pieces) -> Result<(), Stopped> {
        let columns = self.export.columns();
        let mut text = self.writing.head(columns);
        let mut lines = database::lines(tx, self.export, self.days).await?;
        while let Some(cells) = lines.try_next().await? {
            self.writing.line(columns, &cells, &mut text);
            if text.len() >= PIECE {
                hand_on(pieces, Some(std::mem::take(&mut text))).await?;
            }
        }
        hand_on(pieces, Some(text)).await?;
        hand_on(pieces, None).await
    }
}

async fn hand_on(pieces: &Pieces, text: Option<String>) -> Result<(), Stopped> {
    match tokio::time::timeout(SLOWEST, pieces.send(text.map(Bytes::from))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Stopped::Untaken),
    }
}

/// The file as it is sent. Where it broke off the answer breaks off too, so that nobody takes half of it for the whole.
fn body(taken: mpsc::Receiver<Option<Bytes>>) -> Body {
    Body::from_stream(futures::stream::try_unfold(taken, async |mut taken| match taken.recv().await {
        Some(Some(piece)) => Ok(Some((piece, taken))),
        Some(None) => Ok(None),
        None => Err(io::Error::other("the export broke off")),
    }))
}
