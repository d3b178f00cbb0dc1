//! `GET /api/analytics/figures` and `/api/analytics/figures/{figure}`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use wolo_database::Context;
use wolo_database::figures::{self as database, Row, Series};
use wolo_domain::figures::{Figure, InvalidSpan, Part, Span, Unit};
use wolo_domain::ids::UserId;

use super::{backwards, days};
use crate::caller::{SeeFigures, Staff};
use crate::contract::{refusals, schemas};
use crate::fields::Fields;
use crate::problem::{self, Code, Problem, Words};
use crate::query::{self, Pairs};
use crate::state::App;

/// Figures over a period.
#[derive(Serialize, ToSchema)]
#[schema(as = Figures)]
pub struct Told {
    from: NaiveDate,
    to: NaiveDate,
    /// What the period is cut into.
    #[schema(value_type = schemas::PartOfPeriod)]
    by: Part,
    figures: Vec<ToldFigure>,
}

/// One figure: a view of the database.
#[derive(Serialize, ToSchema)]
#[schema(as = FigureTold)]
struct ToldFigure {
    #[schema(value_type = schemas::FigureName)]
    name: Figure,
    /// What it counts, in what, and from what.
    meaning: String,
    /// What may be added up, and what it is a number of.
    measures: Vec<ToldMeasure>,
    /// What is told from sums, such as an average, and what it is a number of.
    ratios: Vec<ToldMeasure>,
    /// Each part of the period; where the figure is told apart by ways, each way of each part.
    rows: Vec<ToldRow>,
    /// Each way over the whole period, where the figure is told apart by ways.
    ways: Vec<ToldWay>,
    /// All of the period.
    total: Sums,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FigureMeasure)]
struct ToldMeasure {
    name: &'static str,
    #[schema(value_type = schemas::FigureUnit)]
    unit: Unit,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FigureRow)]
struct ToldRow {
    /// The first day of the part.
    part: NaiveDate,
    #[schema(required = true)]
    way: Option<String>,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FigureWay)]
struct ToldWay {
    way: &'static str,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FigureSums)]
struct Sums {
    /// By the names of the measures.
    #[schema(value_type = BTreeMap<String, i64>)]
    values: BTreeMap<&'static str, i64>,
    /// By the names of the ratios; nothing where there is nothing to divide by.
    #[schema(value_type = BTreeMap<String, Option<i64>>)]
    ratios: BTreeMap<&'static str, Option<i64>>,
}

impl Sums {
    fn of(figure: Figure, values: &[i64]) -> Self {
        let values: BTreeMap<_, _> =
            figure.measures().iter().map(|measure| measure.name).zip(values.iter().copied()).collect();
        let sum = |name: &str| values.get(name).copied().unwrap_or_default();
        let ratios = figure.ratios().iter().map(|ratio| (ratio.name, ratio.value(sum))).collect();
        Self { values, ratios }
    }
}

impl Told {
    /// As the API tells them, and whoever tells them as JSON.
    pub fn new(span: Span, series: &[Series], meanings: &BTreeMap<Figure, String>) -> Self {
        let figures = series.iter().map(|one| ToldFigure::new(one, meanings)).collect();
        Self { from: span.from(), to: span.to(), by: span.by(), figures }
    }
}

impl ToldFigure {
    fn new(series: &Series, meanings: &BTreeMap<Figure, String>) -> Self {
        let figure = series.figure;
        let ways = figure
            .ways()
            .iter()
            .map(|way| ToldWay { way, sums: Sums::of(figure, &series.totals_of(Some(way))) });
        let row =
            |row: &Row| ToldRow { part: row.part, way: row.way.clone(), sums: Sums::of(figure, &row.values) };
        let measures = figure.measures().iter().map(|one| ToldMeasure { name: one.name, unit: one.unit });
        let ratios = figure.ratios().iter().map(|one| ToldMeasure { name: one.name, unit: one.unit });
        Self {
            name: figure,
            meaning: meanings.get(&figure).cloned().unwrap_or_default(),
            measures: measures.collect(),
            ratios: ratios.collect(),
            rows: series.rows.iter().map(row).collect(),
            ways: ways.collect(),
            total: Sums::of(figure, &series.totals_of(None)),
        }
    }
}

refusals!(NotTold: Staff::<SeeFigures>::REFUSALS, problem::OF_THE_STORE, &[Code::RequestInvalid]);

/// All figures for the business over a period, by days in Dakar.
#[utoipa::path(get, path = "/api/analytics/figures", operation_id = "analytics.figures", tag = "analytics",
    params(
        ("from" = Option<NaiveDate>, Query, description = "The first day; thirty days up to the last where it is left out."),
        ("to" = Option<NaiveDate>, Query, description = "The last day; today where it is left out."),
        ("by" = Option<String>, Query, description = "`day`, `week` or `month`: what the period is cut into."),
    ),
    security(("bearer" = ["support", "finance", "superadmin"])),
    responses((status = 200, description = "The figures.", body = Told), NotTold))]
