//! `GET /admin/figures`: the figures of the business over a period that one chooses, each with a chart.

use axum::extract::State;
use axum::response::Response;
use minijinja::{Value, context};
use wolo_database::Context;
use wolo_database::figures::{self, Series};
use wolo_domain::figures::{Figure, Measure, Part, Unit};
use wolo_domain::{dakar, typography};

use super::door::AtDesk;
use super::{figure_words, shown};
use crate::analytics;
use crate::asker::Language;
use crate::caller::SeeFigures;
use crate::contract::refusals;
use crate::fields::Fields;
use crate::problem::{self, Code, Problem};
use crate::query::Pairs;
use crate::state::App;

/// A chart's height, in the units of its drawing; its width is one for each bar and gap.
const HEIGHT: i64 = 100;
/// A bar and the gap behind it.
const STEP: i64 = 10;
const BAR: i64 = 8;

refusals!(NotShown: AtDesk::<SeeFigures>::REFUSALS, problem::OF_THE_STORE, &[Code::RequestInvalid]);

/// All figures over a period, by days in Dakar.
#[utoipa::path(get, path = "/admin/figures", operation_id = "desk.figures", tag = "desk",
    params(
        ("from" = Option<String>, Query, description = "The first day; thirty days up to the last where it is left out."),
        ("to" = Option<String>, Query, description = "The last day; today where it is left out."),
        ("by" = Option<String>, Query, description = "`day`, `week` or `month`: what the period is cut into."),
        ("lang" = Option<String>, Query, description = "The page's language."),
    ),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 303, description = "To where one signs in."), NotShown))]
pub(crate) async fn figures(
    State(app): State<App>,
    desk: AtDesk<SeeFigures>,
    mut pairs: Pairs,
) -> Result<Response, Problem> {
    // The language is the page's business, as everywhere.
    let mut fields = Fields::default();
    pairs.take("lang", &mut fields);
    fields.check()?;
    let span = analytics::span(pairs)?;
    let mut tx = Context::figures(desk.user).begin(&app.pool).await?;
    let series = figures::read(&mut *tx, &Figure::ALL, span).await?;
    let figures: Vec<_> = series.iter().map(|one| told(one, desk.language)).collect();
    let parts: Vec<_> =
        Part::ALL.iter().map(|part| context! { name => part.as_str(), here => *part == span.by() }).collect();
    let values = context! { figures, parts, from => span.from().to_string(), to => span.to().to_string() };
    shown("/admin/figures", "admin/figures.html", &desk.roles, desk.language, values)
}

fn told(series: &Series, language: Language) -> Value {
    let figure = series.figure;
    let totals = series.totals_of(None);
    let measures = figure.measures().iter().zip(&totals).map(|(measure, value)| {
        let value = written(*value, measure.unit, language);
        context! { name => figure_words::measure(measure.name, language), value }
    });
    let ratios = figure.ratios().iter().map(|ratio| {
        let value = ratio
            .value(|name| series.total(name))
            .map_or_else(|| "—".to_owned(), |value| written(value, ratio.unit, language));
        context! { name => figure_words::measure(ratio.name, language), value }
    });
    let drawn = drawn(figure);
    context! {
        name => figure.as_str(), title => figure_words::figure(figure, language),
        sums => measures.chain(ratios).collect::<Vec<_>>(),
        chart => chart(series, drawn, language),
    }
}

/// What of a figure is drawn: its money where it has any, else what it counts first.
fn drawn(figure: Figure) -> usize {
    let is_money = |measure: &Measure| measure.unit == Unit::Francs;
    figure.measures().iter().position(is_money).unwrap_or_default()
}

/// A bar for each part of the period; all ways together. Nothing where there is nothing to draw.
fn chart(series: &Series, measure: usize, language: Language) -> Option<Value> {
    let parts: Vec<_> = series.over_time(measure).collect();
    let most = parts.iter().map(|(_, value)| value.abs()).max().filter(|most| *most > 0)?;
    let unit = series.figure.measures()[measure].unit;
    let bars = parts.iter().zip(0_i64..).map(|((part, value), place)| {
        // Something is seen of whatever there is.
        let height = if *value == 0 { 0 } else { (value.abs().saturating_mul(HEIGHT) / most).max(1) };
        context! {
            x => place * STEP, y => HEIGHT - height, width => BAR, height,
            said => said(&dakar::in_words(*part, language), *value, unit, language),
        }
    });
    let named = figure_words::measure(series.figure.measures()[measure].name, language);
    Some(context! {
        bars => bars.collect::<Vec<_>>(), width => i64::try_from(parts.len()).unwrap_or(1) * STEP, height => HEIGHT,
        said => said(&named, most, unit, language),
    })
}

/// What a value is of, and the value.
fn said(of: &str, value: i64, unit: Unit, language: Language) -> String {
    typography::set(&format!("{of}{}{}", colon(language), written(value, unit, language)), language)
}

const fn colon(language: Language) -> &'static str {
    match language {
        Language::French | Language::Wolof => " : ",
        Language::English => ": ",
    }
}

/// As the page's language writes it. Groups of digits are the same in both: see [`typography::grouped`].
fn written(value: i64, unit: Unit, language: Language) -> String {
    let (mark, before_percent, minutes) = match language {
        Language::French | Language::Wolof => (',', "\u{a0}", ""),
        Language::English => ('.', "", "\u{a0}min"),
    };
    match unit {
        Unit::Count => typography::grouped(value),
        Unit::Francs => typography::francs(value),
        Unit::Seconds => {
            format!("{}\u{a0}h\u{a0}{:02}{minutes}", typography::grouped(value / 3_600), value / 60 % 60)
        }
        Unit::Thousandths => {
            format!("{}{mark}{}{before_percent}%", typography::grouped(value / 10), (value % 10).abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use wolo_database::figures::Row;

    use super::*;

    #[test]
    fn the_tallest_bar_is_as_high_as_the_chart_and_nothing_is_not_drawn() {
        let day = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        let row = |part, francs| Row { part, way: None, values: vec![1, francs] };
        let rows = vec![row(day(1), 500), row(day(2), 0), row(day(3), 100_000)];
        let series = Series { figure: Figure::Gifts, rows };
        let chart = chart(&series, drawn(Figure::Gifts), Language::French).unwrap();
        let bars: Vec<Value> = chart.get_attr("bars").unwrap().try_iter().unwrap().collect();
        let heights: Vec<_> = bars.iter().map(|bar| bar.get_attr("height").unwrap().to_string()).collect();
        assert_eq!(heights, ["1", "0", "100"]);
        let nothing = Series { figure: Figure::Gifts, rows: vec![row(day(1), 0)] };
        assert!(super::chart(&nothing, 1, Language::French).is_none());
    }

    #[test]
    fn shares_and_times_are_written_as_the_language_writes_them() {
        let both = |value, unit| {
            [Language::French, Language::English].map(|language| written(value, unit, language))
        };
        assert_eq!(both(375, Unit::Thousandths), ["37,5\u{a0}%", "37.5%"]);
        assert_eq!(both(93_780, Unit::Seconds), ["26\u{a0}h\u{a0}03", "26\u{a0}h\u{a0}03\u{a0}min"]);
        let told = |language| said("x", 7, Unit::Count, language);
        assert_eq!([told(Language::French), told(Language::English)], ["x\u{a0}: 7", "x: 7"]);
    }
}
