//! One world for a whole test binary.

use std::sync::OnceLock;

use super::{Error, Options, World, background};

static SHARED: OnceLock<Result<World, Error>> = OnceLock::new();

impl World {
    /// The world of this test binary, started by the first test that asks. It ends with the process.
    pub async fn shared() -> Result<&'static World, &'static Error> {
        Self::shared_with(Options::default).await
    }

    /// The same, set up by the first who asks; what others ask for is not looked at.
    pub async fn shared_with(
        options: impl FnOnce() -> Options + Send + 'static,
    ) -> Result<&'static World, &'static Error> {
        background::once(&SHARED, || World::start(options())).await.as_ref()
    }
}