pub(crate) async fn figures(
    State(app): State<App>,
    staff: Staff<SeeFigures>,
    pairs: Pairs,
) -> Result<Json<Told>, Problem> {
    read(&app, staff.user, &Figure::ALL, span(pairs)?).await.map(Json)
}

refusals!(OneNotTold: Staff::<SeeFigures>::REFUSALS, problem::OF_THE_STORE,
    &[Code::RequestInvalid, Code::FigureUnknown]);

/// One figure over a period.
#[utoipa::path(get, path = "/api/analytics/figures/{figure}", operation_id = "analytics.figure", tag = "analytics",
    params(
        ("figure" = inline(schemas::FigureName), Path, description = "The figure's name."),
        ("from" = Option<NaiveDate>, Query, description = "The first day; thirty days up to the last where it is left out."),
        ("to" = Option<NaiveDate>, Query, description = "The last day; today where it is left out."),
        ("by" = Option<String>, Query, description = "`day`, `week` or `month`: what the period is cut into."),
    ),
    security(("bearer" = ["support", "finance", "superadmin"])),
    responses((status = 200, description = "The figure, by itself.", body = Told), OneNotTold))]
pub(crate) async fn one_figure(
    State(app): State<App>,
    staff: Staff<SeeFigures>,
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
    pairs: Pairs,
) -> Result<Json<Told>, Problem> {
    let figure: Option<Figure> = name.ok().and_then(|Path(name)| name.parse().ok());
    let figure = figure.ok_or_else(|| Problem::new(Code::FigureUnknown))?;
    read(&app, staff.user, &[figure], span(pairs)?).await.map(Json)
}

async fn read(app: &App, user: UserId, figures: &[Figure], span: Span) -> Result<Told, Problem> {
    let mut tx = Context::figures(user).begin(&app.pool).await?;
    let series = database::read(&mut *tx, figures, span).await?;
    let meanings = database::meanings(&mut *tx).await?;
    Ok(Told::new(span, &series, &meanings))
}

/// The period that a query names.
pub(crate) fn span(mut pairs: Pairs) -> Result<Span, Problem> {
    let mut fields = Fields::default();
    let (from, to) = days(&mut pairs, &mut fields);
    let by = query::word(&mut pairs, &mut fields, "by", || {
        Words::new("écrivez day, week ou month", "write day, week or month")
    });
    pairs.end(&mut fields);
    fields.check()?;
    Span::new(from, to, by.unwrap_or(Part::Day)).map_err(|why| {
        let (field, words) = match why {
            InvalidSpan::Backwards => ("to", backwards()),
            InvalidSpan::TooLong => (
                "by",
                Words::new(
                    format!(
                        "cela ferait plus de {} parts ; prenez des semaines ou des mois",
                        Span::MOST_PARTS
                    ),
                    format!("that would be more than {} parts; take weeks or months", Span::MOST_PARTS),
                ),
            ),
        };
        Problem::new(Code::RequestInvalid).at(field, words)
    })
}
