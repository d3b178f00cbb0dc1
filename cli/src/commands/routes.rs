//! `wolo routes`.

use anyhow::Result;
use clap::Args;

use crate::output::{self, Format, Listing, or_dash};

#[derive(Args, Debug)]
pub(crate) struct Routes {
    /// Only those whose address holds this
    #[arg(value_name = "TEXT")]
    address: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Routes {
    pub(super) fn run(self) -> Result<()> {
        let wanted = self.address.unwrap_or_default();
        let routes: Vec<_> =
            wolo_api::routes().into_iter().filter(|route| route.path.contains(&wanted)).collect();
        if self.format.json {
            return output::json(&routes);
        }
        let mut listing = Listing::new(["METHOD", "ADDRESS", "WHO", "LIMIT", "WHAT"]);
        for route in routes {
            let who = route.who.to_string();
            listing.row([route.method, route.path, who, or_dash(route.limit), route.summary]);
        }
        let none = || format!("No address holds \u{201c}{wanted}\u{201d}.");
        output::say(&if listing.is_empty() { none() } else { listing.text() });
        Ok(())
    }
}
