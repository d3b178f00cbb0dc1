//! A guardian's telephone: the link that came to it, and the pages behind that, filled in like a browser does.

use anyhow::{Context as _, Result, ensure};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};

/// What is sent for a card: a drawing of one.
const SPECIMEN: &[u8] = include_bytes!("specimen.png");

/// A browser that has opened a guardian's link.
pub(super) struct Browser {
    http: Client,
    link: String,
    /// Known since the code was right.
    session: Option<String>,
}

impl Browser {
    /// The link, at the API of this world.
    pub(super) fn at(api: &str, link: &str) -> Result<Self> {
        let token = link.rsplit('/').next().context("the link leads nowhere")?;
        // A redirect is the answer to a form: it is looked at, not followed.
        let http = Client::builder().redirect(redirect::Policy::none()).build()?;
        Ok(Self { http, link: format!("{api}/g/{token}"), session: None })
    }

    /// Asks for a code; answers the name under which it is given back.
    pub(super) async fn asks_for_a_code(&self) -> Result<String> {
        let page = self.post("/code", &[]).await?.error_for_status()?.text().await?;
        value_of(&page, "code_id").context("the page has no place for the code")
    }

    pub(super) async fn shows(&mut self, code_id: &str, code: &str) -> Result<()> {
        let answer = self.post("/session", &[("code_id", code_id), ("code", code)]).await?;
        let cookie = answer.headers().get(header::SET_COOKIE).context("the code was not right")?.to_str()?;
        self.session = cookie.split(';').next().map(ToOwned::to_owned);
        Ok(())
    }

    /// Ticks everything that the page asks, and agrees.
    pub(super) async fn consents(&self, born: &str) -> Result<()> {
        let page = self.with_session(self.http.get(&self.link)).send().await?.text().await?;
        let shown = ["text", "hash", "language"].map(|name| (name, value_of(&page, name)));
        let mut fields = vec![("guardian", "yes".to_owned()), ("birth_date", born.to_owned())];
        for (name, value) in shown {
            fields.push((name, value.with_context(|| format!("the page does not say its {name}"))?));
        }
        let purposes = page.split("name=\"purpose\" value=\"").skip(1);
        fields.extend(
            purposes.filter_map(|rest| rest.split('"').next()).map(|one| ("purpose", one.to_owned())),
        );
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        back_to_the_page(&self.post("/give", &fields).await?)
    }

    pub(super) async fn sends(&self, party: &str, kind: &str) -> Result<()> {
        let page = self.with_session(self.http.get(format!("{}/documents", self.link))).send().await?;
        let name =
            value_of(&page.text().await?, "name").context("the page does not name the next document")?;
        let form = Form::new()
            .text("name", name)
            .text("party", party.to_owned())
            .text("kind", kind.to_owned())
            .part("file", Part::bytes(SPECIMEN).file_name("carte.png"));
        let request = self.http.post(format!("{}/documents", self.link)).multipart(form);
        back_to_the_page(&self.with_session(request).send().await?)
    }

    pub(super) async fn submits(&self) -> Result<()> {
        back_to_the_page(&self.post("/documents/submit", &[]).await?)
    }

    async fn post(&self, step: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let request = self.http.post(format!("{}{step}", self.link)).form(fields);
        Ok(self.with_session(request).send().await?)
    }

    fn with_session(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(header::ACCEPT, "text/html").header("sec-fetch-site", "same-origin");
        match &self.session {
            Some(session) => request.header(header::COOKIE, session),
            None => request,
        }
    }
}

/// What was asked is done.
fn back_to_the_page(answer: &Response) -> Result<()> {
    ensure!(answer.status() == StatusCode::SEE_OTHER, "{} answered {}", answer.url().path(), answer.status());
    Ok(())
}

/// What a page has ready to be sent under a name.
fn value_of(page: &str, name: &str) -> Option<String> {
    let field = page.split(&format!("name=\"{name}\"")).nth(1)?;
    let value = field.split('>').next()?.split("value=\"").nth(1)?;
    value.split('"').next().map(ToOwned::to_owned)
}
