//! A new migration is a reason to build again: the macro that embeds them sees only the files it already knows.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
