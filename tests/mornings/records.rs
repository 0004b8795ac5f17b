//! From a mail and a page to the record in ConnectWise.

use super::everything_told::Morning;
use crate::desk::client::DeskOfNight;
use crate::support::Night;

/// Otherwise whoever asks why a line is held would look for its agreement by hand, every morning.
#[test]
fn a_line_leads_to_its_records_in_connectwise() {
    let morning = Morning::of(Night::new());
    let night = &morning.night;
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let link = "record_link = \"https://psa.example.com/open?type={type}&id={id}\"";
    night.write("recount.toml", config.replace("settle = \"0s\"", &format!("settle = \"0s\"\n{link}")));
    night.approve();
    night.config("guards", "min_units = \"0%\"");
    night.config("guards", "max_units_down = \"100%\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,6\n");
    morning.forget();
    let run = night.recount(&["run"]).exits(3);
    let mail = morning.everything("records", &run);
    let page = std::fs::read_to_string(night.path("state/reports/3.html")).expect("the page");
    let opened = night.recount(&["tickets", "--json"]).exits(0).json();
    let ticket = opened["tickets"][0]["ticket"].as_i64().expect("its ticket");
    for told in [&mail, &page] {
        let ticket = format!("href=\"https://psa.example.com/open?type=ServiceFV&amp;id={ticket}\"");
        assert_eq!(told.matches(&ticket).count(), 1, "the item leads to its ticket: {told}");
        for (record, id) in [("AgreementFV", 10), ("CompanyFV", 1), ("AgreementFV", 20), ("CompanyFV", 2)] {
            let address = format!("href=\"https://psa.example.com/open?type={record}&amp;id={id}\"");
            assert_eq!(told.matches(&address).count(), 1, "{address} in {told}");
        }
    }
    let item = opened["tickets"][0]["handle"].as_str().expect("its item").to_owned();
    let desk = DeskOfNight::open(night);
    let mut viewer = desk.person("vera", "viewer");
    for path in ["/".to_owned(), format!("/items/{item}")] {
        let page = viewer.get(&path).body;
        let address = format!("href=\"https://psa.example.com/open?type=ServiceFV&amp;id={ticket}\"");
        assert_eq!(page.matches(&address).count(), 1, "{path}: {page}");
    }
    desk.close();
    night.write("recount.toml", config.replace("settle = \"0s\"", "settle = \"0s\"\nrecord_link = \"http://x\""));
    let wrong = night.recount(&["check"]).exits(16);
    assert!(wrong.out.contains("{type} and {id}") || wrong.err.contains("{type} and {id}"), "{wrong:?}");
}
