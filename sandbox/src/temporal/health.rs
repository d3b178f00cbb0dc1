//! Asks a Temporal server whether it serves our namespace, over its HTTP API, which is the same front door as gRPC.

use std::time::Duration;

use super::NAMESPACE;

const ANSWER: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Health {
    http: reqwest::Client,
    namespace: String,
}

impl Health {
    pub(super) fn at(port: u16) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER).build()?;
        Ok(Health { http, namespace: format!("http://127.0.0.1:{port}/api/v1/namespaces/{NAMESPACE}") })
    }

    pub(super) async fn is_serving(&self) -> bool {
        self.http.get(&self.namespace).send().await.is_ok_and(|response| response.status().is_success())
    }

    /// The names of the search attributes the namespace has, `None` if it does not answer.
    pub(super) async fn search_attributes(&self) -> Option<Vec<String>> {
        let response = self.http.get(format!("{}/search-attributes", self.namespace)).send().await.ok()?;
        let all: serde_json::Value = response.error_for_status().ok()?.json().await.ok()?;
        Some(all.get("customAttributes")?.as_object()?.keys().cloned().collect())
    }
}

pub(super) async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}
