//! What the provider's own records prove. Nothing that is not proof gets past here as one.
//!
//! The records come in as they were read, in the domain's words; who reads them stands elsewhere. The steps decide by
//! these functions, and so does the simulation of the money (`domain/tests/simulation`): there is one place to be wrong in.

pub mod gifts;
pub mod payouts;
