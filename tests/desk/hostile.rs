//! Visitors who mean no good, or who are many: the desk goes on for everybody else.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;

use super::client::{Browser, DeskOfNight, PASSWORD, held_night};
use super::uploads::bring;

/// What keeps a server waiting: nothing, half a head, half a form, a page that nobody reads.
const SLOW: [&str; 4] = [
    "",
    "GET /signin HTTP/1.1\r\nhost: 127.0",
    "POST /signin HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 900\r\n\r\nname=",
    "GET /style.css HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
];

/// Otherwise somebody with two hundred connections, or a scanner, keeps the biller from the invoices.
#[test]
fn slow_visitors_keep_nobody_from_the_desk() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let slow: Vec<TcpStream> = SLOW
        .iter()
        .cycle()
        .take(200)
        .map(|said| {
            let mut stream = TcpStream::connect(("127.0.0.1", desk.port)).expect("a connection");
            stream.write_all(said.as_bytes()).expect("sent");
            stream
        })
        .collect();
    assert_eq!(dana.get("/").status, 200);
    drop(slow);
    desk.close();
}

/// Otherwise a Monday morning on which everybody looks takes the desk down.
#[test]
fn two_hundred_at_once_are_all_answered() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let dana = desk.person("dana", "operator");
    let visitor = |number: usize| {
        let (mut browser, path) = match number % 2 {
            0 => (dana.clone(), "/"),
            _ => (desk.browser(), "/signin"),
        };
        thread::spawn(move || (path, browser.get(path).status))
    };
    let all: Vec<_> = (0..200).map(visitor).collect();
    for one in all {
        let (path, status) = one.join().expect("an answer");
        assert_eq!(status, 200, "{path}");
    }
    desk.close();
}

/// As many passwords as somebody likes are hashed two at a time; the others wait, and nothing runs out of memory.
#[test]
fn many_sign_ins_at_once_let_the_right_one_in() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    desk.person("dana", "operator");
    let guess = |number: usize| {
        let mut browser = desk.browser();
        thread::spawn(move || browser.sign_in(&format!("nobody{number}"), "not the password").status)
    };
    let guesses: Vec<_> = (0..40).map(guess).collect();
    for one in guesses {
        let status = one.join().expect("an answer");
        assert!(status == 401 || status == 429, "{status}");
    }
    assert_eq!(desk.browser().get("/signin").status, 200);
    desk.close();
}

/// Otherwise a form of yesterday's session, or of somebody else's, would still do something.
#[test]
fn a_token_is_good_for_its_own_session_alone() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let stale = dana.get("/").token();
    assert_eq!(dana.sign_in("dana", PASSWORD).status, 303);
    let start = |browser: &mut Browser, token: &str| browser.post("/runs/start", &[("kind", "dry"), ("csrf", token)]);
    assert_eq!(start(&mut dana, &stale).status, 403, "a token of the session before is taken");
    let cookie = dana.session();
    assert_eq!(start(&mut dana, &cookie).status, 403, "the cookie itself is taken for a token");
    let history = night.recount(&["history", "--json"]).exits(0).out;
    desk.close();
    assert_eq!(night.recount(&["history", "--json"]).exits(0).out, history, "a run was begun");
}

/// Files that are made to cost much: each is read up to its fault, refused, and forgotten. (64 MiB of each were tried by hand.)
#[test]
fn a_large_hostile_file_is_refused_and_the_desk_goes_on() {
    const LARGE: usize = 2 << 20;
    // Each profile that the program knows looks at it, and this is not the optimised program.
    const DEEP: usize = 1 << 17;
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let packed = |pattern: &[u8], times: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        (0..times).for_each(|_| packed.write_all(pattern).expect("packed"));
        packed.finish().expect("packed")
    };
    let entities = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;&x;&x;&x;&x;\">]><a><b>&y;</b></a>";
    let cases: [(&str, Vec<u8>); 7] = [
        ("nul.csv", vec![0; LARGE]),
        ("deep.json", vec![b'['; DEEP]),
        ("deep.xml", b"<a>".repeat(DEEP / 3)),
        ("open.csv", [b"Account,Product,Quantity\n\"".to_vec(), vec![b'a'; DEEP]].concat()),
        ("cells.csv", [b"Account,Product,Quantity\n".to_vec(), vec![b','; DEEP]].concat()),
        ("entities.xml", entities.as_bytes().to_vec()),
        ("bomb.csv.gz", packed(&vec![b'\n'; 1 << 20], 2)),
    ];
    for (name, content) in cases {
        let brought = bring(&mut dana, name, &content);
        assert!(brought.status == 303 || brought.status == 422, "{name}: {} {}", brought.status, brought.body);
        let page = dana.get("/export");
        assert_eq!(page.status, 200, "{name}");
        assert!(!page.body.contains("/state/") && page.body.len() < 200_000, "{name}: {}", page.body.len());
        assert!(!page.body.contains("/export/keep"), "{name} can be kept: {}", page.body);
    }
    assert_eq!(dana.get("/").status, 200);
    desk.close();
}
