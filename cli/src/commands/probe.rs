//! `wolo probe`: the health check of an image in which there is no shell and no other program.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use url::Url;
use wolo_providers::http::{self, Timeouts};

/// Less than those who run health checks wait.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// Where it is asked, such as `http://127.0.0.1:3000/ready`
    #[arg(value_name = "URL")]
    url: Url,
}

impl Probe {
    pub(super) async fn run(self) -> Result<()> {
        let http = http::client(Timeouts::total(PATIENCE))?;
        let answer = http.get(self.url).send().await.context("nobody answers")?;
        let status = answer.status();
        if !status.is_success() {
            bail!("it is not ready: {} {}", status.as_u16(), answer.text().await.unwrap_or_default().trim());
        }
        Ok(())
    }
}
