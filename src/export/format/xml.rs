//! XML: the elements at a path are records, their attributes (`@Name`) and the elements inside them columns.
//!
//! The document is written down once more as JSON, record for record, and read by the same reader: a text of an element
//! is a text, and an element that stands several times in a record is a list. Entities other than the five of XML
//! itself, document types and everything else that could make other text of a file or name another one are refused.

use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error as XmlError, XmlVersion};

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::Fault;
use crate::export::format::json::nested_path::PathStep;
use crate::export::format::line_numbers::Lines;
use crate::export::settings::Encoding;

/// Elements in elements: no export has more than ten.
const DEPTH_MAX: usize = 64;
/// How many paths an error lists.
const LISTED: usize = 8;

/// A document as JSON: every element on the way to the records is a list below its name.
///
/// # Errors
/// If it is no whole XML, has what no export needs, or holds no records there.
pub(in crate::export) fn as_json(text: &str, path: &[String]) -> Result<String, Fault> {
    let path: Vec<&str> = path.iter().map(|part| element(part)).collect();
    let mut writer = Writer { path: &path, json: String::with_capacity(text.len()), lines: 1, open: Vec::new() };
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut lines = Lines::new(text.as_bytes());
    let (mut names, mut seen, mut roots) = (Vec::new(), Paths::default(), 0_usize);
    loop {
        let position = |reader: &Reader<&[u8]>| usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
        let begins = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event();
        let event = event.map_err(|error| {
            let at = position(&reader).min(text.len());
            not_xml(&error.to_string()).on_line(Lines::new(text.as_bytes()).at(at))
        })?;
        let line = lines.at(begins.min(text.len()));
        let here = |fault: Fault| fault.on_line(line);
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) if includes(&start) => {
                return Err(here(beyond("a part of another file")));
            }
            Event::Start(start) | Event::Empty(start) => {
                roots += usize::from(names.is_empty());
                names.push(name(&start).to_owned());
                seen.count(&names);
                writer.begin(&names, &start, line).map_err(here)?;
                if is_empty {
                    writer.end(&names);
                    names.pop();
                }
            }
            Event::End(_) => {
                writer.end(&names);
                names.pop();
            }
            Event::Text(piece) => writer.text(&piece.xml10_content(), names.is_empty()).map_err(here)?,
            Event::CData(piece) => writer.text(&piece.xml10_content(), names.is_empty()).map_err(here)?,
            Event::GeneralRef(entity) => {
                let letter = resolved(&entity).map_err(here)?;
                writer.text(&letter, names.is_empty()).map_err(here)?;
            }
            Event::DocType(_) => return Err(here(beyond("a document type"))),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
        if names.len() > DEPTH_MAX {
            return Err(here(Fault::new(Damage::TooDeep { max: DEPTH_MAX })));
        }
    }
    match (names.last(), roots) {
        (Some(open), _) => Err(not_xml(&format!("the element {open} does not end"))),
        (None, 0) => Err(Fault::new(Damage::Empty)),
        (None, 1) if writer.json.is_empty() => Err(nothing(&path, &seen)),
        (None, 1) => Ok(format!("{{{}}}", writer.json)),
        (None, _) => Err(not_xml("it has several documents")),
    }
}

/// The paths of elements that stand several times, where records may be; none where the text is no XML.
pub(in crate::export) fn repeated(text: &str) -> Vec<String> {
    let mut reader = Reader::from_str(text);
    let (mut names, mut seen) = (Vec::new(), Paths::default());
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                names.push(name(&start).to_owned());
                seen.count(&names);
            }
            Ok(Event::Empty(start)) => {
                names.push(name(&start).to_owned());
                seen.count(&names);
                names.pop();
            }
            Ok(Event::End(_)) => {
                names.pop();
            }
            Ok(Event::Eof) => return seen.repeated().map(str::to_owned).collect(),
            Ok(_) => {}
            Err(_) => return Vec::new(),
        }
    }
}

/// The encoding that a document names in its first line, where it is not the usual one.
pub(in crate::export) fn declared_encoding(bytes: &[u8]) -> Option<Encoding> {
    const LINE_MAX: usize = 256;
    if !bytes.starts_with(b"<?xml") {
        return None;
    }
    let line = bytes.get(..LINE_MAX).unwrap_or(bytes).split(|byte| *byte == b'>').next()?;
    let line = String::from_utf8_lossy(line).to_lowercase();
    let named = line.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let label = named.get(1..)?.split(['"', '\'']).next()?;
    match label {
        "windows-1252" | "cp1252" => Some(Encoding::Windows1252),
        "iso-8859-1" | "latin1" | "l1" => Some(Encoding::Iso8859_1),
        _ => None,
    }
}

