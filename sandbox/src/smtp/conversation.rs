//! One client, from its greeting to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver, RequestReceiver};
use smtp_proto::{
    AUTH_PLAIN, EXT_8BIT_MIME, EXT_AUTH, EXT_ENHANCED_STATUS_CODES, EXT_PIPELINING, EXT_SIZE, EXT_SMTP_UTF8,
    EhloResponse, Error as Flaw, Request,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Step;
use super::office::Office;
use crate::faults::Fault;

/// Bytes that are read at once.
const CHUNK: usize = 16 * 1024;
/// Recipients of one mail.
const MOST_RECIPIENTS: usize = 100;
/// A listener that fails fails for want of something that others may give back.
const RESPITE: Duration = Duration::from_millis(50);

/// Takes clients until the office closes.
pub(super) async fn receive(office: Arc<Office>, listener: TcpListener) {
    while let Some(accepted) = office.stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(RESPITE).await;
            continue;
        };
        let (hosting, stop) = (Arc::clone(&office), office.stop.clone());
        office.tasks.spawn(stop.run_until_cancelled_owned(async move {
            let ended = Conversation::new(&hosting, stream).hold().await;
            if let Err(error) = ended {
                tracing::debug!(%error, "a mail client is gone");
            }
        }));
    }
}

/// What comes next.
enum Answer {
    Say(String),
    /// Without a word, as a wire that is cut.
    HangUp,
}

impl Answer {
    fn begins(&self, code: &str) -> bool {
        matches!(self, Self::Say(words) if words.starts_with(code))
    }
}

struct Conversation<'a> {
    office: &'a Office,
    stream: TcpStream,
    /// What was read and not looked at yet.
    unread: Vec<u8>,
    commands: RequestReceiver,
    greeted: bool,
    known: bool,
    envelope: Option<(String, Vec<String>)>,
}

fn say(words: &str) -> Answer {
    Answer::Say(format!("{words}\r\n"))
}

impl<'a> Conversation<'a> {
    fn new(office: &'a Office, stream: TcpStream) -> Self {
        Self {
            office,
            stream,
            unread: Vec::new(),
            commands: RequestReceiver::default(),
            greeted: false,
            known: office.options.login.is_none(),
            envelope: None,
        }
    }

    async fn hold(mut self) -> io::Result<()> {
        let Ok(_place) = self.office.clients.try_acquire() else {
            return self.stream.write_all(b"421 4.3.2 Too many clients\r\n").await;
        };
        let mut answer = self.bent(Step::Greeting, "", |_| say("220 localhost ESMTP")).await;
        loop {
            let Answer::Say(words) = &answer else { return Ok(()) };
            self.stream.write_all(words.as_bytes()).await?;
            if answer.begins("221") || answer.begins("421") {
                return self.stream.shutdown().await;
            }
            answer = match self.next().await? {
                Ok(request) => self.answer(request).await?,
                Err(flaw) => say(in_words(&flaw)),
            };
        }
    }

    async fn answer(&mut self, request: Request<String>) -> io::Result<Answer> {
        Ok(match request {
            Request::Ehlo { .. } => {
                self.greet();
                Answer::Say(self.capabilities())
            }
            Request::Helo { .. } => {
                self.greet();
                say("250 localhost")
            }
            Request::Auth { mechanism, initial_response } => {
                self.known |= mechanism == AUTH_PLAIN && self.is_login(&initial_response);
                say(if self.known { "235 2.7.0 Welcome" } else { "535 5.7.8 Not this user" })
            }
            Request::Mail { from } => {
                let (address, size) = (from.address, from.size);
                let seen = address.clone();
                self.bent(Step::From, &seen, |this| this.from(address, size)).await
            }
            Request::Rcpt { to } => {
                let seen = to.address.clone();
                self.bent(Step::To, &seen, |this| this.to(to.address)).await
            }
            Request::Data => self.data().await?,
            Request::Rset => {
                self.envelope = None;
                say("250 2.0.0 Forgotten")
            }
            Request::Noop { .. } => say("250 2.0.0 Still here"),
            Request::Quit => say("221 2.0.0 Goodbye"),
            Request::Vrfy { .. } => say("252 2.5.0 Try and see"),
            _ => say("502 5.5.1 Not spoken here"),
        })
    }

    fn greet(&mut self) {
        (self.greeted, self.envelope) = (true, None);
    }

