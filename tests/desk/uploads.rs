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
    let tried = dana.press("/export", "/export/try", &[("integration", "mail")]);
    assert!(tried.status == 200 && tried.body.contains("Acme"), "{}", tried.body);
    assert!(!tried.body.contains("Would be held"), "{}", tried.body);
    bring(&mut dana, "usage.csv", b"Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,9\n");
    let tried = dana.press("/export", "/export/try", &[("integration", "mail")]);
    let waits = tried.body.split_once("Would be held").unwrap_or_else(|| panic!("{}", tried.body)).1;
    assert!(waits.contains("Acme · MP-CLOUDFILTER") && waits.contains("3 → 0"), "{}", tried.body);
    bring(&mut dana, "usage <script>.csv", FILE.as_bytes());
    assert!(kept(&night).is_empty(), "looking kept it");
    assert_eq!(dana.press("/export", "/export/keep", &[("integration", "../mail")]).status, 404);
    let done = dana.press("/export", "/export/keep", &[("integration", "mail")]);
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(kept(&night).len(), 1);
    assert_eq!(dana.press("/export", "/export/keep", &[("integration", "mail")]).status, 409, "kept twice");
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
        let refused = dana.press("/export", "/export/try", &[("integration", "mail")]);
        assert!(refused.status == 200 && refused.body.contains("Nothing was written"), "{name}: {}", refused.body);
    }
    assert_eq!(dana.press("/export", "/export/forget", &[]).status, 303);
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
        assert_eq!(dana.press("/export", "/export/keep", &[("integration", "mail")]).status, 303, "{name}");
        let read = night.recount(&["read", "mail", "--json"]).exits(0).json();
        assert_eq!(read["customers"]["Acme"][service], count, "{name}: {read}");
    }
    let folders = kept(&night);
    assert_eq!(folders.len(), 2, "one took the other's place: {folders:?}");
    desk.close();

    let old = std::time::SystemTime::UNIX_EPOCH;
    for folder in &folders {
        let file = std::fs::read_dir(night.path("state/uploads/mail").join(folder)).expect("a folder").next();
        let file = file.expect("a file").expect("a file").path();
        std::fs::File::options().write(true).open(file).and_then(|file| file.set_modified(old)).expect("a time");
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
