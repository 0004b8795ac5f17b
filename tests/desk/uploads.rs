//! A file that somebody brings: looked at first, kept only when that person says so, and never trusted.

use super::client::{Answer, Browser, DeskOfNight, held_night};
use crate::support::Night;

const FILE: &str = "Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n";
const EDGE: &str = "----edge";

/// A form with a file, as a browser sends it.
fn send(browser: &mut Browser, (token, name): (&str, &str), content: &[u8]) -> Answer {
    let mut body = Vec::new();
    let field = format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n");
    let file = format!(
        "--{EDGE}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: text/csv\r\n\r\n"
    );
    body.extend_from_slice(field.as_bytes());
    body.extend_from_slice(file.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{EDGE}--\r\n").as_bytes());
    browser.send("/export/read", &format!("multipart/form-data; boundary={EDGE}"), &body)
}

pub(super) fn bring(browser: &mut Browser, name: &str, content: &[u8]) -> Answer {
    let token = browser.get("/export").token();
    send(browser, (&token, name), content)
}

/// Presses a button about the file that somebody looks at, as the page has it.
fn press(browser: &mut Browser, deed: &str, integration: &str) -> Answer {
    let page = browser.get("/export");
    let shown = match page.body.split_once("id=\"pre\"") {
        Some((_, file)) => Answer { status: 200, head: String::new(), body: file.to_owned() }.field("shown"),
        None => String::new(),
    };
    browser.press("/export", &format!("/export/{deed}"), &[("integration", integration), ("shown", &shown)])
}

fn kept(night: &Night) -> Vec<String> {
    let folder = night.path("state/uploads/mail");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Otherwise whoever brings a file learns only by a trial that half of it is missing; or takes an older export for the newest one.
#[test]
fn what_guards_measure_stands_there_before_anybody_asks() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let asked = night.sim().requests().len();
    let page = dana.get("/export").body;
    assert!(page.contains("looked at its newest export") && page.contains("the export is "), "{page}");
    bring(&mut dana, "part.csv", b"Account,Product,Quantity\nAcme,CloudFilter,3\n");
    let page = dana.get("/export").body;
    let guards = page.split("id=\"pre\"").nth(1).expect("the file");
    assert!(guards.contains("0 of 1 rows could not be read"), "{page}");
    assert!(guards.contains("<b>export fewer rows: </b>rows since run ") && guards.contains(" → 1 ("), "{page}");
    assert_eq!(night.sim().requests().len(), asked, "ConnectWise was asked for a page");

    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\n");
    night.recount(&["run"]).exits(11);
    let page = dana.get("/export").body;
    let newest = page.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).expect("the newest");
    assert!(newest.contains(">refused<"), "the export before is told as the newest: {page}");
    assert!(page.contains("<details class=\"fold\" open>") && page.contains("export fewer rows"), "{page}");
    desk.close();
}

/// Otherwise a vendor whose file is downloaded by hand needs somebody with a shell each month; or a file is billed that
/// nobody has looked at.
#[test]
fn a_file_is_looked_at_and_kept_as_tonights_export() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let brought = bring(&mut dana, "../../etc/usage <script>.csv", FILE.as_bytes());
    assert_eq!((brought.status, brought.header("location")), (303, Some("/export#pre")), "{}", brought.body);
    let page = dana.get("/export").body;
    assert!(page.contains("usage &lt;script&gt;.csv") && page.contains("2 of 2 rows"), "{page}");
    assert!(page.contains("Counts that differ") && page.contains("<b>4</b>"), "{page}");
    assert!(!desk.person("priya", "operator").get("/export").body.contains("usage &lt;script"), "others see it");
    let tried = press(&mut dana, "try", "mail");
    assert!(tried.status == 200 && tried.body.contains("Acme"), "{}", tried.body);
    assert!(!tried.body.contains("Would be held"), "{}", tried.body);
    bring(&mut dana, "usage.csv", b"Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,9\n");
    let tried = press(&mut dana, "try", "mail");
    let waits = tried.body.split_once("Would be held").unwrap_or_else(|| panic!("{}", tried.body)).1;
    assert!(waits.contains("Acme · MP-CLOUDFILTER") && waits.contains("3 → 0"), "{}", tried.body);
    bring(&mut dana, "usage <script>.csv", FILE.as_bytes());
    assert!(kept(&night).is_empty(), "looking kept it");
    assert_eq!(press(&mut dana, "keep", "../mail").status, 404);
    let done = press(&mut dana, "keep", "mail");
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(kept(&night).len(), 1);
    assert_eq!(press(&mut dana, "keep", "mail").status, 409, "kept twice");
    let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
    assert_eq!(read["customers"]["Acme"]["CloudFilter"], 4, "{read}");
    night.export_aged("Account,Product,Quantity\nAcme,CloudFilter,9\n", std::time::Duration::ZERO);
    let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
    assert_eq!(read["customers"]["Acme"]["CloudFilter"], 9, "a newer file of the vendor is not read: {read}");
    let audit = dana.get("/audit").body;
    assert!(audit.contains("brought a file") && audit.contains("kept a file as an export"), "{audit}");
    desk.close();
}

