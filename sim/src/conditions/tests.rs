//! What a wrong filter would cost: lines of another customer, or none at all.

use serde_json::json;

use super::*;
use crate::schema;

fn agreement() -> Wire {
    let Value::Object(wire) = json!({
        "id": 10, "name": "Acme Mail", "company": {"id": 1, "name": "Acme"}, "agreementStatus": "Active",
        "cancelledFlag": false, "startDate": "2024-01-01T00:00:00Z", "billAmount": 12.50,
        "_info": {"lastUpdated": "2026-10-30T15:04:05Z"},
    }) else {
        unreachable!()
    };
    wire
}

fn admits(text: &str) -> bool {
    Condition::parse(text, schema::of("Agreement")).expect(text).admits(&agreement())
}

fn refused(text: &str) -> Refusal {
    Condition::parse(text, schema::of("Agreement")).expect_err(text)
}

#[test]
fn every_operator_of_the_guide_selects_what_it_says() {
    for text in [
        "id = 10",
        "id != 11",
        "id < 11",
        "id <= 10",
        "id > 9",
        "id >= 10",
        "id in (1, 10)",
        "id not in (1,2)",
        "name = \"acme mail\"",
        "name = 'Acme Mail'",
        "name like \"acme*\"",
        "name like \"%MAIL\"",
        "name contains 'me m'",
        "name not like \"b*\"",
        "NOT (id = 11)",
        "company/id=1",
        "Company/Name = \"Acme\"",
        "cancelledFlag = False",
        "cancelledFlag=false",
        "AgreementStatus='Active'",
        "startDate < [2024-01-02T00:00:00Z]",
        "startDate = [2024-01-01]",
        "endDate = null",
        "startDate != null",
        "billAmount = 12.5",
        "_info/lastUpdated > [2026-10-30T00:00:00Z]",
    ] {
        assert!(admits(text), "{text}");
    }
    for text in ["id = 11", "name like \"me*\"", "name contains \"x\"", "cancelledFlag = True", "endDate != null"] {
        assert!(!admits(text), "{text}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_parentheses_override() {
    assert!(admits("id = 10 OR id = 11 AND id = 12"));
    assert!(!admits("(id = 10 or id = 11) and id = 12"));
}

#[test]
fn a_comparison_with_an_absent_value_is_never_true_even_negated() {
    assert!(!admits("endDate < [2030-01-01]"));
    assert!(!admits("NOT endDate < [2030-01-01]"));
    assert!(admits("endDate < [2030-01-01] OR id = 10"));
}

#[test]
fn an_unknown_name_is_refused_in_the_vendors_words() {
    let refusal = refused("compnay/id = 1");
    assert_eq!((refusal.status, refusal.code), (400, "ApiFindCondition"));
    assert_eq!(refusal.message, "compnay/id is not a recognized name.");
    assert_eq!(refused("company/nope = 1").message, "company/nope is not a recognized name.");
}

#[test]
fn what_is_outside_the_grammar_is_refused() {
    for text in [
        "",
        "id",
        "id =",
        "id = \"10\"",
        "name = 10",
        "id = 1 id = 2",
        "(id = 1",
        "id = 1)",
        "name = \"a\"b\"",
        "name = 'a",
        "id in ()",
        "id in 1",
        "id like \"1\"",
        "startDate = \"2024-01-01\"",
        "id > null",
        "id ~ 1",
        "company = 1",
        "id = 1;",
    ] {
        assert_eq!(refused(text).status, 400, "{text}");
    }
    assert_eq!(refused(&"(".repeat(5000)).status, 400);
}
