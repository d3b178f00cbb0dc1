//! Starts a world, says where it is, and holds it until standard input closes.
//!
//! `hold-world [DATA_FOLDER]`. For trying something against it by hand, and for the test that kills it.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::io::AsyncReadExt;
use wolo_sandbox::{World, postgres, world};

#[tokio::main]
async fn main() -> ExitCode {
    let data_folder = std::env::args_os().nth(1).map(PathBuf::from);
    let world = match World::start(world::Options { data_folder, ..world::Options::default() }).await {
        Ok(world) => world,
        Err(error) => return failure(&error),
    };
    println!("folder {}", world.folder().path().display());
    println!("postgres {}", world.postgres.url(postgres::DATABASE));
    println!("postgres-process {}", world.postgres.pid());
    println!("temporal {}", world.temporal.address());
    println!("temporal-pages {}", world.temporal.ui_url());
    println!("temporal-process {}", world.temporal.pid());
    println!("ready");
    // Whether it closes or breaks, it is over.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    match world.shutdown().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure(&error),
    }
}

fn failure(error: &world::Error) -> ExitCode {
    eprintln!("hold-world: {error}");
    ExitCode::FAILURE
}
