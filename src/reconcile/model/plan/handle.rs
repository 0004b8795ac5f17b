//! Handles: the short names of lines and open items, the same every night.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::reconcile::model::ids::{CustomerName, IntegrationName, ItemName, ProductCode};
use crate::reconcile::model::plan::line::{Line, LineKey, Subject};

/// Letters of a handle: easily read out over the telephone, never a word.
const LETTERS: &[u8; 30] = b"23456789bcdfghjkmnpqrstvwxyzae";
/// 30⁵ handles: enough for an MSP's lines, and short enough to type.
const LENGTH: usize = 5;
/// Where two subjects share a short handle, all of them get the long one.
const LENGTH_LONG: usize = 9;

/// Gives every line its handle: the same subject of the same integration has the same one every night.
pub fn assign(integration: &IntegrationName, lines: &mut [Line]) {
    let mut digests: Vec<Letters> =
        lines.iter().map(|line| digest_of(integration, &folded_text(&line.subject))).collect();
    tell_spellings_apart(integration, lines, &mut digests);
    let mut seen: HashMap<&[u8], usize> = HashMap::with_capacity(lines.len());
    for digest in &digests {
        *seen.entry(&digest[..LENGTH]).or_default() += 1;
    }
    for (line, digest) in lines.iter_mut().zip(&digests) {
        let alone = seen.get(&digest[..LENGTH]) == Some(&1);
        line.handle = text(&digest[..if alone { LENGTH } else { LENGTH_LONG }]);
    }
}

/// Two lines of one night whose names differ in their spelling alone are held, and are asked about one by one.
fn tell_spellings_apart(integration: &IntegrationName, lines: &[Line], digests: &mut [Letters]) {
    let mut lines_of: HashMap<Letters, usize> = HashMap::with_capacity(digests.len());
    for digest in digests.iter() {
        *lines_of.entry(*digest).or_default() += 1;
    }
    if lines_of.len() == digests.len() {
        return;
    }
    for (line, digest) in lines.iter().zip(digests) {
        if lines_of.get(digest).is_some_and(|lines| *lines > 1) {
            *digest = digest_of(integration, &subject_text(&line.subject));
        }
    }
}

/// The handle of a product that is a matter of its own.
pub fn of_product(integration: &IntegrationName, product: &ProductCode) -> String {
    of_matter(integration, "product", &one_case(product))
}

/// The handle of a customer, of whatever is asked about it.
pub fn of_customer(integration: &IntegrationName, customer: &CustomerName) -> String {
    of_matter(integration, "customer", customer.as_str())
}

/// The handle of a matter that is not a line: a customer, a service.
pub fn of_matter(integration: &IntegrationName, kind: &str, name: &str) -> String {
    text(&digest_of(integration, &format!("{kind}\u{1f}{name}"))[..LENGTH])
}

/// A long handle, before it is text: a hundred thousand of them are compared.
type Letters = [u8; LENGTH_LONG];

fn digest_of(integration: &IntegrationName, text: &str) -> Letters {
    let digest = Sha256::new().chain_update(integration.as_str()).chain_update("\u{1e}").chain_update(text).finalize();
    std::array::from_fn(|at| LETTERS[usize::from(digest[at]) % LETTERS.len()])
}

fn text(letters: &[u8]) -> String {
    letters.iter().copied().map(char::from).collect()
}

/// A line by what it is to ConnectWise: an item or a product that is written in other letters the next night is the same line.
fn folded_text(subject: &Subject) -> String {
    match subject {
        Subject::Line(LineKey { agreement, product, item }) => subject_text(&Subject::Line(LineKey {
            agreement: *agreement,
            product: ProductCode::new(&one_case(product)),
            item: item.as_ref().map(|item| ItemName::new(&item.folded())),
        })),
        Subject::Unplaced { .. } => subject_text(subject),
    }
}

/// Most identifiers are written in capitals.
fn one_case(product: &ProductCode) -> String {
    product.folded().to_uppercase()
}

pub(crate) fn subject_text(subject: &Subject) -> String {
    match subject {
        Subject::Line(LineKey { agreement, product, item: None }) => format!("line\u{1f}{agreement}\u{1f}{product}"),
        Subject::Line(LineKey { agreement, product, item: Some(item) }) => {
            format!("item\u{1f}{agreement}\u{1f}{}\u{1f}{product}\u{1f}{item}", product.as_str().len())
        }
        // The length, because names are a vendor's, and may hold whatever stands between two of them here.
        Subject::Unplaced { customer, service } => {
            format!("count\u{1f}{}\u{1f}{customer}\u{1f}{service}", customer.as_str().len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::ids::{AgreementId, CustomerName, ServiceName};
    use crate::reconcile::model::plan::line::{FirstBilled, Verdict};
    use crate::reconcile::model::plan::named_additions::Named;
    use crate::reconcile::model::plan::reason_code::Code;

    fn handles(keys: &[(&str, Option<&str>)]) -> Vec<String> {
        let line = |(product, item): &(&str, Option<&str>)| Line {
            handle: String::new(),
            subject: Subject::Line(LineKey {
                agreement: AgreementId(10),
                product: ProductCode::new(product),
                item: item.map(ItemName::new),
            }),
            company: None,
            sources: Vec::new(),
            wanted: None,
            live: None,
            carried: None,
            billed: FirstBilled::default(),
            changed_at: None,
            edited: None,
            verdict: Verdict::Unchanged(Code::Equal),
            detail: String::new(),
            named: Named::default(),
        };
        let mut lines: Vec<Line> = keys.iter().map(line).collect();
        assign(&IntegrationName::new("mail"), &mut lines);
        lines.into_iter().map(|line| line.handle).collect()
    }

    /// The command that yesterday's report printed names nothing today, and the item looks like a new one.
    #[test]
    fn a_line_whose_names_are_written_in_other_letters_keeps_its_handle() {
        assert_eq!(handles(&[("MP-A", Some("acme.com"))]), handles(&[("mp-a", Some("ACME.com"))]));
        assert_eq!(handles(&[("MP-A", None)]), handles(&[("Mp-A", None)]));
        assert_ne!(handles(&[("MP-A", Some("acme.com"))]), handles(&[("MP-A", Some("acme.org"))]));
    }

    /// One handle for both would answer to neither.
    #[test]
    fn two_spellings_of_one_night_have_a_handle_each() {
        let both = handles(&[("MP-A", Some("acme.com")), ("MP-A", Some("ACME.com"))]);
        assert_ne!(both[0], both[1]);
    }

    #[test]
    fn customers_that_differ_in_letters_are_two() {
        let unplaced = |customer: &str| {
            folded_text(&Subject::Unplaced {
                customer: CustomerName::new(customer),
                service: ServiceName::new("CloudFilter"),
            })
        };
        assert_ne!(unplaced("Acme"), unplaced("ACME"));
    }
}
