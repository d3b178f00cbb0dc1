//! Where Wave's pages are.

use url::Url;

/// The origin of the pages on which people pay. Wave's own are at `pay.wave.com` where its API is at `api.wave.com`; an emulator has
/// both in one place.
pub(crate) fn pay_origin(api: &Url) -> String {
    let mut pages = api.clone();
    if let Some(domain) = api.host_str().and_then(|host| host.strip_prefix("api.")) {
        // The host of an address that has one can be changed.
        let _ = pages.set_host(Some(&format!("pay.{domain}")));
    }
    pages.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_pay_beside_the_api() {
        for (api, pages) in [
            ("https://api.wave.com", "https://pay.wave.com"),
            ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
        ] {
            assert_eq!(pay_origin(&api.parse().unwrap()), pages);
        }
    }
}