/// The way to the records in that JSON.
pub(in crate::export) fn steps(path: &[String]) -> Vec<PathStep<'_>> {
    path.iter().flat_map(|part| [PathStep::Key(element(part)), PathStep::Each]).collect()
}

/// The elements on that way.
pub(in crate::export) fn elements(path: &[String]) -> Vec<String> {
    path.iter().map(|part| element(part).to_owned()).collect()
}

/// Where another file would be put in, nothing says what is missing.
fn includes(start: &BytesStart<'_>) -> bool {
    start.name().into_inner().ends_with("xi:include")
}

fn name<'a>(start: &'a BytesStart<'_>) -> &'a str {
    element(start.name().into_inner())
}

/// An element, also of a part of a path. A prefix is a matter of where a vendor keeps its schema.
fn element(part: &str) -> &str {
    part.trim_end_matches("[]").rsplit(':').next().unwrap_or_default()
}

/// The letter that a reference stands for.
fn resolved(entity: &BytesRef<'_>) -> Result<String, Fault> {
    match entity.resolve_char_ref() {
        Ok(Some(letter)) => Ok(letter.to_string()),
        Ok(None) => predefined(&entity.xml10_content()).ok_or_else(|| beyond("an entity of its own")),
        Err(error) => Err(not_xml(&error.to_string())),
    }
}

fn predefined(entity: &str) -> Option<String> {
    let letter = match entity {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(letter.to_owned())
}

fn not_xml(why: &str) -> Fault {
    Fault::new(Damage::NotXml { why: Shown::of(why) })
}

fn beyond(what: &'static str) -> Fault {
    Fault::new(Damage::XmlBeyond { what })
}

fn nothing(path: &[&str], seen: &Paths) -> Fault {
    let present: Vec<String> = seen.repeated().map(|path| format!("{:?}", Shown::of(path))).take(LISTED).collect();
    let present = if present.is_empty() {
        "none of its elements stands several times".to_owned()
    } else {
        format!("there are lists of records at {}", present.join(", "))
    };
    match path {
        [] => Fault::new(Damage::NoArray { kind: "an XML document", present }),
        path => Fault::new(Damage::NoArrayAt { path: Shown::of(&path.join(".")), meant: None, present }),
    }
}

/// The paths of elements that stand several times, to be said where there are no records.
#[derive(Debug, Default)]
struct Paths(Vec<(String, usize)>);

impl Paths {
    fn count(&mut self, names: &[String]) {
        const KNOWN_MAX: usize = 64;
        if names.len() > 4 || self.0.len() == KNOWN_MAX {
            return;
        }
        let path = names.join(".");
        match self.0.iter_mut().find(|(known, _)| *known == path) {
            Some((_, times)) => *times += 1,
            None => self.0.push((path, 1)),
        }
    }

    fn repeated(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, times)| *times > 1).map(|(path, _)| path.as_str())
    }
}

/// An element that is open, on the way to the records or one of them.
#[derive(Debug, Default)]
struct Open {
    /// What it says: paths below it, each with its texts.
    members: Vec<(String, Vec<String>)>,
    /// The text of the element that is read, and which path it belongs to.
    inside: Vec<String>,
    texts: Vec<String>,
    has_inner: bool,
}

impl Open {
    fn put(&mut self, path: &str, text: String) {
        match self.members.iter_mut().find(|(known, _)| known == path) {
            Some((_, texts)) => texts.push(text),
            None => self.members.push((path.to_owned(), vec![text])),
        }
    }
}

struct Writer<'p> {
    path: &'p [&'p str],
    json: String,
    /// The line that the JSON stands on: the records keep theirs.
    lines: u64,
    open: Vec<Open>,
}

