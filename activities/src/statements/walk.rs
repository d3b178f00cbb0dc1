//! A walk through one day of Wave's statement, page by page, that goes on where it was when another attempt takes over.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Instrument as _;
use wolo_providers::wave::{StatementPage, Wave};

use crate::alive::go_on;
use crate::failure;

/// How far a walk has come: what an attempt that takes over needs to know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Walked<T> {
    /// Wave's cursor after the last page that was done.
    after: Option<String>,
    lines: u64,
    #[serde(flatten)]
    so_far: T,
}

/// Read a page, do it, say that it is done; until there is none. A page that is done twice has one effect, so an attempt that
/// died before it said so loses nothing.
pub(super) struct Walk<'a, T> {
    ctx: &'a ActivityContext,
    wave: &'a Wave,
    day: NaiveDate,
    walked: Walked<T>,
    is_over: bool,
}

impl<'a, T> Walk<'a, T>
where
    T: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub(super) fn begin(
        ctx: &'a ActivityContext,
        wave: &'a Wave,
        day: NaiveDate,
    ) -> Result<Self, ActivityError> {
        let walked = ctx.heartbeat_details().deserialize()?.unwrap_or_default();
        Ok(Self { ctx, wave, day, walked, is_over: false })
    }

    /// The page that comes next, if there is one.
    pub(super) async fn page(&self) -> Result<Option<StatementPage>, ActivityError> {
        if self.is_over {
            return Ok(None);
        }
        let span = tracing::info_span!("wave.statement.page", day = %self.day);
        let page = self.wave.statement_page(self.day, self.walked.after.as_deref()).instrument(span).await;
        let page = page.map_err(failure::wave)?;
        for line in &page.unreadable {
            tracing::error!(
                day = %self.day, index = line.index, payment = line.transaction_id,
                "a line of Wave's statement cannot be read"
            );
        }
        Ok(Some(page))
    }

    /// What has come of the pages until now.
    pub(super) fn so_far(&mut self) -> &mut T {
        &mut self.walked.so_far
    }

    /// Lines that have been read.
    pub(super) fn lines(&self) -> u64 {
        self.walked.lines
    }

    /// Gives a sign of life while a page takes long. The page counts as not begun.
    pub(super) async fn is_alive(&self) -> Result<(), ActivityError> {
        self.ctx.record_heartbeat(self.walked.clone()).await?;
        Ok(())
    }

    /// Tells the engine how far the walk is, and hears whether it is to stop.
    pub(super) async fn done(&mut self, page: StatementPage) -> Result<(), ActivityError> {
        self.walked.lines += (page.lines.len() + page.unreadable.len()) as u64;
        self.walked.after = page.next;
        self.is_over = self.walked.after.is_none();
        if self.is_over {
            return Ok(());
        }
        self.ctx.record_heartbeat(self.walked.clone()).await?;
        go_on(self.ctx)
    }
}
