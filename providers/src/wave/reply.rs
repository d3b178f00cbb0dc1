//! Reading Wave's answers: success bodies strictly, error bodies in all three of the shapes that occur.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::private::Private;
use crate::wire::{ProviderError, is_code};

/// A 2xx or 4xx answer with its whole body (at most 1 MiB).
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The decoded body of a success, or what the error says.
    pub(super) fn decode<T: DeserializeOwned>(self) -> Result<T, ProviderError> {
        if !self.is_success() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // serde's own words quote the value that it did not like; its place is enough to find it.
            let place = format!(
                "the body is not what was expected at line {}, column {}",
                error.line(),
                error.column()
            );
            self.unexpected(place)
        })
    }

    /// A success whose body says nothing. Wave sends none; JSON is let pass unless it carries an error, which contradicts
    /// the status, and anything else did not come from Wave.
    pub(super) fn done(self) -> Result<(), ProviderError> {
        if !self.is_success() {
            return Err(self.refusal());
        }
        if self.body.trim_ascii().is_empty() {
            return Ok(());
        }
        if serde_json::from_slice::<Value>(&self.body).is_err() {
            return Err(self.unexpected("the body is not JSON"));
        }
        match Envelope::read(&self.body) {
            Some(_) => Err(self.unexpected("a success with an error in its body")),
            None => Ok(()),
        }
    }

    pub(super) fn unexpected(&self, what: impl Into<String>) -> ProviderError {
        ProviderError::unexpected(what, Some(self.status))
    }

    const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// A 4xx with a code of Wave's is final. One without (a proxy's page, say) proves nothing about the request, except
    /// 401: no one executes a request that it has not authenticated.
    fn refusal(&self) -> ProviderError {
        match Envelope::read(&self.body) {
            Some(Envelope { code, message }) => {
                ProviderError::Refused { code, message: Private::new(message), status: self.status }
            }
            None if self.status == 401 => {
                ProviderError::Refused { code: "unauthorized".to_owned(), message: "".into(), status: 401 }
            }
            None => self.unexpected("an error without a code"),
        }
    }
}

struct Envelope {
    code: String,
    message: String,
}

impl Envelope {
    /// `{"code","message"}`, `{"error","message"}` or `{"error_code","error_message"}`.
    fn read(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let code = text("code").or_else(|| text("error_code")).or_else(|| text("error"))?;
        let message = text("message").or_else(|| text("error_message")).unwrap_or_default();
        is_code(code).then(|| Self { code: code.to_owned(), message: message.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn all_three_shapes_of_an_error_are_read() {
        for body in [
            r#"{"code":"insufficient-funds","message":"m","details":[{"loc":["a",0],"msg":"x"}]}"#,
            r#"{"error":"insufficient-funds","message":"m"}"#,
            r#"{"error_code":"insufficient-funds","error_message":"m"}"#,
        ] {
            match reply(422, body).done().unwrap_err() {
                ProviderError::Refused { code, message, status } => {
                    assert_eq!(
                        (code.as_str(), message.expose().as_str(), status),
                        ("insufficient-funds", "m", 422)
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_error_without_a_code_proves_nothing() {
        for body in [
            "",
            "<html>not here</html>",
            "{}",
            r#"{"code":5}"#,
            r#"{"code":"no such phone +221770000000"}"#,
            "[]",
        ] {
            assert!(reply(404, body).done().unwrap_err().may_have_happened(), "{body}");
        }
    }

    #[test]
    fn any_401_is_final() {
        assert_eq!(reply(401, "").done().unwrap_err().refusal(), Some("unauthorized"));
        assert_eq!(
            reply(401, r#"{"code":"api-key-revoked"}"#).done().unwrap_err().refusal(),
            Some("api-key-revoked")
        );
    }

    #[test]
    fn a_success_that_carries_an_error_or_anything_but_json_is_unexpected() {
        for body in [r#"{"code":"x-y"}"#, "{", "<html>", "null null"] {
            assert!(matches!(reply(200, body).done(), Err(ProviderError::Unexpected { .. })), "{body}");
        }
        assert!(reply(200, "").done().is_ok());
        assert!(reply(204, "{}").done().is_ok());
    }

    #[test]
    fn a_body_that_cannot_be_read_is_not_quoted() {
        let error = reply(200, r#"{"amount":"+221770000009"}"#).decode::<u8>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("7700"), "{error}");
    }
}
