//! One Postgres for a whole test binary.

use std::sync::OnceLock;

use super::{Error, Postgres};
use crate::folders::DataFolder;
use crate::world::background;

struct Shared {
    postgres: Postgres,
    /// Deleted by its sweeper when the test binary ends: statics are never dropped.
    _folder: DataFolder,
}

static SHARED: OnceLock<Result<Shared, Error>> = OnceLock::new();

impl Postgres {
    /// The Postgres of this test binary, started by the first test that asks. It ends with the process.
    pub async fn shared() -> Result<&'static Postgres, &'static Error> {
        let shared = background::once(&SHARED, || async {
            let folder = DataFolder::temporary()?;
            let postgres = Postgres::start(&folder, None).await?;
            Ok(Shared { postgres, _folder: folder })
        });
        shared.await.as_ref().map(|shared| &shared.postgres)
    }
}
