//! `wolo stats`: the figures of the business, as they are in the books at this moment.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use chrono::{NaiveDate, Utc};
use clap::Args;
use wolo_api::Told;
use wolo_database::figures::{self, Series};
use wolo_domain::dakar;
use wolo_domain::figures::{Figure, Part, Span, Unit};
use wolo_domain::money::Xof;

use super::{Config, a_day};
use crate::failure::not_understood;
use crate::output::{self, Format, Paint, day, grouped, sparkline};
use crate::system::System;

/// As many bars as fit beside the words and the sum.
const BARS: usize = 40;

#[derive(Args, Debug)]
pub(crate) struct Stats {
    #[command(flatten)]
    period: Period,
    /// What the period is cut into
    #[arg(long, default_value_t = Part::Day, value_name = "day|week|month")]
    by: Part,
    /// This figure alone, such as gifts
    #[arg(long, value_name = "NAME")]
    figure: Option<Figure>,
    #[command(flatten)]
    format: Format,
}

/// Days in Dakar, both included.
#[derive(Args, Debug)]
pub(crate) struct Period {
    /// The first day; thirty days up to the last, where it is left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = a_day)]
    from: Option<NaiveDate>,
    /// The last day; today, where it is left out
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = a_day)]
    to: Option<NaiveDate>,
}

impl Period {
    pub(super) fn days(&self) -> Result<(NaiveDate, NaiveDate)> {
        let to = self.to.unwrap_or_else(|| dakar::day_of(Utc::now()));
        let from = self.from.unwrap_or_else(|| dakar::days_before(to, 29));
        if to < from {
            return Err(not_understood("the last day is before the first"));
        }
        Ok((from, to))
    }
}

impl Stats {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let (from, to) = self.period.days()?;
        let span = Span::new(from, to, self.by).map_err(|why| not_understood(why.to_string()))?;
        let pool = System::find(config)?.pool().await?;
        let wanted = self.figure.map_or_else(|| Figure::ALL.to_vec(), |figure| vec![figure]);
        let series = figures::read(&pool, &wanted, span).await.context("the figures cannot be read")?;
        if self.format.json {
            let meanings = figures::meanings(&pool).await?;
            return output::json(&Told::new(span, &series, &meanings));
        }
        output::say(&page(span, &series, Paint::for_stdout()));
        Ok(())
    }
}

fn page(span: Span, series: &[Series], paint: Paint) -> String {
    let (from, to, by) = (day(span.from()), day(span.to()), span.by());
    let mut page = format!("{}\n", paint.bold(format!("{from} to {to}, by {by}")));
    for one in series {
        // Writing into a text does not fail.
        let _ = write!(page, "\n{}", section(one, paint));
    }
    page.trim_end().to_owned()
}

fn section(series: &Series, paint: Paint) -> String {
    let figure = series.figure;
    let totals = series.totals_of(None);
    let heading = paint.heading(words(figure.as_str()).to_uppercase());
    if totals.iter().all(|total| *total == 0) {
        return format!("{heading}  {}\n", paint.faint("nothing"));
    }
    let mut text = format!("{heading}\n");
    for (place, measure) in figure.measures().iter().enumerate() {
        // A sum of times tells nobody anything; the average below does.
        if measure.unit != Unit::Seconds {
            let over_time: Vec<_> = series.over_time(place).map(|(_, sum)| sum).collect();
            let bars = sparkline(&over_time, BARS);
            text.push_str(&line(measure.name, &bars, &value(measure.unit, totals[place]), paint));
        }
    }
    for ratio in figure.ratios() {
        let told = ratio
            .value(|name| series.total(name))
            .map_or_else(|| "-".to_owned(), |told| value(ratio.unit, told));
        text.push_str(&line(ratio.name, "", &told, paint));
    }
    for way in figure.ways() {
        let _ = writeln!(text, "  {:<18}{}", way, of_way(series, way, paint));
    }
    text
}

/// The sums of one way, in a row.
fn of_way(series: &Series, way: &str, paint: Paint) -> String {
    let totals = series.totals_of(Some(way));
    if totals.iter().all(|total| *total == 0) {
        return paint.faint("nothing").to_string();
    }
    let told = series.figure.measures().iter().zip(totals);
    let told = told.map(|(measure, total)| format!("{} {}", value(measure.unit, total), words(measure.name)));
    told.collect::<Vec<_>>().join(", ")
}

fn line(name: &str, bars: &str, told: &str, paint: Paint) -> String {
    // What paints takes no place, so the text is laid out before.
    let bars = paint.good(format!("{bars:<BARS$}"));
    format!("  {:<18}{bars}{told:>18}\n", words(name))
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn value(unit: Unit, number: i64) -> String {
    match unit {
        Unit::Count => grouped(number),
        Unit::Francs => Xof::new(number).to_string(),
        Unit::Seconds => format!("{} h {:02} min", number / 3_600, number % 3_600 / 60),
        Unit::Thousandths => format!("{}.{} %", number / 10, number % 10),
    }
}

#[cfg(test)]
mod tests {
    use wolo_database::figures::Row;

    use super::*;

    #[test]
    fn a_figure_is_shown_over_time_with_its_sum_and_what_is_told_from_it() {
        let first: NaiveDate = "2026-11-25".parse().unwrap();
        let span = Span::new(first, first + chrono::Days::new(2), Part::Day).unwrap();
        let row = |part, way: Option<&str>, values: &[i64]| Row {
            part,
            way: way.map(str::to_owned),
            values: values.to_vec(),
        };
        let days: Vec<_> = span.parts().collect();
        let gifts = Series {
            figure: Figure::Gifts,
            rows: vec![
                row(days[0], None, &[1, 1_000]),
                row(days[1], None, &[0, 0]),
                row(days[2], None, &[2, 4_500]),
            ],
        };
        let messages = days.iter().flat_map(|day| {
            let ways = Figure::Messages.ways().iter();
            ways.map(|way| row(*day, Some(way), &if *way == "sms" { [2, 2, 1, 0, 1] } else { [0; 5] }))
        });
        let messages = Series { figure: Figure::Messages, rows: messages.collect() };
        let refunds = Series { figure: Figure::Refunds, rows: vec![row(days[0], None, &[0; 6])] };
        let page = page(span, &[gifts, messages, refunds], Paint::none());
        insta::assert_snapshot!(page, @r"
        25 Nov 2026 to 27 Nov 2026, by day

        GIFTS
          gifts             ▄·█                                                      3
          francs            ▂·█                                              5 500 XOF
          average                                                            1 833 XOF

        MESSAGES
          tried             ███                                                      6
          accepted          ███                                                      6
          delivered         ███                                                      3
          read              ···                                                      0
          failed            ███                                                      3
          delivered share                                                       50.0 %
          failed share                                                          50.0 %
          whatsapp          nothing
          sms               6 tried, 6 accepted, 3 delivered, 0 read, 3 failed
          email             nothing
          push              nothing

        REFUNDS  nothing
        ");
    }
}
