//! Standing in the way of steps, so that a test can look at a process while it waits for one.

#![expect(clippy::disallowed_methods, reason = "a test stands in the way, which the crate never would")]

use sqlx::{Postgres, Transaction};
use uuid::Uuid;
use wolo_domain::ids::{PotId, UserId};

use crate::house::House;

impl House {
    /// Keeps every step that changes a pot waiting, until the answer is dropped.
    pub(crate) async fn lock_pot(&self, pot: PotId) -> Transaction<'static, Postgres> {
        self.lock("select from pots.pots where pot_id = $1 for update", pot.uuid()).await
    }

    /// Keeps every step that makes a pot for a person waiting, until the answer is dropped.
    pub(crate) async fn lock_person(&self, person: UserId) -> Transaction<'static, Postgres> {
        self.lock("select from people.users where user_id = $1 for update", person.uuid()).await
    }

    async fn lock(&self, row: &'static str, id: Uuid) -> Transaction<'static, Postgres> {
        let mut holding = self.pool.begin().await.expect("Postgres answers");
        sqlx::query(row).bind(id).execute(&mut *holding).await.expect("the row is there");
        holding
    }
}
