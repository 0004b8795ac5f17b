//! Who is told of a night: mail, webhook and ping arrive whole at real servers, and no server can harm a night.

mod chat;
mod mail;
mod slow;
pub(crate) mod smtp;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One request that a small server got.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// Method and path.
    pub(crate) target: String,
    pub(crate) body: String,
}

/// A server that keeps every request and answers all of them alike. It lives as long as the test's process.
pub(crate) struct Listener {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    answer: Arc<Mutex<&'static str>>,
}

/// It was taken.
pub(crate) const OK: &str = "HTTP/1.1 200 OK";

impl Listener {
    /// Answers with this status line and these headers.
    pub(crate) fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let answer = Arc::new(Mutex::new(answer));
        let given = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let kept = Arc::clone(&kept);
                let answer = *given.lock().expect("nobody panics here");
                thread::spawn(move || answer_one(stream, answer, &kept));
            }
        });
        Self { port, heard, answer }
    }

    /// From now on it answers like this.
    pub(crate) fn answer(&self, answer: &'static str) {
        *self.answer.lock().expect("nobody panics here") = answer;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("nobody panics here").clone()
    }

    /// What was heard so far is another test's matter.
    pub(crate) fn forget(&self) {
        self.heard.lock().expect("nobody panics here").clear();
    }
}

fn answer_one(mut stream: TcpStream, answer: &str, kept: &Mutex<Vec<Heard>>) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let target = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
                kept.lock().expect("nobody panics here").push(Heard { target, body: body.to_owned() });
                let _ =
                    stream.write_all(format!("{answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
}
