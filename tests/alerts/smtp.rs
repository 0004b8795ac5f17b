//! A small real SMTP server: TLS from the first byte or by STARTTLS, AUTH PLAIN or LOGIN, one message a connection.

use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::{TlsAcceptor, rustls};

pub(crate) const TLS_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connectwise/tls");
pub(crate) const USER: &str = "recount@example.com";
pub(crate) const PASSWORD: &str = "CANARY-smtp-9d2e";

static SERVERS: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
});

/// One mail that was taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    /// By which words the sender signed in; empty if it did not.
    pub(crate) login: String,
    /// Whether the connection was encrypted when the message came.
    pub(crate) encrypted: bool,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and body as they came.
    pub(crate) data: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// TLS from the first byte.
    Implicit,
    /// In the clear, with STARTTLS on offer.
    Starttls,
    /// In the clear, without it.
    Clear,
}

pub(crate) struct Smtp {
    pub(crate) port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Smtp {
    /// A server that offers these ways to sign in.
    pub(crate) fn start(greeting: Greeting, auth: &'static str) -> Self {
        let listener = SERVERS.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        SERVERS.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, greeting, auth, Arc::clone(&kept)));
            }
        });
        Self { port, received }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("nobody panics here").clone()
    }

    /// What was received so far is another test's matter.
    pub(crate) fn forget(&self) {
        self.received.lock().expect("nobody panics here").clear();
    }
}

async fn connection(mut stream: TcpStream, greeting: Greeting, auth: &'static str, kept: Arc<Mutex<Vec<Received>>>) {
    match greeting {
        Greeting::Implicit => {
            let Ok(stream) = acceptor().accept(stream).await else { return };
            converse(stream, true, auth, &kept).await;
        }
        Greeting::Clear => converse(stream, false, auth, &kept).await,
        Greeting::Starttls => {
            let mut lines = BufStream::new(&mut stream);
            say(&mut lines, "220 here").await;
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return;
                }
                match line.trim_end() {
                    "STARTTLS" => break,
                    line if line.starts_with("EHLO") => say(&mut lines, "250-here\r\n250 STARTTLS").await,
                    _ => say(&mut lines, "530 first STARTTLS").await,
                }
            }
            say(&mut lines, "220 go on").await;
            drop(lines);
            let Ok(stream) = acceptor().accept(stream).await else { return };
            dialogue(&mut BufStream::new(stream), true, auth, &kept).await;
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    encrypted: bool,
    auth: &str,
    kept: &Mutex<Vec<Received>>,
) {
    let mut lines = BufStream::new(stream);
    say(&mut lines, "220 here").await;
    dialogue(&mut lines, encrypted, auth, kept).await;
}

async fn dialogue<S>(lines: &mut BufStream<S>, encrypted: bool, auth: &str, kept: &Mutex<Vec<Received>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut mail = Received { encrypted, ..Received::default() };
    while let Some(line) = read(lines).await {
        let decoded = |text: &str| String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default();
        if line.starts_with("EHLO") {
            say(lines, &format!("250-here\r\n250 AUTH {auth}")).await;
        } else if line.strip_prefix("AUTH PLAIN ").is_some_and(|word| decoded(word).contains("parrot")) {
            say(lines, &format!("500 5.5.1 unrecognized command: {line} ({PASSWORD})")).await;
        } else if let Some(word) = line.strip_prefix("AUTH PLAIN ") {
            mail.login = format!("PLAIN {}", decoded(word).replace('\0', " ").trim());
            signed_in(lines, &mail.login).await;
        } else if line.starts_with("AUTH LOGIN") {
            say(lines, "334 VXNlcm5hbWU6").await;
            let user = decoded(&read(lines).await.unwrap_or_default());
            say(lines, "334 UGFzc3dvcmQ6").await;
            let password = decoded(&read(lines).await.unwrap_or_default());
            mail.login = format!("LOGIN {user} {password}");
            signed_in(lines, &mail.login).await;
        } else if let Some(from) = line.strip_prefix("MAIL FROM:") {
            mail.from = from.to_owned();
            say(lines, "250 ok").await;
        } else if let Some(to) = line.strip_prefix("RCPT TO:") {
            if to.contains("leaver") {
                say(lines, "550 5.1.1 no such mailbox").await;
            } else {
                mail.to.push(to.to_owned());
                say(lines, "250 ok").await;
            }
        } else if line == "DATA" {
            say(lines, "354 go on").await;
            while let Some(line) = read(lines).await.filter(|line| line != ".") {
                mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.data.push_str("\r\n");
            }
            kept.lock().expect("nobody panics here").push(mail.clone());
            say(lines, "250 taken").await;
        } else if line == "QUIT" && mail.to.iter().any(|to| to.contains("no-goodbye")) {
            // It stays silent until the sender hangs up.
        } else if line == "QUIT" {
            say(lines, "221 bye").await;
            return;
        } else {
            say(lines, "250 ok").await;
        }
    }
}

async fn signed_in<S: AsyncRead + AsyncWrite + Unpin>(lines: &mut BufStream<S>, login: &str) {
    let good = login.ends_with(&format!("{USER} {PASSWORD}"));
    say(lines, if good { "235 welcome" } else { "535 wrong user or password" }).await;
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(lines: &mut BufStream<S>) -> Option<String> {
    let mut line = String::new();
    match lines.read_line(&mut line).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(lines: &mut BufStream<S>, text: &str) {
    let _ = lines.write_all(format!("{text}\r\n").as_bytes()).await;
    let _ = lines.flush().await;
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(format!("{TLS_FOLDER}/server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(format!("{TLS_FOLDER}/server.key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.expect("a configuration")))
}
