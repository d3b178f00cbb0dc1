//! Everything outside of WOLO, started together.

pub(crate) mod background;
mod shared;

use std::path::PathBuf;

use crate::emulator;
use crate::fcm::{self, Fcm};
use crate::folders::{self, DataFolder};
use crate::inbox::{self, Inbox};
use crate::orange::{self, Orange};
use crate::postgres::{self, Postgres};
use crate::processes;
use crate::redis::{self, Redis};
use crate::sendgrid::{self, SendGrid};
use crate::smtp::{self, Smtp};
use crate::social::{self, Social};
use crate::temporal::{self, Temporal};
use crate::twilio::{self, Twilio};
use crate::wave::{self, Wave};
use crate::whatsapp::{self, WhatsApp};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Folder(#[from] folders::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Temporal(#[from] temporal::Error),
    #[error(transparent)]
    Redis(#[from] redis::Error),
    #[error(transparent)]
    Wave(#[from] wave::Error),
    #[error(transparent)]
    Inbox(#[from] inbox::Error),
    #[error(transparent)]
    Social(#[from] social::Error),
    #[error(transparent)]
    Emulator(#[from] emulator::Error),
}

/// How to start a world.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its data is kept; absent: in a temporary folder that ends with it.
    pub data_folder: Option<PathBuf>,
    /// Absent: a free one.
    pub postgres_port: Option<u16>,
    pub temporal: temporal::Options,
    /// Whether there is a Redis in it: WOLO can do without.
    pub redis: bool,
    /// Its book is kept in the data folder unless it names a folder of its own.
    pub wave: wave::Options,
    /// Absent: a free one.
    pub inbox_port: Option<u16>,
    /// What these deliver lies in the world's own inbox.
    pub whatsapp: whatsapp::Options,
    pub sendgrid: sendgrid::Options,
    pub smtp: smtp::Options,
    pub orange: orange::Options,
    pub twilio: twilio::Options,
    pub fcm: fcm::Options,
}

/// A running world. Dropping it, or the end of this process however it comes, stops everything in it.
#[derive(Debug)]
pub struct World {
    pub postgres: Postgres,
    pub temporal: Temporal,
    /// If it was asked for.
    pub redis: Option<Redis>,
    pub wave: Wave,
    pub inbox: Inbox,
    pub social: Social,
    pub whatsapp: WhatsApp,
    pub sendgrid: SendGrid,
    pub smtp: Smtp,
    pub orange: Orange,
    pub twilio: Twilio,
    pub fcm: Fcm,
    // The last field, because it is dropped last: a temporary folder is deleted when nobody writes there any more.
    folder: DataFolder,
}

impl World {
    /// Starts everything at once and returns when all of it answers.
    pub async fn start(options: Options) -> Result<Self, Error> {
        // So much begins here at once that it would crowd a stack.
        Box::pin(Self::begin(options)).await
    }

    async fn begin(options: Options) -> Result<Self, Error> {
        let folder = match &options.data_folder {
            Some(path) => DataFolder::kept(path)?,
            None => DataFolder::temporary()?,
        };
        let mut wave = options.wave;
        if folder.is_kept() && wave.data_folder.is_none() {
            wave.data_folder = Some(folder.subfolder("wave")?);
        }
        let inbox = Inbox::start(options.inbox_port.unwrap_or(0)).await?;
        let (mut whatsapp, mut sendgrid, mut smtp) = (options.whatsapp, options.sendgrid, options.smtp);
        let (mut orange, mut twilio, mut fcm) = (options.orange, options.twilio, options.fcm);
        for slot in [
            &mut whatsapp.place.inbox,
            &mut sendgrid.place.inbox,
            &mut smtp.inbox,
            &mut orange.place.inbox,
            &mut twilio.place.inbox,
            &mut fcm.place.inbox,
        ] {
            *slot = inbox.slot();
        }
        let (postgres, temporal, redis, wave, social, whatsapp, sendgrid, smtp, orange, twilio, fcm) = tokio::try_join!(
            async { Ok::<_, Error>(Postgres::start(&folder, options.postgres_port).await?) },
            async { Ok(Temporal::start(&folder, &options.temporal).await?) },
            async { Ok(if options.redis { Some(Redis::start(&folder).await?) } else { None }) },
            async { Ok(Box::pin(Wave::start(wave)).await?) },
            async { Ok(Social::start(0).await?) },
            async { Ok(Box::pin(WhatsApp::start(whatsapp)).await?) },
            async { Ok(Box::pin(SendGrid::start(sendgrid)).await?) },
            async { Ok(Box::pin(Smtp::start(smtp)).await?) },
            async { Ok(Box::pin(Orange::start(orange)).await?) },
            async { Ok(Box::pin(Twilio::start(twilio)).await?) },
            async { Ok(Box::pin(Fcm::start(fcm)).await?) },
        )?;
        Ok(World {
            postgres,
            temporal,
            redis,
            wave,
            inbox,
            social,
            whatsapp,
            sendgrid,
            smtp,
            orange,
            twilio,
            fcm,
            folder,
        })
    }

    /// Where its data and logs are.
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// Why something does not run any more that nothing works without. WOLO counts its limits alone where Redis is gone.
    pub fn died(&mut self) -> Option<processes::Error> {
        self.postgres.died().or_else(|| self.temporal.died())
    }

    /// Stops everything in order and waits until nothing of it is left. It is all stopped even if there is an error:
    /// that tells of data that could not be kept.
    pub async fn shutdown(self) -> Result<(), Error> {
        let World {
            postgres,
            temporal,
            redis,
            wave,
            inbox,
            social,
            whatsapp,
            sendgrid,
            smtp,
            orange,
            twilio,
            fcm,
            folder,
        } = self;
        let redis = async {
            if let Some(redis) = redis {
                redis.shutdown().await;
            }
        };
        let ((), (), (), wave, ..) = tokio::join!(
            postgres.shutdown(),
            temporal.shutdown(),
            redis,
            wave.shutdown(),
            inbox.shutdown(),
            social.shutdown(),
            whatsapp.shutdown(),
            sendgrid.shutdown(),
            smtp.shutdown(),
            orange.shutdown(),
            twilio.shutdown(),
            fcm.shutdown()
        );
        folder.close().await;
        Ok(wave?)
    }
}
