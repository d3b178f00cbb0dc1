//! A Temporal development server of our own, for one world.
//!
//! Its state is a SQLite file in the data folder, so it survives restarts, in temporary worlds too. Time skipping is
//! on, and the rate limits are out of the way: a limit met in a test would be the laptop's, not production's. It has
//! the one namespace `default`.

mod health;
mod links;
mod search;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use crate::folders::{self, DataFolder};
use crate::ports;
use crate::processes::{self, Launch, Process, SOON, Stop};
use crate::tools::{self, Places, TemporalTool};

use health::Health;
pub use search::{IndexedType, SearchAttribute};

pub const NAMESPACE: &str = "default";
/// Everything that it remembers.
pub const FILE: &str = "temporal.db";

const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long a stopped server's ports may take to be free again.
const PORTS_FREED: Duration = Duration::from_secs(15);
/// A free port may be taken by somebody else before the server binds it.
const TRIES: usize = 3;

/// Settings of the server: the feature that moves time, and limits no test or laptop should meet.
const DYNAMIC: [&str; 6] = [
    "frontend.WorkflowTimeSkippingEnabled=true",
    "frontend.rps=100000",
    "frontend.namespaceRPS=100000",
    "frontend.namespaceRPS.visibility=500",
    "history.rps=100000",
    "matching.rps=100000",
];

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
    #[error("the address of the Temporal server is not one its health can be asked at")]
    Health(#[source] reqwest::Error),
    #[error("the search attribute {name} could not be registered: {problem}")]
    SearchAttribute { name: String, problem: String },
}

/// How to start it. Ports that are not given are chosen.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where clients connect (gRPC).
    pub port: Option<u16>,
    /// The web pages.
    pub ui_port: Option<u16>,
    /// Registered before it is called ready. Those of an earlier run stay.
    pub search_attributes: Vec<SearchAttribute>,
    /// The URL under which the web pages ask for payloads to be decoded.
    pub codec_endpoint: Option<String>,
    /// Settings of the server over ours, each as its name, `=`, and a value in JSON.
    pub settings: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    grpc: u16,
    http: u16,
    ui: u16,
    metrics: u16,
}

/// A running Temporal server. Dropping it stops it.
#[derive(Debug)]
pub struct Temporal {
    process: Process,
    launch: Launch,
    ports: Ports,
    search_attributes: Vec<SearchAttribute>,
    health: Health,
}

impl Temporal {
    /// Starts it on its file in the data folder.
    pub async fn start(folder: &DataFolder, options: &Options) -> Result<Self, Error> {
        let tool = TemporalTool::find(&Places::here()).await?;
        let home = folder.subfolder("temporal")?;
        let fixed = options.port.is_some() || options.ui_port.is_some();
        let mut tries = if fixed { 1 } else { TRIES };
        loop {
            tries -= 1;
            let [grpc, http, ui, metrics] = ports::free()?;
            let grpc = options.port.unwrap_or(grpc);
            let ui = options.ui_port.unwrap_or(ui);
            let ports = Ports { grpc, http, ui, metrics };
            let launch = Launch {
                name: "the Temporal server",
                program: tool.program.clone(),
                arguments: arguments(ports, folder.is_kept(), options),
                environment: Vec::new(),
                withheld: Some("TEMPORAL_"),
                working_folder: home.clone(),
                log: folder.log("temporal"),
                user: None,
                stop: if folder.is_kept() { ORDERLY } else { AT_ONCE },
            };
            match Self::serve(folder, launch, ports, &options.search_attributes).await {
                Err(Error::Process(processes::Error::Ended { .. })) if tries > 0 => {}
                done => return done,
            }
        }
    }

    async fn serve(
        folder: &DataFolder,
        launch: Launch,
        ports: Ports,
        search_attributes: &[SearchAttribute],
    ) -> Result<Self, Error> {
        let health = Health::at(ports.http).map_err(Error::Health)?;
        let process = Process::start(&launch).await?;
        folder.is_used_by(&process);
        let search_attributes = search_attributes.to_vec();
        let mut temporal = Temporal { process, launch, ports, search_attributes, health };
        temporal.ready().await?;
        Ok(temporal)
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
        search::register(self, &self.search_attributes).await
    }

    async fn answers(&self) -> bool {
        health::listens(self.ports.grpc).await
            && health::listens(self.ports.ui).await
            && self.health.is_serving().await
    }

    /// Where clients connect: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.grpc)
    }

    /// The server's own measurements, for Prometheus.
    pub fn metrics_url(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.ports.metrics)
    }

    /// The server's HTTP API.
    pub fn http_address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.http)
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The Temporal CLI this server is run by.
    pub fn program(&self) -> &std::path::Path {
        &self.launch.program
    }

    /// Where its file is, by the name of [`FILE`] and what the database puts beside it.
    pub fn folder(&self) -> &std::path::Path {
        &self.launch.working_folder
    }

    /// Why it does not run any more, though nobody has stopped it.
    pub fn died(&mut self) -> Option<processes::Error> {
        self.process.died()
    }

    /// Kills it (SIGKILL), as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again on the same ports and data; a running one is stopped first.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.process.stop().await;
        for port in [self.ports.grpc, self.ports.http, self.ports.ui, self.ports.metrics] {
            // A port that stays taken makes the start fail, and the log then says which.
            ports::freed(port, PORTS_FREED).await;
        }
        self.process = Process::start(&self.launch).await?;
        self.ready().await
    }

    /// Stops it.
    pub async fn shutdown(mut self) {
        self.process.stop().await;
    }
}

/// It takes a second to say goodbye to itself: worth it only for data that is kept.
const ORDERLY: Stop = Stop { signal: "TERM", patience: 10 };
const AT_ONCE: Stop = Stop { signal: "KILL", patience: 1 };

fn arguments(ports: Ports, durable: bool, options: &Options) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["server", "start-dev", "--ip", "127.0.0.1"].map(Into::into).into();
    let mut give = |name: &str, value: String| arguments.extend([name.into(), value.into()]);
    give("--ui-ip", "127.0.0.1".to_owned());
    give("--port", ports.grpc.to_string());
    give("--http-port", ports.http.to_string());
    give("--ui-port", ports.ui.to_string());
    give("--metrics-port", ports.metrics.to_string());
    give("--namespace", NAMESPACE.to_owned());
    // Relative to its working folder: a path of ours could have characters that mean something in a SQLite URL.
    give("--db-filename", FILE.to_owned());
    give("--log-level", "warn".to_owned());
    give("--sqlite-pragma", "journal_mode=WAL".to_owned());
    give("--sqlite-pragma", format!("synchronous={}", if durable { "NORMAL" } else { "OFF" }));
    for setting in DYNAMIC.map(str::to_owned).iter().chain(&options.settings) {
        give("--dynamic-config-value", setting.clone());
    }
    for attribute in &options.search_attributes {
        give("--search-attribute", attribute.to_string());
    }
    if let Some(endpoint) = &options.codec_endpoint {
        give("--ui-codec-endpoint", endpoint.clone());
    }
    arguments.push("--ui-disable-news-fetch".into());
    arguments
}
