use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use wolo_providers::mail::{Mail, Sender};
use wolo_providers::messages::Remedy;
use wolo_providers::smtp::{Encryption, Smtp, SmtpAccess, SmtpLogin, remedy};
use wolo_providers::{BreakerState, ProviderError, Sent};

/// The connection is closed instead of an answer.
const CUT: &str = "cut";
/// Nothing is said any more.
const SILENCE: &str = "silence";

/// A server that takes every mail, but for what it is told to answer otherwise.
#[derive(Clone)]
struct Server {
    port: u16,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    connections: usize,
    /// Everything that a client has said, mails included, a line each.
    lines: Vec<String>,
    /// What a line that begins so is answered; `.` is the end of a text, the empty one the greeting.
    odd: Vec<(&'static str, &'static str)>,
}

impl Server {
    async fn start(odd: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, said: Arc::default() };
        server.answers(odd);
        let listening = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(listening.clone().converse(stream));
            }
        });
        server
    }

    fn answers(&self, odd: &[(&'static str, &'static str)]) {
        self.said.lock().unwrap().odd = odd.to_vec();
    }

    fn client(&self, encryption: Encryption, login: Option<SmtpLogin>) -> Smtp {
        Smtp::new(SmtpAccess {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            encryption,
            login,
            from: Sender {
                email: "bonjour@wolo.example".parse().unwrap(), name: "WOLO, la fête".to_owned()
            },
            patience: Duration::from_millis(500),
            pause: Duration::from_mins(1),
        })
        .unwrap()
    }

    fn plain(&self) -> Smtp {
        self.client(Encryption::None, None)
    }

    fn heard(&self) -> String {
        self.said.lock().unwrap().lines.join("\n")
    }

    fn connections(&self) -> usize {
        self.said.lock().unwrap().connections
    }

    fn reply(&self, line: &str, usual: &'static str) -> &'static str {
        let said = self.said.lock().unwrap();
        let odd = said.odd.iter().find(|(start, _)| match *start {
            "" | "." => line == *start,
            start => line.starts_with(start),
        });
        odd.map_or(usual, |(_, reply)| *reply)
    }

    async fn converse(self, stream: TcpStream) {
        self.said.lock().unwrap().connections += 1;
        let mut stream = BufReader::new(stream);
        let mut reply = self.reply("", "220 ready");
        let mut in_text = false;
        loop {
            match reply {
                CUT => return,
                SILENCE => std::future::pending().await,
                "" => {}
                reply => stream.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap(),
            }
            let mut bytes = Vec::new();
            if stream.read_until(b'\n', &mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            self.said.lock().unwrap().lines.push(line.clone());
            let usual = match line.split(' ').next().unwrap() {
                "." if in_text => "250 2.0.0 queued as 4F",
                _ if in_text => "",
                "EHLO" => "250-127.0.0.1\r\n250 AUTH PLAIN",
                "AUTH" => "235 2.7.0 welcome",
                "DATA" => "354 go on",
                "MAIL" | "RCPT" | "NOOP" => "250 fine",
                "QUIT" => "221 bye",
                _ => "500 what?",
            };
            reply = if in_text && line != "." { "" } else { self.reply(&line, usual) };
            in_text = if in_text { line != "." } else { reply.starts_with("354") };
        }
    }
}

fn mail() -> Mail {
    Mail {
        to: "awa@example.sn".parse().unwrap(),
        subject: "La fête d'Awa\r\nBcc: all@example.sn".to_owned(),
        text: "Bonjour Awa, ça commence.\r\n.\r\nÀ bientôt".to_owned(),
        html: "<p>Bonjour Awa</p>".to_owned(),
        unsubscribe: "https://wolo.example/n/abc".parse().ok(),
    }
}

fn login() -> SmtpLogin {
    SmtpLogin { user: "wolo".to_owned(), password: SecretString::from("s3cret") }
}

#[tokio::test]
async fn a_mail_is_handed_over_whole_and_under_our_reference() {
    let server = Server::start(&[]).await;
    let handed = server.client(Encryption::None, Some(login())).send(&mail(), "ntf_1").await.unwrap();
    assert_eq!(handed.id, "<ntf_1@wolo.example>");
    let heard = server.heard();
    assert!(heard.starts_with("EHLO wolo.example\nAUTH PLAIN "), "{heard}");
    assert!(
        heard.contains("\nMAIL FROM:<bonjour@wolo.example>\nRCPT TO:<awa@example.sn>\nDATA\n"),
        "{heard}"
    );
    for line in [
        "Message-ID: <ntf_1@wolo.example>",
        "To: awa@example.sn",
        "List-Unsubscribe: <https://wolo.example/n/abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "MIME-Version: 1.0",
    ] {
        assert!(heard.lines().any(|heard| heard == line), "{line}\n{heard}");
    }
    let kinds: Vec<&str> = heard.lines().filter(|line| line.starts_with("Content-Type:")).collect();
    assert!(kinds[0].starts_with("Content-Type: multipart/alternative;"), "{kinds:?}");
    assert_eq!(
        kinds[1..],
        ["Content-Type: text/plain; charset=utf-8", "Content-Type: text/html; charset=utf-8"]
    );
    assert!(
        !heard.lines().any(|line| line.starts_with("Bcc")),
        "a subject makes no header of its own: {heard}"
    );
    assert!(heard.is_ascii(), "not every server takes more: {heard}");
    assert_eq!(
        heard.lines().filter(|line| *line == ".").count(),
        1,
        "a dot in a text does not end it: {heard}"
    );
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_server_closes_it() {
    let server = Server::start(&[]).await;
    let smtp = server.plain();
    for reference in ["ntf_1", "ntf_2", "ntf_3"] {
        smtp.send(&mail(), reference).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    server.answers(&[("NOOP", CUT)]);
    smtp.send(&mail(), "ntf_4").await.unwrap();
    assert_eq!(server.connections(), 2);
    assert_eq!(server.heard().matches("Message-ID").count(), 4);
}

#[tokio::test]
async fn a_refusal_is_told_by_what_was_refused() {
    for (said, reply, code, expected) in [
        ("RCPT", "550 5.1.1 <awa@example.sn>: no such user", "to.550.5.1.1", Remedy::AddressGone),
        ("RCPT", "550 no such user", "to.550", Remedy::AddressGone),
        ("RCPT", "552 5.2.2 mailbox full", "to.552.5.2.2", Remedy::OtherChannel),
        ("RCPT", "554 5.7.1 relay access denied", "to.554.5.7.1", Remedy::Ours),
        ("MAIL", "550 5.1.1 who are you", "from.550.5.1.1", Remedy::Ours),
        ("DATA", "554 no", "data.554", Remedy::Ours),
        (".", "554 5.7.1 spam", "text.554.5.7.1", Remedy::Ours),
        ("AUTH", "535 5.7.8 wrong", "login.535.5.7.8", Remedy::Ours),
        ("", "554 go away", "greeting.554", Remedy::Ours),
    ] {
        let server = Server::start(&[(said, reply)]).await;
        let error = server.client(Encryption::None, Some(login())).send(&mail(), "ntf_1").await.unwrap_err();
        assert_eq!(error.refusal(), Some(code), "{said} {reply}");
        assert_eq!(remedy(code), expected, "{code}");
        assert!(!error.may_have_happened());
        assert!(!format!("{error} {error:?}").contains("awa@"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_patience_has_not_taken_the_mail() {
    for said in ["MAIL", "RCPT", "DATA", "."] {
        for reply in ["450 4.2.1 greylisted", "451 try later", "452 4.3.1 full"] {
            let server = Server::start(&[(said, reply)]).await;
            let error = server.plain().send(&mail(), "ntf_1").await.unwrap_err();
            assert!(
                matches!(error, ProviderError::Throttled { retry_after: None }),
                "{said} {reply}: {error:?}"
            );
        }
        let server = Server::start(&[(said, "421 closing")]).await;
        let error = server.plain().send(&mail(), "ntf_1").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{said}: {error:?}");
    }
}

#[tokio::test]
async fn only_what_is_lost_after_the_text_has_left_is_open() {
    for how in [CUT, SILENCE, "what?"] {
        for (said, sent) in [
            ("", Sent::No),
            ("EHLO", Sent::No),
            ("MAIL", Sent::No),
            ("RCPT", Sent::No),
            ("DATA", Sent::No),
            (".", Sent::Perhaps),
        ] {
            let server = Server::start(&[(said, how)]).await;
            match server.plain().send(&mail(), "ntf_1").await.unwrap_err() {
                ProviderError::Unreachable { sent: given, .. } => assert_eq!(given, sent, "{said:?} {how}"),
                other => panic!("{said:?} {how}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn nobody_hears_a_password_or_an_address_in_the_clear() {
    for encryption in [Encryption::StartTls, Encryption::Implicit] {
        let server = Server::start(&[]).await;
        let error = server.client(encryption, Some(login())).send(&mail(), "ntf_1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }),
            "{encryption:?}: {error:?}"
        );
        for word in ["AUTH", "MAIL", "RCPT", "awa@"] {
            assert!(!server.heard().contains(word), "{encryption:?}: {}", server.heard());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_message_id_is_not_sent() {
    let server = Server::start(&[]).await;
    for reference in ["", "a b", "a@b", "a\r\nBcc: all@example.sn"] {
        let error = server.plain().send(&mail(), reference).await.unwrap_err();
        assert_eq!(error.refusal(), Some("invalid-identifier"), "{reference:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_server_in_trouble_is_left_alone_and_one_that_refuses_is_well() {
    let server = Server::start(&[("RCPT", "550 no such user")]).await;
    let smtp = server.plain();
    for _ in 0..6 {
        smtp.send(&mail(), "ntf_1").await.unwrap_err();
    }
    assert_eq!(smtp.breaker(), BreakerState::Closed);
    server.answers(&[("", CUT)]);
    for _ in 0..5 {
        smtp.send(&mail(), "ntf_1").await.unwrap_err();
    }
    assert_eq!(smtp.breaker(), BreakerState::Open);
    let before = server.connections();
    let error = smtp.send(&mail(), "ntf_1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { sent: Sent::No, .. }), "{error:?}");
    assert_eq!(server.connections(), before);
}
