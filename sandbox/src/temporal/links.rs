//! Links into the web pages of the server.

use super::{NAMESPACE, Temporal};

impl Temporal {
    /// The web pages.
    pub fn ui_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.ui)
    }

    /// The page of one process: of this run, or of whichever run is the latest.
    pub fn workflow_url(&self, workflow_id: &str, run_id: Option<&str>) -> String {
        workflow_url(&self.ui_url(), workflow_id, run_id)
    }
}

fn workflow_url(ui: &str, workflow_id: &str, run_id: Option<&str>) -> String {
    let workflow = format!("{ui}/namespaces/{NAMESPACE}/workflows/{}", one_segment(workflow_id));
    match run_id {
        Some(run_id) => format!("{workflow}/{}/history", one_segment(run_id)),
        None => workflow,
    }
}

/// Our ids have slashes in them, which must not part the path.
fn one_segment(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes all that is written to it");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_slashes_is_one_segment_of_the_link() {
        let link = workflow_url("http://127.0.0.1:8233", "notice/50%:é", None);
        assert_eq!(link, "http://127.0.0.1:8233/namespaces/default/workflows/notice%2F50%25%3A%C3%A9");
    }

    #[test]
    fn a_link_with_a_run_opens_its_history() {
        let link = workflow_url("http://127.0.0.1:8233", "pot/1", Some("0199"));
        assert_eq!(link, "http://127.0.0.1:8233/namespaces/default/workflows/pot%2F1/0199/history");
    }
}
