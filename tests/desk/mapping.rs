//! Which company a customer is, chosen in a browser: the same rows as the commands write, and every version kept.

use super::client::{DeskOfNight, handle, held_night};
use crate::support::Night;

fn customers(night: &Night) -> String {
    std::fs::read_to_string(night.path("customers.csv")).expect("the customers")
}

/// Otherwise a new customer is billed nothing until somebody with a shell has time; or is billed to nobody knows whom.
#[test]
fn a_customer_is_mapped_skipped_and_unmapped() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let handle = handle(&night, "customer-unmapped");
    let page = format!("/mapping/{handle}");
    let found = dana.get(&format!("{page}?q=bore"));
    assert!(found.body.contains("Borealis") && !found.body.contains("<b>Acme</b>"), "{}", found.body);
    let chosen = dana.get(&format!("{page}?q=bore&company=2"));
    assert!(chosen.body.contains("of type &quot;Email Security&quot;"), "{}", chosen.body);
    assert!(chosen.body.contains("today that is 20"), "{}", chosen.body);
    let before = customers(&night);
    for company in ["", "0", "-1", "2.5", "x", "999999"] {
        let fields = [("what", "map"), ("company", company), ("shown", "none")];
        assert_eq!(dana.press(&page, &page, &fields).status, 422, "{company:?}");
    }
    let foreign = [("what", "map"), ("company", "2"), ("agreement", "10"), ("shown", "none")];
    assert_eq!(dana.press(&page, &page, &foreign).status, 422, "an agreement of another company is taken");
    assert_eq!(customers(&night), before);
    let fields = [("what", "map"), ("company", "2"), ("shown", "none"), ("note", "a branch")];
    assert_eq!(dana.press(&page, &page, &fields).status, 303);
    assert!(
        customers(&night).starts_with(&before) && customers(&night).contains(",2,,a branch"),
        "{}",
        customers(&night)
    );

    let second = desk.person("priya", "operator").press(&page, &page, &[("what", "skip"), ("shown", "none")]);
    assert_eq!(second.status, 409, "the second of two people was not told: {}", second.body);
    assert!(second.body.contains("mapped to company 2"), "{}", second.body);
    assert_eq!(dana.press(&page, &page, &[("what", "skip"), ("shown", "2 a branch")]).status, 303);
    assert_eq!(dana.press(&page, &page, &[("what", "remove"), ("shown", "skip a branch")]).status, 303);
    assert_eq!(customers(&night), before, "a row that was added and taken out again left something behind");

    let audit = dana.get("/audit").body;
    for deed in ["<b>mapped</b>", "<b>skipped on purpose</b>", "<b>took out a row</b>", "company 2"] {
        assert!(audit.contains(deed), "{deed}: {audit}");
    }
    let versions = dana.get("/versions/mail").body;
    assert!(versions.contains("found as it was") && versions.matches("<td>dana</td>").count() == 3, "{versions}");
    desk.close();
}

/// Otherwise whoever picks a company looks at an empty page for minutes and does not know why.
#[test]
fn a_connectwise_that_is_silent_is_said_to_be() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let page = format!("/mapping/{}?q=bore", handle(&night, "customer-unmapped"));
    night.fault(r#"[{"when": {"method": "GET"}, "then": {"connection": "hold"}}]"#);
    let silent = dana.get(&page);
    assert!(silent.body.contains("has not answered within"), "{}", silent.body);
    night.no_faults();
    drop(desk);
}

