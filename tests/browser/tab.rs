//! The tab in ConnectWise, in a frame of a window that plays ConnectWise's part, from another origin.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use recount_sim::{Member, member_hash};

use crate::axe::checked;
use crate::chrome::{Chrome, address, browse};
use crate::client::{DeskOfNight, decided, handle, held_night};
use crate::support::Night;

/// ConnectWise's window: a page with the tab in a frame, which answers as the hosted API does.
const WINDOW: &str = r#"<!doctype html><html lang="en"><title>Company</title><iframe title="recount" width="900" height="700" src="SOURCE"></iframe>
<script>
  const frame = document.querySelector("iframe");
  window.heard = [];
  window.addEventListener("message", (event) => {
    const said = JSON.parse(event.data);
    window.heard.push(said);
    const tell = (message) => event.source.postMessage(JSON.stringify(message), event.origin);
    if (said.message === "ready") {
      tell({ MessageFrameID: "frame-1" });
      tell({ event: "onLoad", _id: 7, screenObject: { screen: "company", id: 1, hostedAs: "tab" } });
    }
    if (said.request === "getMemberAuthentication" && said.frameID === "frame-1") {
      tell({ response: "getmemberauthentication", data: { site: "x", companyid: "examplemsp", memberid: "jdoe", memberHash: "PROOF", memberContext: "c-1" } });
    }
  });
</script></html>"#;

/// A site of its own that serves one page for as long as the test goes on.
struct Site {
    listener: TcpListener,
}

impl Site {
    fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").expect("a port") }
    }

    fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.listener.local_addr().expect("an address").port())
    }

    fn serve(self, page: &str) {
        let page = page.to_owned();
        std::thread::spawn(move || {
            for stream in self.listener.incoming().flatten() {
                answered(stream, &page);
            }
        });
    }
}

fn answered(mut stream: TcpStream, page: &str) {
    let mut heard = [0; 4096];
    let _ = stream.read(&mut heard);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close";
    let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{page}", page.len());
}

fn night_with_a_tab(origin: &str) -> Night {
    let night = held_night();
    night.append(&format!(
        "\n[desk]\nurl = \"http://127.0.0.1:1/\"\n\n[desk.tab]\norigins = [\"{origin}\"]\nmembers = [\"jdoe\"]\n"
    ));
    night.sim().edit(|world| {
        let (first_name, last_name) = (String::new(), String::new());
        world.members.push(Member { id: 71, identifier: "jdoe".to_owned(), first_name, last_name });
    });
    night
}

fn window(source: &str, proof: &str) -> String {
    WINDOW.replace("SOURCE", source).replace("PROOF", proof)
}

async fn go(chrome: &Chrome, origin: &str) {
    chrome.driver.goto(origin).await.expect("the window");
    chrome.driver.enter_frame(0).await.expect("the frame");
}

/// Otherwise the console in ConnectWise stays empty, shows another customer, or lets somebody decide in a frame.
#[test]
fn the_tab_is_shown_in_a_frame_of_the_named_origin_to_read() {
    let site = Site::new();
    let origin = site.origin();
    let night = night_with_a_tab(&origin);
    let desk = DeskOfNight::open(&night);
    let source = format!("{}/tab?id=1&screen=company", address(&desk));
    site.serve(&window(&source, &member_hash("jdoe", "c-1")));
    let zero = handle(&night, "to-zero");
    browse(&address(&desk), async |chrome| {
        for (width, dark) in [(1280, false), (1280, true), (390, false), (390, true)] {
            chrome.window(width, 900).await;
            chrome.dark(dark).await;
            go(chrome, &origin).await;
            chrome.sees("Billed by recount").await;
            chrome.sees("MP-CLOUDFILTER").await;
            assert_eq!(checked(chrome).await, Vec::<String>::new(), "at {width}, dark: {dark}");
            let text = chrome.text().await;
            assert!(!text.contains("Borealis"), "another customer: {text}");
            assert_eq!(chrome.count("form, button, input").await, 0, "something can be pressed in the frame");
            let away = format!("a[href='/items/{zero}'][target=_blank]");
            assert_eq!(chrome.count(&away).await, 1, "the answer does not lead to a window of its own");
            assert_eq!(chrome.count("a:not([target=_blank])").await, 0, "a link opens in the frame");
            chrome.driver.enter_default_frame().await.expect("the window");
            let heard = chrome.run("return JSON.stringify(window.heard)").await.to_string();
            assert!(heard.contains("success") && heard.contains("onLoad"), "its event was not answered: {heard}");
        }
        assert_eq!(chrome.complaints().await, Vec::<String>::new());
    });
    assert!(decided(&night).is_empty());
    desk.close();
}

/// Otherwise any site shows what customers are billed inside its own page, and has people click in it.
#[test]
fn no_other_origin_may_frame_the_tab_nor_any_the_desk() {
    let (named, foreign) = (Site::new(), Site::new());
    let (origin, elsewhere) = (named.origin(), foreign.origin());
    let night = night_with_a_tab(&origin);
    let desk = DeskOfNight::open(&night);
    foreign.serve(&window(&format!("{}/tab?id=1&screen=company", address(&desk)), &member_hash("jdoe", "c-1")));
    named.serve(&window(&format!("{}/signin", address(&desk)), ""));
    browse(&address(&desk), async |chrome| {
        for (site, about) in [(&elsewhere, "the tab elsewhere"), (&origin, "the desk itself")] {
            go(chrome, site).await;
            let text = chrome.text().await;
            assert!(!text.contains("recount") && !text.contains("MP-CLOUDFILTER"), "{about}: {text}");
            let said = chrome.complaints().await.join("\n");
            assert!(said.contains("frame-ancestors"), "{about}: {said}");
        }
    });
    desk.close();
}