/// Otherwise a file could stop the desk, fill the disk, or say something in the page's name.
#[test]
fn a_hostile_file_is_refused_and_nothing_of_it_stays() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let nul = vec![0_u8; 1 << 16];
    let deep = vec![b'['; 1 << 20];
    let zeros = {
        use std::io::Write as _;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        for _ in 0..200 {
            packed.write_all(&vec![b'a'; 1 << 20]).expect("packed");
        }
        packed.finish().expect("packed")
    };
    let cases: [(&str, &[u8]); 7] = [
        ("nul.csv", &nul),
        ("deep.json", &deep),
        ("bomb.csv.gz", &zeros),
        ("open.csv", b"Account,Product,Quantity\n\"Acme,CloudFilter,4\n"),
        ("html.csv", b"<html><script>alert(1)</script></html>"),
        ("zip.xlsx", b"PK\x03\x04not a workbook"),
        ("other.csv", b"A,B\n1,2\n"),
    ];
    for (name, content) in cases {
        assert_eq!(bring(&mut dana, name, content).status, 303, "{name}");
        let page = dana.get("/export");
        assert_eq!(page.status, 200, "{name}");
        assert!(page.body.contains("NOT READ"), "{name}: {}", page.body);
        assert!(!page.body.contains("<script>") && !page.body.contains("/state/"), "{name}: {}", page.body);
        let refused = press(&mut dana, "try", "mail");
        assert!(refused.status == 200 && refused.body.contains("Nothing was written"), "{name}: {}", refused.body);
    }
    assert_eq!(press(&mut dana, "forget", "").status, 303);
    assert!(!dana.get("/export").body.contains("NOT READ"));
    assert_eq!(bring(&mut dana, "empty.csv", b"").status, 422);
    desk.close();
}

/// Otherwise whoever reaches the port could fill the disk.
#[test]
fn nothing_is_received_from_whom_it_is_not_meant() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (mut viewer, mut operator) = (desk.person("vera", "viewer"), desk.person("otto", "operator"));
    let (of_viewer, of_operator) = (viewer.get("/").token(), operator.get("/").token());
    assert_eq!(send(&mut desk.browser(), (&of_operator, "a.csv"), FILE.as_bytes()).status, 401);
    assert_eq!(send(&mut viewer, (&of_viewer, "a.csv"), FILE.as_bytes()).status, 403);
    for token in ["", &of_viewer] {
        assert_eq!(send(&mut operator, (token, "a.csv"), FILE.as_bytes()).status, 403);
    }
    let staged = std::fs::read_dir(night.path("state/uploads/.staged")).into_iter().flatten().count();
    assert_eq!(staged, 0, "something was kept of a form that was refused");
    let too_large = vec![b'a'; (64 << 20) + 1];
    let refused = send(&mut operator, (&of_operator, "big.csv"), &too_large);
    assert_eq!(refused.status, 422, "{}", refused.body);
    let staged: Vec<_> = std::fs::read_dir(night.path("state/uploads/.staged")).expect("a folder").collect();
    assert!(staged.is_empty(), "{staged:?}");
    desk.close();
}

/// Otherwise what was looked at as one service is refused by the night, or billed as another one: the name of the file says
/// which service it is. And what nobody needs any more stays on the disk for ever.
#[test]
fn a_kept_file_is_read_by_the_name_that_it_was_brought_by() {
    let night = Night::new();
    night.approve();
    night.config("export", "path = \"exports/usage.*.csv\"");
    night.config(
        "export",
        "columns = { customer = \"Account\", service = { file = '^usage\\.(.+)\\.csv$' }, count = \"Quantity\" }",
    );
    night.config("services", "\"Öffice [A] & *\" = { product = \"MP-ARCHIVE\" }");
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    for (service, count) in [("CloudFilter", 4), ("Öffice [A] & *", 6)] {
        let name = format!("usage.{service}.csv");
        let file = format!("Account,Quantity\nAcme,{count}\nBorealis,5\n");
        assert_eq!(bring(&mut dana, &name, file.as_bytes()).status, 303, "{name}");
        let page = dana.get("/export").body;
        assert!(page.contains("2 of 2 rows") && page.contains("Keep it"), "{name}: {page}");
        assert_eq!(press(&mut dana, "keep", "mail").status, 303, "{name}");
        let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
        assert_eq!(read["customers"]["Acme"][service], count, "{name}: {read}");
    }
    let folders = kept(&night);
    assert_eq!(folders.len(), 2, "one took the other's place: {folders:?}");
    desk.close();

    let old = std::time::SystemTime::UNIX_EPOCH;
    for folder in &folders {
        for file in std::fs::read_dir(night.path("state/uploads/mail").join(folder)).expect("a folder") {
            let file = file.expect("a file").path();
            std::fs::File::options().write(true).open(file).and_then(|file| file.set_modified(old)).expect("a time");
        }
    }
    night.run();
    let left: Vec<String> = kept(&night)
        .iter()
        .flat_map(|folder| {
            let entries =
                std::fs::read_dir(night.path("state/uploads/mail").join(folder)).into_iter().flatten().flatten();
            entries.map(|entry| entry.path().display().to_string())
        })
        .collect();
    assert!(left.is_empty(), "what is older than `keep` is still there: {left:?}");
}

