//! The mail server, word by word.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use wolo_sandbox::faults::Fault;
use wolo_sandbox::inbox::{Inbox, State};
use wolo_sandbox::smtp::{FaultRule, Options, Smtp, Step};

use crate::facts::SOON;

const MAIL: &str = "Message-ID: <ntf_1@wolo.example>\r\n\
    From: WOLO <bonjour@wolo.example>\r\n\
    To: awa@example.sn\r\n\
    Subject: =?utf-8?B?QmllbnZlbnVlIMOgIHRvaQ==?=\r\n\
    List-Unsubscribe: <https://wolo.example/u/1>\r\n\
    List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\
    \r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour\r\n..Awa\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour</p>\r\n--b--\r\n";

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connected(smtp: &Smtp) -> Self {
        Self(BufReader::new(TcpStream::connect(smtp.address()).await.unwrap()))
    }

    /// Has been greeted and has said hello.
    async fn at(smtp: &Smtp) -> Self {
        let mut client = Self::connected(smtp).await;
        assert!(client.hears().await.starts_with("220 "));
        assert!(client.asks("EHLO wolo.example").await.contains("250"));
        client
    }

    /// A whole answer; the empty text is the end of the line.
    async fn hears(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap_or_default();
            answer.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return answer;
            }
        }
    }

    async fn says(&mut self, words: &str) {
        self.0.write_all(words.as_bytes()).await.unwrap();
    }

    async fn asks(&mut self, words: &str) -> String {
        self.says(&format!("{words}\r\n")).await;
        self.hears().await
    }

    /// Everything up to the text of a mail.
    async fn addresses(&mut self, to: &str) {
        assert!(self.asks("MAIL FROM:<bonjour@wolo.example>").await.starts_with("250 "));
        assert!(self.asks(&format!("RCPT TO:<{to}>")).await.starts_with("250 "));
        assert!(self.asks("DATA").await.starts_with("354 "));
    }

    async fn sends(&mut self, to: &str, mail: &str) -> String {
        self.addresses(to).await;
        self.asks(&format!("{mail}.")).await
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_and_lies_in_the_inbox() {
    let inbox = Inbox::start(0).await.unwrap();
    let smtp = Smtp::start(Options { inbox: inbox.slot(), ..Options::default() }).await.unwrap();
    let mut client = Client::at(&smtp).await;
    assert!(client.sends("awa@example.sn", MAIL).await.starts_with("250 "));
    let kept = smtp.look(|book| book.mails_called("ntf_1@wolo.example").next().cloned()).unwrap();
    assert_eq!(
        (kept.from.as_str(), kept.to.as_slice()),
        ("bonjour@wolo.example", &["awa@example.sn".to_owned()][..])
    );
    assert_eq!((kept.subject.as_str(), kept.text.trim_end()), ("Bienvenue à toi", "Bonjour\r\n.Awa"));
    assert_eq!(kept.raw, MAIL.replace("..Awa", ".Awa"));

    let arrived = inbox.wait_for("awa@example.sn", SOON, |messages| messages.first().cloned()).await.unwrap();
    assert_eq!((arrived.carrier, arrived.state), (Some("SMTP"), State::Delivered));
    assert_eq!(arrived.html.as_deref().map(str::trim_end), Some("<p>Bonjour</p>"));
    assert_eq!(arrived.buttons.len(), 1, "mails that can be ended in one click show it");

    // A second mail on the same line, and no HTML made of plain words.
    let plain = "Subject: x\r\n\r\nrien\r\n";
    assert!(client.sends("awa@example.sn", plain).await.starts_with("250 "));
    assert_eq!(smtp.look(|book| book.mails()[1].html.clone()), None);
    assert!(client.asks("QUIT").await.starts_with("221 ") && client.hears().await.is_empty());
}

#[tokio::test]
async fn dots_and_lines_come_through_however_they_are_cut() {
    let smtp = Smtp::start(Options::default()).await.unwrap();
    let mut client = Client::at(&smtp).await;
    client.addresses("awa@example.sn").await;
    for byte in "..begins with a dot: x\r\n\r\n..\r\n...a\r\nb.\n.\nc\r\n.\r".bytes() {
        client.0.write_all(&[byte]).await.unwrap();
        client.0.flush().await.unwrap();
    }
    client.says("\nNOOP\r\nQUIT\r\n").await;
    let answers = [client.hears().await, client.hears().await, client.hears().await];
    assert_eq!(answers.each_ref().map(|answer| &answer[..3]), ["250", "250", "221"]);
    assert_eq!(
        smtp.look(|book| book.mails()[0].raw.clone()),
        ".begins with a dot: x\r\n\r\n.\r\n..a\r\nb.\n.\nc\r\n"
    );

    let mut client = Client::at(&smtp).await;
    let refused = client.sends("awa@example.sn", "").await;
    assert!(refused.starts_with("554 5.6.0"), "an empty mail ends too: {refused}");
}

#[tokio::test]
async fn what_comes_at_the_wrong_time_or_is_not_spoken_is_refused() {
    let smtp = Smtp::start(Options::default()).await.unwrap();
    let mut client = Client::connected(&smtp).await;
    client.hears().await;
    for (words, answer) in [
        ("MAIL FROM:<a@wolo.example>", "503"),
        ("HELO wolo.example", "250"),
        ("RCPT TO:<awa@example.sn>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<a@wolo.example>", "250"),
        ("MAIL FROM:<a@wolo.example>", "503"),
        ("DATA", "503"),
        ("RSET", "250"),
        ("MAIL FROM:<a@wolo.example>", "250"),
        ("RCPT TO:awa", "501"),
        ("STARTTLS", "502"),
        ("VRFY awa", "252"),
        ("HOW ARE YOU", "500"),
        ("NOOP", "250"),
        ("QUIT", "221"),
    ] {
        let said = client.asks(words).await;
        assert!(said.starts_with(answer), "{words}: {said}");
    }
    let mut client = Client::at(&smtp).await;
    client.says(&"x".repeat(10_000)).await;
    assert!(client.asks("").await.starts_with("500"));
    assert!(smtp.look(|book| book.mails().is_empty()));
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_read_to_its_end_and_refused() {
    let smtp = Smtp::start(Options { largest: 1_000, ..Options::default() }).await.unwrap();
    let mut client = Client::at(&smtp).await;
    assert!(client.asks("MAIL FROM:<a@wolo.example> SIZE=1001").await.starts_with("552 5.3.4"));
    let large = format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(100_000));
    assert!(client.sends("awa@example.sn", &large).await.starts_with("552 5.3.4"));
    assert!(client.sends("awa@example.sn", "Subject: x\r\n\r\nsmall\r\n").await.starts_with("250"));
    assert_eq!(smtp.look(|book| book.mails().len()), 1);
}

#[tokio::test]
async fn who_must_log_in_does_so_with_the_right_words() {
    let login = Some(("apikey".to_owned(), "SG.1".to_owned()));
    let smtp = Smtp::start(Options { login, ..Options::default() }).await.unwrap();
    let mut client = Client::connected(&smtp).await;
    client.hears().await;
    assert!(client.asks("EHLO wolo.example").await.contains("AUTH PLAIN"));
    assert!(client.asks("MAIL FROM:<a@wolo.example>").await.starts_with("530"));
    let plain = |password: &str| format!("AUTH PLAIN {}", STANDARD.encode(format!("\0apikey\0{password}")));
    assert!(client.asks(&plain("SG.2")).await.starts_with("535"));
    assert!(client.asks(&plain("SG.1")).await.starts_with("235"));
    assert!(client.asks("MAIL FROM:<a@wolo.example>").await.starts_with("250"));
}

#[tokio::test]
async fn addresses_do_what_they_begin_with_and_nobody_is_reached_when_it_is_off() {
    let smtp = Smtp::start(Options::default()).await.unwrap();
    let mut client = Client::at(&smtp).await;
    client.asks("MAIL FROM:<a@wolo.example>").await;
    let mut answer = async |to: &str| client.asks(&format!("RCPT TO:<{to}>")).await[..9].to_owned();
    assert_eq!(answer("bounce@example.sn").await, "550 5.1.1");
    assert_eq!(answer("full+awa@example.sn").await, "552 5.2.2");
    assert_eq!(answer("block@example.sn").await, "554 5.7.1");
    assert_eq!(answer("defer@example.sn").await, "451 4.7.1");
    assert_eq!(answer("defer@example.sn").await, "250 2.1.5");
    assert_eq!(answer("bounced@example.sn").await, "250 2.1.5");
    smtp.switch(true);
    assert_eq!(answer("awa@example.sn").await, "552 5.2.2");
    smtp.switch(false);
    assert_eq!(answer("awa@example.sn").await, "250 2.1.5");
}

#[tokio::test]
async fn faults_refuse_at_their_step_and_a_lost_reply_after_the_text_has_taken_the_mail() {
    let smtp = Smtp::start(Options::default()).await.unwrap();
    let fault = |step, fault| smtp.fault(FaultRule::once(step, fault));
    let mail = "Subject: x\r\n\r\nx\r\n";
    fault(Step::Greeting, Fault::Refused { status: 421, code: "4.3.2".to_owned() });
    let mut turned_away = Client::connected(&smtp).await;
    assert!(turned_away.hears().await.starts_with("421") && turned_away.hears().await.is_empty());
    fault(Step::From, Fault::TooManyRequests { retry_after: None });
    fault(Step::To, Fault::Refused { status: 550, code: "5.1.1".to_owned() });
    fault(Step::Data, Fault::ErrorBefore { status: 451 });
    let mut client = Client::at(&smtp).await;
    assert!(client.asks("MAIL FROM:<a@wolo.example>").await.starts_with("451 4.7.0"));
    client.asks("MAIL FROM:<a@wolo.example>").await;
    assert!(client.asks("RCPT TO:<awa@example.sn>").await.starts_with("550 5.1.1"));
    client.asks("RCPT TO:<awa@example.sn>").await;
    assert!(client.asks("DATA").await.starts_with("451"));
    let count = || smtp.look(|book| book.mails().len());
    fault(Step::Text, Fault::ErrorAfter { status: 451 });
    assert!(client.sends("awa@example.sn", mail).await.starts_with("451") && count() == 1);
    fault(Step::Text, Fault::LostRequest);
    assert!(client.sends("awa@example.sn", mail).await.is_empty() && count() == 1);
    let about = "ntf_9";
    smtp.fault(FaultRule::once(Step::Text, Fault::LostReply).about(about));
    let mut client = Client::at(&smtp).await;
    assert!(client.sends("awa@example.sn", mail).await.starts_with("250") && count() == 2);
    let named = format!("Message-ID: <{about}@wolo.example>\r\n{mail}");
    assert!(client.sends("awa@example.sn", &named).await.is_empty());
    smtp.wait_for(|book| (book.mails().len() == 3).then_some(()), SOON).await.unwrap();
    assert!(!smtp.remove_fault(1), "what was used up is gone");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_left_and_the_end_waits_for_nobody() {
    let smtp =
        Smtp::start(Options { patience: Duration::from_millis(50), ..Options::default() }).await.unwrap();
    let mut silent = Client::connected(&smtp).await;
    let mut heard = String::new();
    silent.0.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "220 localhost ESMTP\r\n");
    let smtp = Smtp::start(Options::default()).await.unwrap();
    smtp.fault(FaultRule::once(Step::From, Fault::StalledReply));
    let mut client = Client::at(&smtp).await;
    client.says("MAIL FROM:<a@wolo.example>\r\n").await;
    tokio::time::timeout(SOON, smtp.shutdown()).await.unwrap();
    assert!(client.hears().await.is_empty());
}