impl Writer<'_> {
    fn begin(&mut self, names: &[String], start: &BytesStart<'_>, line: u64) -> Result<(), Fault> {
        let depth = names.len();
        let is_on_way = depth <= self.path.len()
            && names.iter().zip(self.path).all(|(name, wanted)| name == wanted)
            && self.open.len() + 1 == depth;
        if is_on_way {
            self.begin_object(names, line);
        } else if let Some(open) = self.open.last_mut() {
            open.inside.push(names.last().cloned().unwrap_or_default());
            open.texts.push(String::new());
        } else {
            return Ok(());
        }
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| not_xml(&error.to_string()))?;
            let key = attribute.key.into_inner();
            if key == "xmlns" || key.starts_with("xmlns:") {
                continue;
            }
            let key = key.rsplit(':').next().unwrap_or(key);
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| match error {
                XmlError::Escape(_) => beyond("an entity of its own"),
                error => not_xml(&error.to_string()),
            })?;
            let own = format!("@{key}");
            let path: Vec<&str> = open.inside.iter().map(String::as_str).chain([own.as_str()]).collect();
            open.put(&path.join("."), value.into_owned());
        }
        Ok(())
    }

    fn begin_object(&mut self, names: &[String], line: u64) {
        match self.open.last_mut() {
            Some(outer) if outer.has_inner => self.json.push(','),
            Some(outer) => outer.has_inner = true,
            None => {
                let _ = write!(self.json, "{}:[", quoted(names.last().map_or("", String::as_str)));
            }
        }
        while self.lines < line {
            self.json.push('\n');
            self.lines += 1;
        }
        self.json.push('{');
        if let Some(next) = self.path.get(names.len()) {
            let _ = write!(self.json, "{}:[", quoted(next));
        }
        self.open.push(Open { texts: vec![String::new()], ..Open::default() });
    }

    fn end(&mut self, names: &[String]) {
        let Some(open) = self.open.last_mut() else { return };
        let text = open.texts.pop().unwrap_or_default();
        if !open.inside.is_empty() {
            let path = open.inside.join(".");
            let says_more = open.members.iter().any(|(known, _)| known.starts_with(&format!("{path}.")));
            // An element around others has no text but what stands between them.
            if !says_more || !text.trim().is_empty() {
                open.put(&path, text.trim().to_owned());
            }
            open.inside.pop();
            return;
        }
        if !text.trim().is_empty() {
            open.put("@text", text.trim().to_owned());
        }
        let Some(open) = self.open.pop() else { return };
        let mut comma = false;
        if names.len() < self.path.len() {
            self.json.push(']');
            comma = true;
        }
        for (path, texts) in &open.members {
            let value = match texts.as_slice() {
                [one] => quoted(one),
                several => {
                    format!("[{}]", several.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(","))
                }
            };
            let _ = write!(self.json, "{}{}:{value}", if comma { "," } else { "" }, quoted(path));
            comma = true;
        }
        self.json.push('}');
        if self.open.is_empty() {
            self.json.push(']');
        }
    }

    fn text(&mut self, piece: &str, outside: bool) -> Result<(), Fault> {
        if outside && !piece.trim_matches(['\u{feff}']).trim().is_empty() {
            return Err(not_xml("text stands outside of every element"));
        }
        if let Some(text) = self.open.last_mut().and_then(|open| open.texts.last_mut()) {
            text.push_str(piece);
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    fn told(text: &str, at: &str) -> String {
        match as_json(text, &path(at)) {
            Ok(json) => json,
            Err(fault) => format!("{}{}", fault.damage, fault.place),
        }
    }

    #[test]
    fn elements_and_attributes_are_written_down_and_keep_their_line() {
        let text = "<?xml version=\"1.0\"?>\n<Companies as=\"x\">\n<Company Name=\"A &amp; B\"><Plan>E3</Plan><Seats n='5'>5</Seats>\
                    <User>u</User><User>v</User></Company>\n<Company Name=\"C\"><Address><City><![CDATA[<Y>]]></City></Address></Company></Companies>";
        assert_eq!(
            told(text, "Companies.Company"),
            "{\"Companies\":[\n{\"Company\":[\n{\"@Name\":\"A & B\",\"Plan\":\"E3\",\"Seats.@n\":\"5\",\"Seats\":\"5\",\
             \"User\":[\"u\",\"v\"]},\n{\"@Name\":\"C\",\"Address.City\":\"<Y>\"}],\"@as\":\"x\"}]}"
        );
    }

    /// An XML file that names others, or makes a gigabyte of itself, is no export.
    #[test]
    fn what_goes_beyond_the_file_is_refused() {
        for (text, said) in [
            (
                "<!DOCTYPE a [<!ENTITY b \"c\">]><a><r/></a>",
                "it has a document type, which no export needs and recount does not follow, line 1",
            ),
            (
                "<a><r>&b;</r></a>",
                "it has an entity of its own, which no export needs and recount does not follow, line 1",
            ),
            (
                "<a><r x='&b;'/></a>",
                "it has an entity of its own, which no export needs and recount does not follow, line 1",
            ),
            ("<a><r>1</r>", "it is not XML: `the element a does not end`"),
            ("<a><r/></a><a><r/></a>", "it is not XML: `it has several documents`"),
            ("<a><r/></a>x", "it is not XML: `text stands outside of every element`, line 1"),
            ("", "it is empty"),
        ] {
            assert_eq!(told(text, "a.r"), said, "{text}");
        }
        assert!(told("<a>\n<r></b></a>", "a.r").starts_with("it is not XML"));
        assert!(
            told("<a><s/><s/></a>", "b.r").contains("at \"a.s\"") || told("<a><s/><s/></a>", "b.r").contains("a.s")
        );
        let deep = "<a>".repeat(100);
        assert!(told(&deep, "b.r").contains("deep"), "{}", told(&deep, "b.r"));
    }
}
