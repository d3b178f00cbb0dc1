//! A Redis of our own, for one world.
//!
//! It keeps nothing: what WOLO counts there is worth a minute, and a Redis that starts again starts empty. It listens
//! on this machine alone and asks for no password.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::folders::{self, DataFolder};
use crate::ports;
use crate::processes::{self, Launch, Process, SOON, Stop};
use crate::tools::{self, Places, RedisTool};

const READY_WITHIN: Duration = Duration::from_secs(20);
const ANSWER: Duration = Duration::from_secs(2);
/// How long a stopped server's port may take to be free again.
const PORT_FREED: Duration = Duration::from_secs(15);
/// A free port may be taken by somebody else before the server binds it.
const TRIES: usize = 3;
/// There is nothing to save.
const AT_ONCE: Stop = Stop { signal: "KILL", patience: 1 };

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Tool(#[from] tools::Error),
    #[error(transparent)]
    Folder(#[from] folders::Error),
    #[error(transparent)]
    Port(#[from] ports::NoFreePort),
    #[error(transparent)]
    Process(#[from] processes::Error),
}

/// A running Redis. Dropping it stops it.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    launch: Launch,
    port: u16,
}

impl Redis {
    /// Starts it on a free port.
    pub async fn start(folder: &DataFolder) -> Result<Self, Error> {
        let tool = RedisTool::find(&Places::here()).await?;
        let home = folder.subfolder("redis")?;
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let [port] = ports::free()?;
            let launch = Launch {
                name: "Redis",
                program: tool.program.clone(),
                arguments: [
                    "--bind",
                    "127.0.0.1",
                    "--port",
                    &port.to_string(),
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                ]
                .map(Into::into)
                .into(),
                environment: Vec::new(),
                withheld: None,
                working_folder: home.clone(),
                log: folder.log("redis"),
                user: None,
                stop: AT_ONCE,
            };
            let process = Process::start(&launch).await?;
            folder.is_used_by(&process);
            let mut redis = Redis { process, launch, port };
            match redis.ready().await {
                Err(Error::Process(processes::Error::Ended { .. })) if tries > 0 => {}
                done => return done.map(|()| redis),
            }
        }
    }

    async fn ready(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while !self.answers().await {
            if self.process.has_ended() {
                return Err(self.process.ended().into());
            }
            if began.elapsed() > READY_WITHIN {
                return Err(self.process.not_ready(READY_WITHIN).into());
            }
            tokio::time::sleep(SOON).await;
        }
        Ok(())
    }

    async fn answers(&self) -> bool {
        let asked = async {
            let mut wire = TcpStream::connect(("127.0.0.1", self.port)).await?;
            wire.write_all(b"PING\r\n").await?;
            let mut answer = [0; 7];
            wire.read_exact(&mut answer).await?;
            Ok::<_, std::io::Error>(&answer == b"+PONG\r\n")
        };
        matches!(tokio::time::timeout(ANSWER, asked).await, Ok(Ok(true)))
    }

    /// Where clients connect: `redis://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Kills it (SIGKILL), as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again on the same port, empty; a running one is stopped first.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.process.stop().await;
        // A port that stays taken makes the start fail, and the log then says so.
        ports::freed(self.port, PORT_FREED).await;
        self.process = Process::start(&self.launch).await?;
        self.ready().await
    }

    /// Stops it.
    pub async fn shutdown(mut self) {
        self.process.stop().await;
    }
}
