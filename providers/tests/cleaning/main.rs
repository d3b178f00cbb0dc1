//! The cleaning of uploads, with real processes: this program is the one that cleans, too.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod bombs;
mod documents;
mod pages;
mod pictures;
mod process;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use uuid::Uuid;
use wolo_providers::cleaning::{Clean, Cleaner, NotCleaned, child};

/// What the child is called with.
const CLEAN: &str = "clean-document";

type Test = (&'static str, fn());

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments == [CLEAN] {
        return child();
    }
    // What else a runner says is for it alone; words are parts of names.
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let all = [pictures::TESTS, pages::TESTS, bombs::TESTS, process::TESTS].concat();
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in &all {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let good = catch_unwind(AssertUnwindSafe(test)).is_ok();
        println!("test {name} ... {}", if good { "ok" } else { "FAILED" });
        *if good { &mut passed } else { &mut failed } += 1;
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished\n",
        all.len() - passed - failed
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A cleaner that starts this program.
fn cleaner() -> Cleaner {
    let this = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    Cleaner::new(vec![this, CLEAN.to_owned()], Duration::from_mins(1), 2)
}

fn clean(upload: &[u8]) -> Result<Clean, NotCleaned> {
    now(cleaner().clean(Uuid::from_u128(1), upload))
}

fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
