//! What a mail is, whoever carries it.

use url::Url;
use wolo_domain::contacts::Email;

/// One mail to one person. It is about them, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: Email,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where one request, without a question, ends mails like this one (RFC 8058); none for what cannot be refused.
    pub unsubscribe: Option<Url>,
}

/// Whom mails are from.
#[derive(Debug, Clone)]
pub struct Sender {
    pub email: Email,
    pub name: String,
}

impl Mail {
    /// The two headers that make a mail program show its button for no more of these.
    pub(crate) fn unsubscribe_headers(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let address = self.unsubscribe.as_ref().map(|url| ("List-Unsubscribe", format!("<{url}>")));
        let one_click = address.is_some();
        let post = one_click.then(|| ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        address.into_iter().chain(post)
    }
}