/// Otherwise forty new customers take forty presses; or a guess is written that is no exact name any more.
#[test]
fn exact_names_are_mapped_together() {
    let night = Night::busy();
    night.sim().edit(|world| {
        for (id, name) in [(3, "Cedar Law"), (4, "Dunlin")] {
            let company = format!(r#"{{"id": {id}, "name": "{name}"}}"#);
            world.companies.push(serde_json::from_str(&company).expect("a company"));
        }
    });
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,5\nCedar Law,CloudFilter,4\nDunlin,CloudFilter,2\n");
    night.recount(&["plan"]);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let waits = dana.get("/customers").body;
    assert!(waits.contains("Look in ConnectWise"), "the page waits for ConnectWise: {waits}");
    let page = dana.get("/customers?look=1").body;
    assert!(page.contains("Acme <small>1</small>"), "the mapped ones have no names: {page}");
    let ticks: Vec<String> = page
        .split("name=\"map\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(ticks.len(), 2, "{page}");
    let before = customers(&night);
    let wrong = ticks[0].split(':').next().expect("a handle").to_owned() + ":1";
    let fields = [("map", ticks[1].as_str()), ("map", wrong.as_str())];
    assert_eq!(dana.press("/customers", "/mapping", &fields).status, 409, "a company that was not shown");
    assert_eq!(customers(&night), before, "one of two was written");
    assert_eq!(dana.press("/customers", "/mapping", &[]).status, 422);
    let fields: Vec<(&str, &str)> = ticks.iter().map(|tick| ("map", tick.as_str())).collect();
    let deleted = |deleted: bool| {
        night
            .sim()
            .edit(|world| world.companies.iter_mut().filter(|one| one.id == 4).for_each(|one| one.deleted = deleted));
    };
    deleted(true);
    assert_eq!(dana.press("/customers", "/mapping", &fields).status, 409, "deleted since the page was drawn");
    assert_eq!(customers(&night), before);
    deleted(false);
    assert_eq!(dana.press("/customers", "/mapping", &fields).status, 303);
    assert!(
        customers(&night).contains("Cedar Law,3,") && customers(&night).contains("Dunlin,4,"),
        "{}",
        customers(&night)
    );
    assert_eq!(dana.press("/customers", "/mapping", &fields).status, 409, "they were mapped already");
    desk.close();
}

/// Otherwise of two additions nobody without a shell can say which is meant; or a browser names one that nobody asked about.
#[test]
fn which_of_two_additions_is_meant_is_chosen_on_the_item() {
    let night = Night::new();
    night.approve();
    night.sim().edit(|world| {
        let twin = recount_sim::Addition { id: 1900, ..world.additions[0].clone() };
        world.additions.push(twin);
    });
    night.run();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let handle = handle(&night, "line-ambiguous");
    let page = format!("/items/{handle}");
    assert!(
        dana.get("/").body.contains(&format!("href=\"{page}#addition\">Choose addition…")),
        "{}",
        dana.get("/").body
    );
    let item = dana.get(&page).body;
    assert!(item.contains("Choose addition 100</button>") && item.contains("Choose addition 1900</button>"), "{item}");
    assert!(item.contains("end all but one in ConnectWise"), "what helps is hidden: {item}");
    let before = customers(&night);
    let shown = dana.shown(&page, &format!("{page}/pin"));
    for addition in ["", "0", "x", "200", "99999"] {
        let fields = [("addition", addition), ("shown", shown.as_str())];
        assert_eq!(dana.press(&page, &format!("{page}/pin"), &fields).status, 422, "{addition:?}");
    }
    assert_eq!(dana.press(&page, &format!("{page}/pin"), &[("addition", "100")]).status, 409, "what nobody was shown");
    let mut vera = desk.person("vera", "viewer");
    assert!(!vera.get(&page).body.contains("Choose addition 100"));
    assert_eq!(vera.press("/", &format!("{page}/pin"), &[("addition", "100")]).status, 403);
    assert_eq!(customers(&night), before);
    let done = dana.press(&page, &format!("{page}/pin"), &[("addition", "100"), ("shown", &shown)]);
    assert_eq!(done.status, 303, "{}", done.body);
    assert!(dana.get(done.header("location").expect("a page")).body.contains("Addition 100 is meant"), "{}", done.body);
    assert!(customers(&night).contains("addition_id") && customers(&night).contains(",100"), "{}", customers(&night));
    let second =
        desk.person("eve", "operator").press(&page, &format!("{page}/pin"), &[("addition", "1900"), ("shown", &shown)]);
    assert_eq!(second.status, 409, "the second of two people was not told: {}", second.body);
    assert!(second.body.contains("dana has chosen one"), "{}", second.body);
    let today = dana.get("/").body;
    assert!(
        today.contains("mapped by dana") && today.contains("Nothing to decide"),
        "it stands there as open: {today}"
    );
    let audit = dana.get("/audit").body;
    assert!(audit.contains("<b>chose an addition</b>") && audit.contains("addition 100"), "{audit}");
    assert!(dana.get("/versions/mail").body.contains("<td>dana</td>"), "the version is not kept");
    night.run();
    let run = night.run().first_run();
    let line = run["lines"].as_array().expect("lines").iter().find(|line| line["handle"] == handle.as_str());
    assert_eq!(line.expect("the line")["addition_id"], 100);
    desk.close();
}

/// Otherwise whoever comes from an integration's page looks for its customers among those of all.
#[test]
fn the_customers_of_one_integration_are_shown_alone() {
    let night = held_night();
    let other = "\n[integration.post]\nconnectwise = \"main\"\nmode = \"observe\"\ncustomers = \"post.csv\"\n\
                 match_customers = \"mapped\"\n[integration.post.export]\npath = \"post.csv.export\"\n\
                 columns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n";
    night.append(other);
    night.write("post.csv", "customer,company_id,agreement_id,note\nPostal,1,10,\n");
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    assert!(dana.get("/integrations").body.contains("href=\"/customers?i=post\""));
    let page = dana.get("/customers?i=post&s=mapped").body;
    assert!(page.contains("Postal") && !page.contains("Borealis"), "{page}");
    assert!(page.contains("/customers?s=skipped&amp;i=post"), "the other states are of all again: {page}");
    let all = dana.get("/customers").body;
    assert!(all.contains("Postal") && all.contains("Borealis"), "{all}");
    desk.close();
}

/// Otherwise what is done goes on standing there as not done until the night, and the next person does it again.
#[test]
fn what_was_mapped_since_is_not_to_be_decided_any_more() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let handle = handle(&night, "customer-unmapped");
    let page = format!("/mapping/{handle}");
    assert!(dana.get("/").body.contains("2 to decide"));
    let fields = [("what", "map"), ("company", "2"), ("shown", "none"), ("note", "a branch")];
    assert_eq!(dana.press(&page, &page, &fields).status, 303);
    let said = "customer unmapped: mapped by dana";
    for address in ["/".to_owned(), format!("/items/{handle}")] {
        let body = dana.get(&address).body;
        assert!(body.contains(said) && body.contains("the next night uses it"), "{address}: {body}");
    }
    assert!(dana.get("/").body.contains("1 to decide"), "{}", dana.get("/").body);

    // An emptied note takes out the note that is there, and is shown to whoever changes the row meanwhile.
    let field = dana.get(&format!("{page}?company=2")).body;
    assert!(field.contains("name=\"note\" maxlength=\"500\" value=\"a branch\""), "{field}");
    let emptied = [("what", "map"), ("company", "2"), ("shown", "2 a branch"), ("note", "")];
    assert_eq!(dana.press(&page, &page, &emptied).status, 303);
    assert!(customers(&night).contains(",2,,\n") && !customers(&night).contains("a branch"), "{}", customers(&night));
    assert_eq!(dana.press(&page, &page, &emptied).status, 409, "another note than the page showed was overwritten");

    let remove = [("what", "remove"), ("shown", "2")];
    assert_eq!(dana.press(&page, &page, &remove).status, 303);
    let body = dana.get("/").body;
    assert!(body.contains("2 to decide") && !body.contains(said), "it is not mapped any more: {body}");
    night.recount(&["map", "ignore", &handle]).exits(0);
    assert!(dana.get("/").body.contains("1 to decide"), "a command mapped it: {}", dana.get("/").body);
    desk.close();
}
