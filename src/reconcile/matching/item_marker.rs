//! Marks: how an addition says which item it bills, so that the next night knows it again.
//!
//! The mark is the item's own name: in `serialNumber` where it fits, which is what integrators use to know their rows
//! (seen in the field), else in `invoiceDescription` as `[item NAME]`. A person can write either by hand.

use crate::reconcile::model::ids::ItemName;

/// Where a mark stands, and what is written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemMarker {
    /// `serialNumber`.
    Serial(String),
    /// `invoiceDescription`.
    Description(String),
}

/// `serialNumber` holds 50 characters (ConnectWise's API description); whether it counts UTF-16 units is unverified, so
/// the stricter reading holds.
const SERIAL_MAX: usize = 50;
/// `invoiceDescription` holds 6,000 characters (ConnectWise's API description); no name of anything is that long.
const DESCRIPTION_MAX: usize = 1000;
const OPENS: &str = "[item ";

impl ItemMarker {
    /// The mark of an item; `None` if its name cannot be one: it would not be found again as it was written.
    pub fn of(item: &ItemName) -> Option<Self> {
        let name = item.as_str();
        // Control characters collapse to blanks in some fields (ConnectWise developer guide).
        if name.is_empty() || name.chars().any(char::is_control) || name.encode_utf16().count() > DESCRIPTION_MAX {
            return None;
        }
        let serial = name.encode_utf16().count() <= SERIAL_MAX && !name.starts_with(OPENS);
        let mark = if serial { Self::Serial(name.to_owned()) } else { Self::Description(in_words(item)) };
        let read = match &mark {
            Self::Serial(text) => read(Some(text), None),
            Self::Description(text) => read(None, Some(text)),
        };
        (read.as_ref() == Some(item)).then_some(mark)
    }

    /// What the invoice description says of an item that is marked by its serial number; `None` if it would be read as
    /// another item, because a description goes before a serial number.
    pub fn beside_serial(item: &ItemName) -> Option<String> {
        let text = in_words(item);
        (read(Some(item.as_str()), Some(&text)).as_ref() == Some(item)).then_some(text)
    }
}

fn in_words(item: &ItemName) -> String {
    format!("{OPENS}{}]", item.as_str())
}

/// The item that an addition's fields name, if they name one. A mark in the description is ours for certain, so it goes
/// before a serial number.
pub fn read(serial: Option<&str>, description: Option<&str>) -> Option<ItemName> {
    let name = description.and_then(bracketed).or_else(|| serial.map(str::trim).filter(|text| !text.is_empty()))?;
    Some(ItemName::new(name))
}

/// What stands between `[item ` and the bracket that closes it; brackets within are counted.
fn bracketed(description: &str) -> Option<&str> {
    let (_, rest) = description.split_once(OPENS)?;
    let mut open = 1_u32;
    for (at, c) in rest.char_indices() {
        match c {
            '[' => open += 1,
            ']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return rest.get(..at).map(str::trim).filter(|name| !name.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the next night would not know its own line again, and create a second one.
    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let long = format!("{}.example.com", "x".repeat(60));
        for name in ["example.com", "PC-01 [lab]", "ü".repeat(50).as_str(), long.as_str()] {
            let item = ItemName::new(name);
            let read = match ItemMarker::of(&item).expect("a mark") {
                ItemMarker::Serial(text) => read(Some(&text), Some("Email filtering")),
                ItemMarker::Description(text) => read(Some(""), Some(&format!("Email filtering {text} since May"))),
            };
            assert_eq!(read, Some(item));
        }
        assert!(matches!(ItemMarker::of(&ItemName::new(&"ü".repeat(51))), Some(ItemMarker::Description(_))));
        for name in ["", "a\nb", &"x".repeat(2000), &format!("{}]", "x".repeat(60))] {
            assert_eq!(ItemMarker::of(&ItemName::new(name)), None, "{name}");
        }
        assert_eq!(read(Some("  "), Some("Email filtering")), None);
        for (name, beside) in [("a.com", Some("[item a.com]")), ("PC [lab]", Some("[item PC [lab]]")), ("a]b", None)] {
            assert_eq!(ItemMarker::beside_serial(&ItemName::new(name)).as_deref(), beside, "{name}");
        }
    }
}
