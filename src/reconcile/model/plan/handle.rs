//! Handles: the short names of lines and open items, the same every night.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::line::{Line, LineKey, Subject};

/// Letters of a handle: easily read out over the telephone, never a word.
const LETTERS: &[u8; 30] = b"23456789bcdfghjkmnpqrstvwxyzae";
/// 30⁵ handles: enough for an MSP's lines, and short enough to type.
const LENGTH: usize = 5;
/// Where two subjects share a short handle, all of them get the long one.
const LENGTH_LONG: usize = 9;

/// Gives every line its handle: the same subject of the same integration has the same one every night.
pub fn assign(integration: &IntegrationName, lines: &mut [Line]) {
    let digests: Vec<Letters> = lines.iter().map(|line| digest_of(integration, &subject_text(&line.subject))).collect();
    let mut seen: HashMap<&[u8], usize> = HashMap::with_capacity(lines.len());
    for digest in &digests {
        *seen.entry(&digest[..LENGTH]).or_default() += 1;
    }
    for (line, digest) in lines.iter_mut().zip(&digests) {
        let alone = seen.get(&digest[..LENGTH]) == Some(&1);
        line.handle = text(&digest[..if alone { LENGTH } else { LENGTH_LONG }]);
    }
}

/// The handle of a matter that is not a line: a customer, a service, a product.
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
