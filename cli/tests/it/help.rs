//! What each command says of itself is looked at when it changes.

use tempfile::TempDir;

use crate::{said, wolo};

/// Every command with a page of its own; a new one is added here, and the first test says so when it is not.
const COMMANDS: [&str; 141] = [
    "",
    "dev",
    "demo",
    "pots",
    "pots list",
    "pots show",
    "pots close",
    "pots cancel",
    "pots hold",
    "pots release",
    "pots restart",
    "payouts",
    "payouts list",
    "payouts show",
    "payouts approve",
    "payouts resolve",
    "refunds",
    "refunds list",
    "refunds show",
    "refunds retry",
    "ledger",
    "ledger accounts",
    "ledger entries",
    "ledger check",
    "ledger resume",
    "sweep",
    "sweep run",
    "sweep status",
    "stuck",
    "workers",
    "workers list",
    "workers promote",
    "workflows",
    "workflows list",
    "workflows show",
    "histories",
    "histories record",
    "reconcile",
    "reconcile run",
    "reconcile status",
    "reports",
    "reports list",
    "reports resolve",
    "discrepancies",
    "discrepancies list",
    "discrepancies show",
    "discrepancies resolve",
    "certificate",
    "certificate show",
    "verify",
    "stats",
    "export",
    "users",
    "users add",
    "users birth-date",
    "users list",
    "users show",
    "users grant",
    "users revoke",
    "users lock",
    "users unlock",
    "people",
    "people erase",
    "people restore",
    "people export",
    "invitations",
    "invitations list",
    "invitations show",
    "invitations cancel",
    "invitations restart",
    "consents",
    "consents list",
    "consents show",
    "consents restart",
    "consents text",
    "cases",
    "cases list",
    "cases show",
    "cases take",
    "cases assign",
    "cases open",
    "cases approve",
    "cases reject",
    "cases ask",
    "cases again",
    "cases restart",
    "vault",
    "vault status",
    "vault rotate",
    "vault check",
    "audit",
    "audit show",
    "audit verify",
    "audit checkpoint",
    "points",
    "points show",
    "points explain",
    "points revoke",
    "notices",
    "notices list",
    "notices show",
    "notices resend",
    "notices opt-out",
    "notices preview",
    "templates",
    "templates list",
    "templates check",
    "templates register",
    "tokens",
    "tokens mint",
    "schedules",
    "schedules list",
    "schedules pause",
    "schedules resume",
    "schedules trigger",
    "time",
    "time forward",
    "migrate",
    "backup",
    "backup create",
    "backup verify",
    "backup restore",
    "backup decisions",
    "backup prune",
    "probe",
    "doctor",
    "routes",
    "config",
    "config show",
    "config check",
    "bench",
    "bench api",
    "bench gifts",
    "bench page",
    "bench reconcile",
    "bench start",
    "bench sweep",
    "bench wishes",
    "bench words",
    "completions",
    "manual",
];

fn help(command: &str) -> String {
    let home = TempDir::new().unwrap();
    let (code, out, err) = said(wolo(home.path()).args(command.split_whitespace()).arg("--help"));
    assert_eq!((code, err.as_str()), (0, ""), "wolo {command} --help");
    out
}

/// The names under `Commands:` in a page of help.
fn listed(help: &str) -> Vec<String> {
    let below =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = below.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(String::from)
        .collect()
}

#[test]
fn every_command_is_in_the_snapshots() {
    for command in COMMANDS {
        for below in listed(&help(command)) {
            let whole = format!("{command} {below}");
            assert!(COMMANDS.contains(&whole.trim()), "wolo {whole} has no snapshot of its help");
        }
    }
}

#[test]
fn help_is_as_it_was_looked_at() {
    for command in COMMANDS {
        let name =
            if command.is_empty() { "wolo".to_owned() } else { format!("wolo {command}").replace(' ', "-") };
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, help(command));
        });
    }
}
