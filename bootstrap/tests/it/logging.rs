//! The log belongs to the whole process, so each case has one of its own.

use std::process::Command;

use wolo_bootstrap::telemetry::{self, Format, TelemetryError};

const ROLE: &str = "WOLO_TEST_LOGGING";

/// Not a test: the process that the tests below start.
#[test]
#[ignore = "started by the other tests of this file"]
fn a_process_that_logs() {
    let Some(role) = std::env::var_os(ROLE).and_then(|role| role.into_string().ok()) else { return };
    let format = if role == "human" { Format::Human } else { Format::Json };
    match telemetry::start(format) {
        Ok(()) => {}
        Err(error) => {
            eprintln!("refused: {error}");
            return;
        }
    }
    assert!(matches!(telemetry::start(format), Err(TelemetryError::Started(_))));
    tracing::debug!("too quiet to be heard");
    tracing::info!(pot = "pot_1", "opened");
    let phone = "+221770000009";
    match role.as_str() {
        "constant" => panic!("the ledger does not balance"),
        "formatted" => panic!("no such person: {phone}"),
        _ => {}
    }
}

fn log_of(role: &str, filter: &str) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "logging::a_process_that_logs", "--nocapture"])
        .env(ROLE, role)
        .env("WOLO_LOG", filter)
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_line_is_one_object_for_a_machine_and_one_line_for_a_person() {
    let json = log_of("json", "");
    assert_eq!(json.len(), 1, "{json:?}");
    assert!(
        json[0].starts_with('{')
            && json[0].contains(r#""pot":"pot_1""#)
            && json[0].contains(r#""message":"opened""#)
    );
    let human = log_of("human", "");
    assert_eq!(human.len(), 1, "{human:?}");
    assert!(human[0].contains("INFO") && human[0].contains("opened pot=\"pot_1\""), "{human:?}");
}

#[test]
fn the_filter_says_what_is_heard() {
    assert_eq!(log_of("human", "off"), [""; 0]);
    assert_eq!(log_of("human", "debug").len(), 2);
    assert_eq!(
        log_of("human", "info,=,=nonsense=[")[0],
        "refused: WOLO_LOG is not a list of log directives like info,wolo_worker=debug"
    );
}

#[test]
fn a_panic_is_one_line_that_quotes_no_data() {
    let constant = log_of("constant", "error");
    assert_eq!(constant.len(), 1, "{constant:?}");
    assert!(
        constant[0].contains("the ledger does not balance") && constant[0].contains("logging.rs:"),
        "{constant:?}"
    );
    let formatted = log_of("formatted", "error");
    assert_eq!(formatted.len(), 1, "{formatted:?}");
    assert!(!formatted[0].contains("7700") && formatted[0].contains("withheld"), "{formatted:?}");
}
