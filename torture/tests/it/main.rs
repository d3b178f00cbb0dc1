//! The harness itself, on a real stage: what nobody touched is found to be right, and what was spoilt is found.

mod judging;
