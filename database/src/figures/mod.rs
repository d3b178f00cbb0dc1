//! Figures for the business, read from the books at the moment of asking. No sum is kept: whoever doubts one adds it up again.
//!
//! What each counts is said where it is defined, in the comment of its view (`migrations/0042_figures.sql`).

mod compare;
mod exports;
mod live;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgExecutor;
use wolo_domain::figures::{Figure, Span};

use crate::Error;
use crate::rows::word;

pub use compare::{Difference, differences};
pub use exports::{Lines, lines, note_export};
pub use live::{Live, live};

const VIEW: &str = "analytics.figures";

/// A figure over a period: a row for each part of it, and for each way where it is told apart by ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub figure: Figure,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first day of the part.
    pub part: NaiveDate,
    pub way: Option<String>,
    /// In the order of the figure's measures.
    pub values: Vec<i64>,
}

impl Series {
    /// Each measure added up over the period: of one way, or of all.
    pub fn totals_of(&self, way: Option<&str>) -> Vec<i64> {
        let mut totals = vec![0; self.figure.measures().len()];
        for row in self.rows.iter().filter(|row| way.is_none() || row.way.as_deref() == way) {
            for (total, value) in totals.iter_mut().zip(&row.values) {
                *total += value;
            }
        }
        totals
    }

    /// A measure added up over the period, all ways together; nothing where it is none of this figure's.
    pub fn total(&self, measure: &str) -> i64 {
        let place = self.figure.measures().iter().position(|one| one.name == measure);
        place.map_or(0, |place| self.totals_of(None)[place])
    }

    /// A measure, by its place, in each part of the period, all ways together.
    pub fn over_time(&self, place: usize) -> impl Iterator<Item = (NaiveDate, i64)> {
        let ways = self.figure.ways().len().max(1);
        self.rows.chunks(ways).map(move |part| (part[0].part, part.iter().map(|row| row.values[place]).sum()))
    }
}

/// Figures over a period. A part in which there was nothing has zeros.
#[tracing::instrument(name = "db.figures.read", skip_all, err)]
pub async fn read(
    database: impl PgExecutor<'_>,
    figures: &[Figure],
    span: Span,
) -> Result<Vec<Series>, Error> {
    let names: Vec<String> = figures.iter().map(ToString::to_string).collect();
    let sums = sqlx::query!(
        r#"select figure as "figure!", date_trunc($3, day::timestamp)::date as "part!", way, measure as "measure!",
                  sum(value::bigint)::bigint as "value!"
           from analytics.figures
           cross join lateral jsonb_each_text(measures) as counted (measure, value)
           where day between $1 and $2 and figure = any ($4)
           group by 1, 2, 3, 4"#,
        span.from(),
        span.to(),
        span.by().as_str(),
        &names,
    )
    .fetch_all(database)
    .await?;
    let mut found = BTreeMap::new();
    for sum in sums {
        let figure: Figure = word(&sum.figure, VIEW, "figure", sum.part)?;
        found.insert((figure, sum.part, sum.way, sum.measure), sum.value);
    }
    Ok(figures.iter().map(|figure| series(*figure, span, &found)).collect())
}

/// By figure, part, way and measure.
type Found = BTreeMap<(Figure, NaiveDate, Option<String>, String), i64>;

fn series(figure: Figure, span: Span, found: &Found) -> Series {
    let ways: Vec<Option<String>> = match figure.ways() {
        [] => vec![None],
        ways => ways.iter().map(|way| Some((*way).to_owned())).collect(),
    };
    let value = |part, way: &Option<String>, name: &str| {
        found.get(&(figure, part, way.clone(), name.to_owned())).copied().unwrap_or_default()
    };
    let rows = span.parts().flat_map(|part| ways.iter().map(move |way| (part, way)));
    let rows = rows.map(|(part, way)| Row {
        part,
        way: way.clone(),
        values: figure.measures().iter().map(|measure| value(part, way, measure.name)).collect(),
    });
    Series { figure, rows: rows.collect() }
}

/// What each figure counts, in what, and from what: the comment of its view.
#[tracing::instrument(name = "db.figures.meanings", skip_all, err)]
pub async fn meanings(database: impl PgExecutor<'_>) -> Result<BTreeMap<Figure, String>, Error> {
    let rows = sqlx::query!(
        r#"select relname::text as "name!", obj_description(pg_class.oid, 'pg_class') as "meaning!"
           from pg_class join pg_namespace on pg_namespace.oid = relnamespace
           where nspname = 'analytics' and relkind = 'v' and relname <> 'figures'"#
    )
    .fetch_all(database)
    .await?;
    rows.into_iter()
        .map(|row| Ok((word(&row.name, "pg_class", "relname", &row.name)?, row.meaning)))
        .collect()
}
