//! Where a request comes from, as far as that can be believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts as _};
use axum::http::request::Parts;
use axum_client_ip::RightmostXForwardedFor;
use wolo_bootstrap::settings::ClientAddress;

/// The caller's address. What our proxy did not write counts for nothing: then it is the connection's.
pub(crate) async fn of(parts: &mut Parts, source: ClientAddress) -> IpAddr {
    if source == ClientAddress::RightmostForwardedFor
        && let Ok(RightmostXForwardedFor(address)) =
            RightmostXForwardedFor::from_request_parts(parts, &()).await
    {
        return address;
    }
    let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    // Connections without an address would all be one caller.
    connection.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(source: ClientAddress, forwarded: &[&str]) -> String {
        let mut request = Request::get("/").header("x-real-ip", "6.6.6.6").header("forwarded", "for=6.6.6.6");
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4000))));
        of(&mut parts, source).await.to_string()
    }

    #[tokio::test]
    async fn a_header_is_believed_only_where_our_proxy_writes_it_last() {
        use ClientAddress::{Connection, RightmostForwardedFor};
        assert_eq!(read(Connection, &["6.6.6.6"]).await, "10.0.0.1");
        assert_eq!(read(RightmostForwardedFor, &["6.6.6.6, 7.7.7.7"]).await, "7.7.7.7");
        assert_eq!(read(RightmostForwardedFor, &["6.6.6.6", "7.7.7.7"]).await, "7.7.7.7");
        assert_eq!(read(RightmostForwardedFor, &["2001:db8::1"]).await, "2001:db8::1");
        assert_eq!(read(RightmostForwardedFor, &[]).await, "10.0.0.1");
        assert_eq!(read(RightmostForwardedFor, &["6.6.6.6, unknown"]).await, "10.0.0.1");
    }
}
