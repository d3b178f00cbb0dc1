//! A template that is added or taken away changes what is compiled in; the compiler itself only watches those it knows.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
