//! The process is limited, and ended; whatever it does, who started it goes on.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use image::ImageFormat;
use uuid::Uuid;
use wolo_providers::cleaning::{Cleaner, NotCleaned, Refusal};

use super::documents::{encoded, two_colours};
use super::{CLEAN, Test, now};

pub(crate) const TESTS: &[Test] = &[
    ("the_process_takes_from_itself_what_it_does_not_need_before_it_reads", limits),
    ("a_process_that_takes_too_long_is_ended", too_long),
    ("a_program_that_is_another_is_told_from_a_document_that_is_bad", another_program),
    ("no_more_run_at_once_than_may_nor_two_of_one_sender_and_the_next_is_told", busy),
    ("what_nobody_waits_for_any_more_is_ended", dropped),
];

fn with(program: &[&str], longest: Duration) -> Cleaner {
    Cleaner::new(program.iter().map(|&part| part.to_owned()).collect(), longest, 1)
}

fn upload() -> Vec<u8> {
    encoded(&two_colours(8, 8), ImageFormat::Png)
}

#[expect(clippy::zombie_processes, reason = "it is waited for where the test does not fail")]
fn limits() {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .arg(CLEAN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It reads only when it has limited itself, and goes on reading until its input ends.
    let limits = format!("/proc/{}/limits", process.id());
    let wanted = [
        "Max core file size        0                    0 ",
        "Max file size             0                    0 ",
        "Max open files            3                    3 ",
        "Max cpu time              15                   16 ",
        "Max address space         1073741824           1073741824 ",
    ];
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        let found = std::fs::read_to_string(&limits).unwrap();
        if wanted.iter().all(|line| found.contains(line)) {
            drop(process.stdin.take());
            let answer = process.wait_with_output().unwrap();
            assert!(answer.status.success());
            // Nothing is no document: the first of the refusals.
            assert_eq!(answer.stdout, b"a\0\0\0\0\0");
            return;
        }
        std::thread::yield_now();
    }
    panic!("{}", std::fs::read_to_string(&limits).unwrap());
}

fn too_long() {
    let began = Instant::now();
    let cleaner = with(&["/bin/sleep", "600"], Duration::from_millis(300));
    let came = now(async { cleaner.clean(Uuid::from_u128(1), &upload()).await.err() });
    assert_eq!(came, Some(NotCleaned::Refused(Refusal::TookTooLong)));
    assert!(began.elapsed() < Duration::from_mins(1));
}

fn another_program() {
    let long = Duration::from_mins(1);
    for (program, kind) in [
        (&[][..], ErrorKind::InvalidInput),
        (&["/no/such/program"], ErrorKind::NotFound),
        (&["/bin/true"], ErrorKind::UnexpectedEof),
        // It says what is in its environment: nothing.
        (&["/usr/bin/env"], ErrorKind::UnexpectedEof),
        // It never ends.
        (&["/usr/bin/yes"], ErrorKind::InvalidData),
        // What goes in comes out.
        (&["/bin/cat"], ErrorKind::InvalidData),
    ] {
        let came = now(async { with(program, long).clean(Uuid::from_u128(1), &upload()).await.err() });
        assert_eq!(came, Some(NotCleaned::Broken(kind)), "{program:?}");
    }
}

fn busy() {
    let [awa, moussa, fatou] = [1, 2, 3].map(Uuid::from_u128);
    let (ended, busy) = (NotCleaned::Refused(Refusal::TookTooLong), NotCleaned::Busy);
    let upload = upload();
    for (at_once, senders, came) in [
        (1, [awa, moussa, fatou], [ended, busy, busy]),
        (2, [awa, moussa, fatou], [ended, ended, busy]),
        (2, [awa, awa, moussa], [ended, busy, ended]),
    ] {
        let program = vec!["/bin/sleep".to_owned(), "600".to_owned()];
        let cleaner = Cleaner::new(program, Duration::from_millis(500), at_once);
        now(async {
            // They begin in this order: each is polled before the next.
            let [first, second, third] = senders.map(|sender| cleaner.clean(sender, &upload));
            let (first, second, third) = tokio::join!(biased; first, second, third);
            assert_eq!([first, second, third].map(Result::err), came.map(Some), "{at_once} for {senders:?}");
            // The places are free again.
            assert_eq!(cleaner.clean(awa, &upload).await.err(), Some(ended));
        });
    }
}

fn dropped() {
    let mark = format!("{}.5", 100_000 + std::process::id());
    let running = || {
        let all = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
        all.filter(|line| line.windows(mark.len()).any(|part| part == mark.as_bytes())).count()
    };
    let cleaner = with(&["/bin/sleep", &mark], Duration::from_mins(10));
    let upload = upload();
    now(async {
        let patience =
            tokio::time::timeout(Duration::from_millis(300), cleaner.clean(Uuid::from_u128(1), &upload))
                .await;
        assert!(patience.is_err());
        let began = Instant::now();
        while running() > 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "it is still there");
            tokio::task::yield_now().await;
        }
        let hurried =
            tokio::time::timeout(Duration::from_millis(1), cleaner.clean(Uuid::from_u128(1), &upload)).await;
        assert!(hurried.is_err());
    });
}
