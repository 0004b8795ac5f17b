//! A browser in small: cookies, forms and their tokens, and nothing that a person would see.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::support::{Night, Running, wait_until};

pub(crate) const PASSWORD: &str = "eleven purple umbrellas";

/// A desk that is up, over the state of a night.
pub(crate) struct DeskOfNight<'a> {
    pub(crate) night: &'a Night,
    server: Option<Running>,
    pub(crate) port: u16,
}

impl<'a> DeskOfNight<'a> {
    pub(crate) fn open(night: &'a Night) -> Self {
        Self::open_with(night, &[])
    }

    pub(crate) fn open_with(night: &'a Night, more: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let listen = format!("127.0.0.1:{port}");
        let server = night.start(&[&["serve", "--listen", &listen, "--host", "recount.example.com"], more].concat());
        wait_until("the desk listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { night, server: Some(server), port }
    }

    /// A browser without a session.
    pub(crate) fn browser(&self) -> Browser {
        Browser { port: self.port, cookies: BTreeMap::new() }
    }

    /// The link that an administrator hands over.
    pub(crate) fn link(&self, arguments: &[&str]) -> String {
        let said = self.night.recount(arguments).exits(0);
        let at = said.out.find("/welcome/").unwrap_or_else(|| panic!("no link: {}", said.out));
        said.out[at..].split_whitespace().next().expect("a link").to_owned()
    }

    /// Somebody of this role, signed in.
    pub(crate) fn person(&self, name: &str, role: &str) -> Browser {
        let link = self.link(&["users", "add", name, "--role", role]);
        let mut browser = self.browser();
        browser.choose(&link, PASSWORD);
        let come = browser.sign_in(name, PASSWORD);
        assert_eq!(come.status, 303, "{name} cannot sign in: {}", come.body);
        browser
    }

    /// Ends the server as an administrator does.
    pub(crate) fn close(mut self) {
        let server = self.server.take().expect("still there");
        server.signal("TERM");
        self.night.heard(server.end()).exits(0);
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The token of the page's forms.
    pub(crate) fn token(&self) -> String {
        self.field("csrf")
    }

    /// The value of the first hidden field of this name.
    pub(crate) fn field(&self, name: &str) -> String {
        let after = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
        let value = after.and_then(|rest| rest.split('"').next());
        value
            .unwrap_or_else(|| panic!("no field {name}: {}", self.body))
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&")
    }
}

/// Whoever asks.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) port: u16,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// A form with these fields.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")])
    }

    pub(crate) fn post_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask("POST", path, headers, &body)
    }

    /// A form of a page, with the token that the page has.
    pub(crate) fn press(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).token();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", token.as_str())]).collect();
        self.post(path, &fields)
    }

    /// What the form of this page that is sent to this address shows.
    pub(crate) fn shown(&mut self, page: &str, sent_to: &str) -> String {
        let page = self.get(page);
        let form = page.body.split_once(&format!("action=\"{sent_to}\"")).map(|(_, form)| form.to_owned());
        let body = form.unwrap_or_else(|| panic!("no form {sent_to}: {}", page.body));
        Answer { body, ..page }.field("shown")
    }

    /// Presses the Undo of this item on Today.
    pub(crate) fn take_back(&mut self, handle: &str) -> Answer {
        let path = format!("/answers/{handle}/undo");
        let shown = self.shown("/", &path);
        self.press("/", &path, &[("shown", &shown)])
    }

    /// Answers an item as its page shows it.
    pub(crate) fn answer(&mut self, handle: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("/items/{handle}/answer");
        let shown = self.shown(&format!("/items/{handle}"), &path);
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("shown", shown.as_str())]).collect();
        self.press("/", &path, &fields)
    }

    /// What the cookie of the session is called; every desk calls its own another way.
    pub(crate) fn session_cookie(&self) -> String {
        let mut names = self.cookies.keys().filter(|name| name.starts_with("__Host-desk-"));
        names.next().expect("a session").clone()
    }

    pub(crate) fn session(&self) -> String {
        self.cookies[&self.session_cookie()].clone()
    }

    pub(crate) fn choose(&mut self, link: &str, password: &str) -> Answer {
        let token = self.get(link).token();
        self.post(link, &[("csrf", &token), ("password", password), ("again", password)])
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.press("/signin", "/signin", &[("name", name), ("password", password)])
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str(&format!("host: 127.0.0.1:{}\r\n", self.port));
        }
        if !cookies.is_empty() {
            request.push_str(&format!("cookie: {}\r\n", cookies.join("; ")));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method != "GET" {
            let kind = "application/x-www-form-urlencoded";
            request.push_str(&format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        self.heard(&text)
    }

    /// A form of this kind, byte by byte. A server that has heard enough may stop listening.
    pub(super) fn send(&mut self, path: &str, kind: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nconnection: close\r\nhost: 127.0.0.1:{}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            self.port,
            cookies.join("; "),
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        let _ = stream.write_all(body);
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        self.heard(&text)
    }

    fn heard(&mut self, text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let answer = Answer { status, head: head.to_owned(), body: body.to_owned() };
        let set = head.lines().filter_map(|line| line.split_once(": "));
        for (_, cookie) in set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            for said in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(said), "a cookie without {said}: {cookie}");
            }
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            match value {
                "" => _ = self.cookies.remove(name),
                value => _ = self.cookies.insert(name.to_owned(), value.to_owned()),
            }
        }
        answer
    }
}

/// A night that went through, and holds a line that would go to zero and a customer whom nobody has mapped.
pub(crate) fn held_night() -> Night {
    let night = Night::new();
    night.approve();
    night.export(
        "Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,7\n\"<script>x</script> & Co/..\",CloudFilter,1\n",
    );
    night.run().exits(3);
    night
}

/// The handle of the newest plan's item of this code.
pub(crate) fn handle(night: &Night, code: &str) -> String {
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting = held["waiting"].as_array().cloned().unwrap_or_default();
    let found = waiting.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("no {code}: {held:#}"));
    found["handle"].as_str().expect("a handle").to_owned()
}

/// Everything that was decided, as `recount held --all` has it.
pub(crate) fn decided(night: &Night) -> Vec<serde_json::Value> {
    let held = night.recount(&["held", "--all", "--json"]).exits(0).json();
    held["decided"].as_array().cloned().unwrap_or_default()
}