/// Otherwise the button beside one file keeps another one that came since, and that one is billed.
#[test]
fn what_is_kept_tried_or_forgotten_is_the_file_that_was_shown() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    bring(&mut dana, "right.csv", FILE.as_bytes());
    let right = dana.get("/export").field("shown");
    // The same name and the same length: only the bytes tell them apart.
    let wrong = FILE.replace(",5", ",9");
    bring(&mut dana, "right.csv", wrong.as_bytes());
    for deed in ["keep", "try", "forget"] {
        for shown in [right.as_str(), ""] {
            let path = format!("/export/{deed}");
            let refused = dana.press("/export", &path, &[("integration", "mail"), ("shown", shown)]);
            assert_eq!(refused.status, 409, "{deed} {shown:?}: {}", refused.body);
            assert!(refused.body.contains("the file that you look at now is right.csv"), "{deed}: {}", refused.body);
        }
    }
    assert!(kept(&night).is_empty(), "another file was kept than the one that was shown");
    bring(&mut dana, "other.csv", wrong.as_bytes());
    let refused = dana.press("/export", "/export/keep", &[("integration", "mail"), ("shown", &right)]);
    assert!(refused.body.contains("right.csv") && refused.body.contains("other.csv"), "{}", refused.body);
    assert!(dana.get("/export").body.contains("other.csv"), "it was forgotten");
    assert_eq!(press(&mut dana, "keep", "mail").status, 303);
    let audit = dana.get("/audit").body;
    assert!(audit.contains("other.csv for mail"), "{audit}");
    desk.close();
}

/// Otherwise a wrong file that was kept is billed in the night, no page names it, and only who has a shell can take it away.
#[test]
fn a_kept_file_is_named_before_the_night_and_can_be_taken_back() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let (mut dana, mut vera) = (desk.person("dana", "operator"), desk.person("vera", "viewer"));
    for (name, content) in [("first.csv", FILE.to_owned()), ("wrong.csv", FILE.replace(",5", ",500"))] {
        bring(&mut dana, name, content.as_bytes());
        let done = press(&mut dana, "keep", "mail");
        let page = dana.get(done.header("location").expect("a page")).body;
        assert!(page.contains("Kept.") && page.contains(&format!("{name} is read by the next night")), "{page}");
    }
    for address in ["/", "/plan", "/export"] {
        let page = vera.get(address).body;
        assert!(page.contains("wrong.csv") && page.contains("by dana"), "{address} does not name it: {page}");
    }
    let page = vera.get("/export");
    assert!(page.body.contains("504 units"), "nothing says what it comes to: {}", page.body);
    assert!(!page.body.contains("/export/take-back"), "a viewer may take it back");
    let mut otto = desk.person("otto", "operator");
    let shown = otto.get("/export").field("shown");
    let fields = [("integration", "mail"), ("shown", shown.as_str())];
    assert_eq!(vera.press("/", "/export/take-back", &fields).status, 403);
    assert_eq!(otto.press("/", "/export/take-back", &[("integration", "mail"), ("shown", "")]).status, 409);
    let done = otto.press("/", "/export/take-back", &fields);
    assert_eq!(done.status, 303, "{}", done.body);
    let page = otto.get(done.header("location").expect("a page")).body;
    assert!(page.contains("Taken back.") && page.contains("first.csv, which was kept before"), "{page}");
    assert!(!page.contains("wrong.csv"), "{page}");
    let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
    assert_eq!(read["customers"]["Borealis"]["CloudFilter"], 5, "the night reads it all the same: {read}");

    // Somebody else's page still shows the one that is gone.
    let refused = dana.press("/", "/export/take-back", &fields);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("the next night of mail reads first.csv"), "{}", refused.body);
    let audit = dana.get("/audit").body;
    assert!(audit.contains("took back a kept file") && audit.contains("wrong.csv for mail, kept by dana"), "{audit}");
    let stays = kept(&night).into_iter().filter(|folder| folder.starts_with(".taken-back-")).count();
    assert_eq!(stays, 1, "what a run may have read is gone from the disk");

    let shown = otto.get("/export").field("shown");
    assert_eq!(otto.press("/", "/export/take-back", &[("integration", "mail"), ("shown", &shown)]).status, 303);
    assert!(!otto.get("/").body.contains("brought by hand"), "nothing of it is left");
    let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
    assert_eq!(read["customers"]["Borealis"]["CloudFilter"], 7, "the vendor's own file is not read: {read}");
    desk.close();
}
