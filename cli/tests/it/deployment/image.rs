//! The image: made of pinned images, of sources that are there, for somebody who may do nothing.

use super::{is_pinned, path, text};

#[test]
fn the_image_is_made_in_two_stages_and_runs_as_nobody_without_a_shell() {
    let dockerfile = text("Dockerfile");
    let of = |word: &str| {
        let lines = dockerfile.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let stages = of("FROM");
    assert_eq!(stages.len(), 2);
    for stage in &stages {
        let image = stage.split(' ').next().unwrap();
        assert!(is_pinned(image), "{image}, whichever that is");
    }
    // The compiler is the one that everybody has.
    let toolchain = text("rust-toolchain.toml");
    let version = stages[0].split([':', '-']).nth(1).unwrap();
    assert!(toolchain.contains(&format!("channel = \"{version}\"")), "{version}");
    let last = dockerfile.rsplit("FROM ").next().unwrap();
    assert!(last.starts_with("gcr.io/distroless/") && !last.contains("\nRUN "), "{last}");
    assert_eq!(of("USER"), ["65532:65532"]);
    for program in ["wolo", "wolo-api", "wolo-worker"] {
        assert!(dockerfile.contains(&format!("--bin {program} ")), "{program} is not built");
        assert!(dockerfile.contains(&format!("target/release/{program} ")), "{program} is left behind");
    }
}

#[test]
fn what_is_compiled_in_goes_to_the_builder() {
    let ignored = text(".dockerignore");
    assert!(ignored.lines().any(|line| line == "/secrets") && ignored.lines().any(|line| line == "target"));
    // Papers at the root may be left out, since nothing is compiled from them; those among sources may not.
    assert!(!ignored.lines().any(|line| line.starts_with("**/*.md")));
    assert!(path("api/src/contract/opening.md").is_file());
}
