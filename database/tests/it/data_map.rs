//! `database/data-map.csv` says of every column what it is and what becomes of it, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use wolo_database::exports;

use crate::scene::Scene;

const MAP: &str = include_str!("../../data-map.csv");

struct Line<'a> {
    table: &'a str,
    columns: Vec<&'a str>,
    is: &'a str,
    why: &'a str,
    kept: &'a str,
    erasing: &'a str,
    exported: &'a str,
}

fn lines() -> Vec<Line<'static>> {
    let mut lines = MAP.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("table,columns,is,why,kept,erasing,exported"));
    lines
        .map(|line| {
            let cells: Vec<_> = line.split(',').collect();
            let [table, columns, is, why, kept, erasing, exported] = cells[..] else {
                panic!("a line of the data map has seven cells: {line}")
            };
            Line { table, columns: columns.split(' ').collect(), is, why, kept, erasing, exported }
        })
        .collect()
}

#[tokio::test]
async fn every_column_of_every_table_stands_in_the_data_map_once() {
    let scene = Scene::new().await;
    let there: String = scene
        .read(
            "select string_agg(table_schema || '.' || table_name || '.' || column_name, ' ')
             from information_schema.columns
             join information_schema.tables using (table_schema, table_name)
             where table_type = 'BASE TABLE'
               and table_schema not in ('information_schema', 'pg_catalog', 'public')",
        )
        .await;
    let there: BTreeSet<_> = there.split(' ').map(ToOwned::to_owned).collect();
    let mut listed = BTreeSet::new();
    for line in lines() {
        for column in &line.columns {
            let name = format!("{}.{column}", line.table);
            assert!(listed.insert(name.clone()), "{name} stands in the data map twice");
        }
    }
    let missing: Vec<_> = there.difference(&listed).collect();
    assert!(missing.is_empty(), "say in database/data-map.csv what these are: {missing:#?}");
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(gone.is_empty(), "these are in database/data-map.csv and nowhere else: {gone:#?}");
}

#[test]
fn every_line_says_what_its_columns_are_why_and_how_long_they_are_kept_and_what_erasing_does() {
    for line in lines() {
        let Line { table, is, why, kept, erasing, exported, .. } = line;
        assert!(["personal", "secret", "opaque", "words"].contains(&is), "{table}: {is}");
        assert!(["deleted", "cleared", "kept", "-"].contains(&erasing), "{table}: {erasing}");
        assert!(["yes", "no"].contains(&exported), "{table}: {exported}");
        assert!(!why.is_empty() && !kept.is_empty(), "{table}");
        assert!(
            is != "personal" || erasing != "kept",
            "{table}: what is personal does not outlive its person"
        );
        assert!(is != "secret" || exported == "no", "{table}: a secret is not handed out");
    }
}

/// By table, the columns that are given to whoever they are about.
fn exported() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut tables = BTreeMap::<_, BTreeSet<_>>::new();
    for line in lines().into_iter().filter(|line| line.exported == "yes") {
        tables.entry(line.table).or_default().extend(line.columns);
    }
    tables
}

#[tokio::test]
async fn what_is_exported_are_the_tables_of_the_data_map_and_no_column_that_it_keeps_back() {
    let scene = Scene::new().await;
    let user = scene.person().await.id;
    let owner = scene.pool_as("wolo").await;
    crate::erasing::fill(&scene, user).await;
    let export =
        exports::export(&mut owner.acquire().await.expect("a connection"), user).await.expect("an export");
    let tables = exported();
    assert_eq!(
        export.tables.keys().copied().collect::<Vec<_>>(),
        tables.keys().copied().collect::<Vec<_>>(),
        "the export and the data map name other tables"
    );
    for (table, rows) in &export.tables {
        let row = rows.first().unwrap_or_else(|| panic!("the test has no row of {table}"));
        // Sums of what others gave are the owner's own.
        let columns = row
            .as_object()
            .expect("a row")
            .keys()
            .filter(|name| !["gifts", "given"].contains(&name.as_str()));
        let kept_back: Vec<_> = columns.filter(|column| !tables[table].contains(column.as_str())).collect();
        assert!(kept_back.is_empty(), "{table} hands out {kept_back:?}");
    }
    assert_eq!(export.cut_off, Vec::<&str>::new());
}
