//! Tables, and lists of a thing's properties.

use std::fmt::Display;

use comfy_table::{CellAlignment, Table, presets};

/// Many things of a kind, a line each.
#[derive(Debug)]
pub(crate) struct Listing {
    table: Table,
}

impl Listing {
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(columns);
        Self { table }
    }

    /// Numbers stand under numbers.
    #[must_use]
    pub(crate) fn right(mut self, column: usize) -> Self {
        if let Some(column) = self.table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        self
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.table.add_row(cells.map(|cell| printable(&cell)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(crate) fn text(mut self) -> String {
        laid_out(&mut self.table)
    }
}

/// One thing: its properties, names on the left.
#[derive(Debug)]
pub(crate) struct Fields {
    table: Table,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        Self { table }
    }

    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        self.table.add_row([name.to_owned(), printable(&value.to_string())]);
    }

    pub(crate) fn text(mut self) -> String {
        laid_out(&mut self.table)
    }
}

/// What somebody wrote must neither steer the terminal nor look like another line.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Nothing before the first column, and two spaces between the others.
fn laid_out(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// A block of text, moved to the right.
pub(crate) fn indented(text: &str, by: usize) -> String {
    let margin = " ".repeat(by);
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{margin}{line}") })
        .collect::<Vec<_>>()
        .join("\n")
}
