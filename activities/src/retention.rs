//! Forgetting what had its time, and telling of what is older than its rule and stays.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::retention::Forget;
use wolo_database::{Pool, audit, retention};
use wolo_domain::dakar;
use wolo_workflows::steps::retention::{KeepRetention, KeepRetentionStep, Retained};

pub struct RetentionSteps {
    pool: Pool,
}

impl RetentionSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[activities]
impl RetentionSteps {
    #[activity(definition = KeepRetentionStep)]
    pub async fn keep(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: KeepRetention,
    ) -> Result<Retained, ActivityError> {
        let KeepRetention {
            answers_before,
            hearsay_before,
            audit_before,
            books_before,
            visits_before,
            histories_before,
        } = input;
        let when = Forget { answers_before, hearsay_before, visits_before, histories_before };
        let gone = retention::forget(&self.pool, when).await?;
        let overdue_lines = audit::older_than(&self.pool, dakar::day_of(audit_before)).await?;
        let books = retention::overdue(&self.pool, books_before).await?;
        if overdue_lines + books.transactions + books.certificates > 0 {
            tracing::warn!(
                lines = overdue_lines,
                transactions = books.transactions,
                certificates = books.certificates,
                "what may not be deleted is older than its rule says: a person decides what becomes of it"
            );
        }
        Ok(Retained {
            answers: gone.answers,
            events: gone.events,
            heard: gone.heard,
            conversations: gone.conversations,
            visits: gone.visits,
            histories: gone.histories,
            overdue_lines,
            overdue_transactions: books.transactions,
            overdue_certificates: books.certificates,
        })
    }
}
