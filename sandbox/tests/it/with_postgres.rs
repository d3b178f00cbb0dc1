use std::process::{Command, Output};

use wolo_sandbox::folders::DataFolder;

fn with_postgres(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_with-postgres")).args(arguments).output().unwrap()
}

#[test]
fn the_command_has_a_database_and_its_exit_code_is_passed_on() {
    let output = with_postgres(&["--", "sh", "-c", "echo $DATABASE_URL $SQLX_OFFLINE; exit 3"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("postgres://wolo@127.0.0.1:") && said.ends_with(" false\n"), "{said}");
}

#[test]
fn migrations_are_applied_first() {
    let folder = DataFolder::temporary().unwrap();
    let migrations = folder.path().join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    std::fs::write(migrations.join("0001_gifts.sql"), "create table gifts (giver text);").unwrap();
    let migrations = migrations.to_str().unwrap();
    assert!(with_postgres(&["--migrations", migrations, "true"]).status.success());

    std::fs::write(format!("{migrations}/0002_broken.sql"), "create nonsense;").unwrap();
    let output = with_postgres(&["--migrations", migrations, "true"]);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && complaint.contains("do not apply") && complaint.contains("nonsense"),
        "{complaint}"
    );
}

#[test]
fn wrong_usage_is_told() {
    let output = with_postgres(&["--migrations"]);
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("usage: with-postgres"));
}
