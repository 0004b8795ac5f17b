//! The pages: whole, escaped, and nothing that a strict policy would have to allow.

use super::client::{DeskOfNight, handle, held_night};

/// Otherwise a customer's name could act in the name of whoever reads it, or a page would load something from elsewhere.
#[test]
fn hostile_names_are_text_on_every_page() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    let customer = "/customers/%3Cscript%3Ex%3C%2Fscript%3E%20%26%20Co%2F%2E%2E";
    let item = format!("/items/{}", handle(&night, "customer-unmapped"));
    let mapping = format!("/mapping/{}?q=%22%3E%3Cscript%3E", handle(&night, "customer-unmapped"));
    let picked = format!("/mapping/{}?q=b&company=2", handle(&night, "customer-unmapped"));
    let hostile = "/find?q=%22%3E%3Cscript%3E";
    let pages = [
        "/",
        "/plan",
        "/plan?only=equal&q=%22%3E%3Cscript%3E",
        "/invoices",
        "/customers",
        customer,
        "/nights",
        "/nights/2",
        "/integrations",
        "/audit?q=%22%3E%3Cscript%3E",
        "/live",
        hostile,
        &item,
        "/customers?look=1&s=unmapped",
        &mapping,
        &picked,
        "/versions/mail",
        "/services",
        "/export?kept=%22%3E%3Cscript%3E",
        "/services?i=%22%3E%3Cscript%3E",
    ];
    for path in pages {
        let page = dana.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(!page.body.contains("<script") && !page.body.contains("style="), "{path}: {}", page.body);
        assert!(
            !page.body.contains("onclick") && !page.body.contains("http://") && !page.body.contains("https://"),
            "{path}"
        );
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path}: {name}");
        }
        let text = page.body.to_lowercase();
        for word in ["price", "cost", "$", "€"] {
            assert!(!text.contains(word), "{path} speaks of money: {word}");
        }
    }
    assert!(dana.get("/customers").body.contains("&lt;script&gt;"));
    for path in
        ["/nights/999", "/customers/Nobody", "/items/zzzz", "/reports/999", "/reports/..%2Fhistory.db", "/nothing"]
    {
        assert_eq!(dana.get(path).status, 404, "{path}");
    }
    desk.close();
}

/// Otherwise a page cannot be used with a keyboard or a screen reader: each field has a label, each table its heads.
#[test]
fn every_field_has_a_name() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    for path in ["/", "/plan", "/customers", "/integrations", "/audit", "/nights", "/signin"] {
        let page = dana.get(path).body;
        for field in page.split("<input ").skip(1).chain(page.split("<select ").skip(1)) {
            let field = field.split('>').next().unwrap_or_default();
            let Some(id) = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
                assert!(field.contains("type=\"hidden\"") || field.contains("type=\"checkbox\""), "{path}: {field}");
                continue;
            };
            assert!(page.contains(&format!("for=\"{id}\"")), "{path}: no label for {id}");
        }
        assert!(page.matches("<h1").count() == 1, "{path}");
    }
    desk.close();
}
