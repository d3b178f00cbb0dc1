//! Makes and drops databases: one for each test is cheap when it is copied from a template.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Error, Postgres};
use crate::processes::SOON;

/// How long others may keep a template open before we give up copying it.
const TEMPLATE_BUSY: Duration = Duration::from_secs(10);
/// `object_in_use`: somebody is connected to the template.
const IN_USE: &str = "55006";

impl Postgres {
    /// Makes a database, empty or as a copy of `template`, to which nobody may be connected.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> Result<(), Error> {
        let statement = match template {
            Some(template) => format!("create database {} template {}", quoted(name), quoted(template)),
            None => format!("create database {}", quoted(name)),
        };
        let began = Instant::now();
        loop {
            match self.execute(&statement).await {
                Err(Error::Refused { source: sqlx::Error::Database(refusal), .. })
                    if refusal.code().as_deref() == Some(IN_USE) && began.elapsed() < TEMPLATE_BUSY =>
                {
                    tokio::time::sleep(SOON).await;
                }
                done => return done,
            }
        }
    }

    /// Drops a database if it is there; whoever is connected to it is thrown out.
    pub async fn drop_database(&self, name: &str) -> Result<(), Error> {
        self.execute(&format!("drop database if exists {} with (force)", quoted(name))).await
    }

    pub async fn has_database(&self, name: &str) -> Result<bool, Error> {
        let refused = |source| Error::Refused { attempt: format!("look for the database {name}"), source };
        let mut connection = PgConnection::connect(&self.url("postgres")).await.map_err(refused)?;
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await
            .map_err(refused)
    }

    /// Runs statements as the owner of a database: for a world that has to hold more than anybody could bring about in time.
    pub async fn fill(&self, database: &str, statements: &str) -> Result<(), Error> {
        let refused = |source| Error::Refused { attempt: format!("fill the database {database}"), source };
        let mut connection = PgConnection::connect(&self.url(database)).await.map_err(refused)?;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&mut connection)
            .await
            .map_err(refused)?;
        Ok(())
    }

    /// Runs one statement as the owner in the maintenance database.
    async fn execute(&self, statement: &str) -> Result<(), Error> {
        let refused = |source| Error::Refused { attempt: statement.to_owned(), source };
        let mut connection = PgConnection::connect(&self.url("postgres")).await.map_err(refused)?;
        // Identifiers cannot be bound; they are quoted.
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.map_err(refused)?;
        Ok(())
    }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_own_quotes() {
        assert_eq!(quoted(r#"a"; drop database b; --"#), r#""a""; drop database b; --""#);
    }
}