    fn capabilities(&self) -> String {
        let mut said = EhloResponse::new("localhost");
        said.capabilities =
            EXT_8BIT_MIME | EXT_ENHANCED_STATUS_CODES | EXT_PIPELINING | EXT_SIZE | EXT_SMTP_UTF8;
        said.size = self.office.options.largest;
        if self.office.options.login.is_some() {
            said.capabilities |= EXT_AUTH;
            said.auth_mechanisms = AUTH_PLAIN;
        }
        let mut text = Vec::new();
        said.write(&mut text).expect("memory can be written to");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// `\0user\0password`
    fn is_login(&self, response: &str) -> bool {
        let Some((user, password)) = &self.office.options.login else { return true };
        let given = STANDARD.decode(response).unwrap_or_default();
        let parts: Vec<_> = given.split(|byte| *byte == 0).collect();
        matches!(parts.as_slice(), [_, name, word] if *name == user.as_bytes() && *word == password.as_bytes())
    }

    fn from(&mut self, address: String, size: usize) -> Answer {
        if !self.greeted {
            return say("503 5.5.1 Say hello first");
        }
        if !self.known {
            return say("530 5.7.0 Log in first");
        }
        if self.envelope.is_some() {
            return say("503 5.5.1 One mail after the other");
        }
        if size > self.office.options.largest {
            return say("552 5.3.4 Too large");
        }
        self.envelope = Some((address, Vec::new()));
        say("250 2.1.0 Go on")
    }

    fn to(&mut self, address: String) -> Answer {
        let Some((_, to)) = &mut self.envelope else { return say("503 5.5.1 From whom?") };
        if to.len() == MOST_RECIPIENTS {
            return say("452 4.5.3 Too many recipients");
        }
        match self.office.admits(&address) {
            Ok(()) => {
                to.push(address);
                say("250 2.1.5 Go on")
            }
            Err(words) => say(words),
        }
    }

    async fn data(&mut self) -> io::Result<Answer> {
        let envelope = self.envelope.take_if(|(_, to)| !to.is_empty());
        let Some((from, to)) = envelope else { return Ok(say("503 5.5.1 To whom?")) };
        let everybody = to.join(" ");
        let go_on = self.bent(Step::Data, &everybody, |_| say("354 Go on")).await;
        match &go_on {
            Answer::Say(words) if go_on.begins("354") => self.stream.write_all(words.as_bytes()).await?,
            _ => return Ok(go_on),
        }
        let Some(text) = self.text().await? else { return Ok(say("552 5.3.4 Too large")) };
        let seen = format!("{everybody} {}", String::from_utf8_lossy(&text));
        let taken = |this: &mut Self| match this.office.take(from, to, &text) {
            Ok(()) => say("250 2.0.0 Taken"),
            Err(words) => say(words),
        };
        Ok(self.bent(Step::Text, &seen, taken).await)
    }

    /// The mail up to its lonely dot; nothing if it is too large, and then read to its end all the same.
    async fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut text, mut dots) = (Vec::new(), DataReceiver::new());
        // The line before the mail ends like every other, or a dot at the very beginning would not stand alone.
        dots.ingest(&mut b"\r\n".iter(), &mut text);
        while text.len() <= self.office.options.largest + 2 {
            let mut bytes = self.unread.iter();
            let ended = dots.ingest(&mut bytes, &mut text);
            let left = bytes.len();
            self.unread.drain(..self.unread.len() - left);
            if ended {
                text.drain(..2);
                return Ok(Some(text));
            }
            self.read().await?;
        }
        let mut rest = DummyDataReceiver::new_data(&dots);
        loop {
            let mut bytes = self.unread.iter();
            let ended = rest.ingest(&mut bytes);
            let left = bytes.len();
            self.unread.drain(..self.unread.len() - left);
            if ended {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    /// The next command, or what is wrong with it.
    async fn next(&mut self) -> io::Result<Result<Request<String>, Flaw>> {
        loop {
            let mut bytes = self.unread.iter();
            let asked = self.commands.ingest(&mut bytes).map(Request::into_owned);
            let left = bytes.len();
            match asked {
                // Whatever was unread is kept by the receiver now.
                Err(Flaw::NeedsMoreData { .. }) => {
                    self.unread.clear();
                    self.read().await?;
                }
                asked => {
                    self.unread.drain(..self.unread.len() - left);
                    return Ok(asked);
                }
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let reading = self.stream.read(&mut chunk);
        let read = tokio::time::timeout(self.office.options.patience, reading).await??;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread.extend_from_slice(&chunk[..read]);
        Ok(())
    }

    /// Does a step as faults have it: perhaps not, perhaps without a word about it.
    async fn bent(&mut self, step: Step, seen: &str, work: impl FnOnce(&mut Self) -> Answer) -> Answer {
        let faults = self.office.faults().strike(step, |text| seen.contains(text));
        for fault in &faults {
            match fault {
                Fault::Delay { millis } => tokio::time::sleep(Duration::from_millis(*millis)).await,
                Fault::TooManyRequests { .. } => return say("451 4.7.0 Too many"),
                Fault::ErrorBefore { status } => return say(&format!("{status} 4.3.0 Something went wrong")),
                Fault::Refused { status, code } => return say(&format!("{status} {code} Refused")),
                Fault::LostRequest => return Answer::HangUp,
                _ => {}
            }
        }
        let answer = work(self);
        for fault in &faults {
            match fault {
                Fault::ErrorAfter { status } => return say(&format!("{status} 4.3.0 Something went wrong")),
                Fault::LostReply => return Answer::HangUp,
                // Until the client hangs up or the office closes.
                Fault::StalledReply => {
                    self.office.stop.cancelled().await;
                    return Answer::HangUp;
                }
                Fault::MalformedReply => return say("what?"),
                _ => {}
            }
        }
        answer
    }
}

fn in_words(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::UnknownCommand | Flaw::NeedsMoreData { .. } | Flaw::InvalidResponse { .. } => "500 5.5.1 What?",
        Flaw::InvalidSenderAddress => "501 5.1.7 No such address",
        Flaw::InvalidRecipientAddress => "501 5.1.3 No such address",
        Flaw::SyntaxError { .. } | Flaw::InvalidParameter { .. } => "501 5.5.4 Not so",
        Flaw::UnsupportedParameter { .. } => "555 5.5.4 Not spoken here",
        Flaw::ResponseTooLong => "500 5.5.6 Too long",
    }
}
