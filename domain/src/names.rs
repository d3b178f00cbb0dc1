//! Names that others give to things: of events, of payments, of pages to pay on.

/// Longest name that is kept, in bytes; nobody gives one that is longer.
const LONGEST: usize = 255;

/// Whether it can be kept. Postgres takes no NUL.
pub fn fits(name: &str) -> bool {
    name.len() <= LONGEST && !name.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_endless_nor_has_it_a_nul() {
        assert!(fits(&"x".repeat(255)));
        assert!(!fits(&"x".repeat(256)));
        assert!(!fits("a\0b"));
    }
}
