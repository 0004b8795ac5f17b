//! Records inside other records: each is a row with the columns of everything that it stands in, by their path from the
//! top.
//!
//! Of the document nothing is held but where its parts stand: what a record stands in is read once, when the first of
//! its records is.

use std::ops::Range;

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::Fault;
use crate::export::format::json::damage;
use crate::export::format::json::json_value;
use crate::export::format::json::json_value::{JsonFault as ValueFault, JsonText, RecordCells};
use crate::export::format::json::key_names::Names;
use crate::export::format::json::nested_path::{PathStep, steps};
use crate::export::format::json::nested_places::{Finder, FoundRecord, Frame, RecordPath, RecordPlace};
use crate::export::format::json::record_finder::documents;
use crate::export::format::line_numbers::RecordLines;
use crate::export::format::raw_rows::{RawRows, Without};

/// The records of a text, one at a time.
#[derive(Debug)]
pub(in crate::export) struct NestedRecords<'a> {
    way: RecordPath<'a>,
    found: FoundRecord<'a>,
    names: Names,
    lines: RecordLines<'a>,
    next: Option<usize>,
    /// Objects read so far, so that a key that stands in one of them twice is seen.
    read: usize,
    cells: RecordCells<'a>,
    /// The objects that this record stands in, the outermost first, each with its values.
    around: Vec<(u32, Vec<(usize, JsonText<'a>)>)>,
}

impl<'a> NestedRecords<'a> {
    /// Finds the records of a document, and the names of all columns in the order of their first use.
    ///
    /// # Errors
    /// If the text is no JSON, holds no records there, or an object names a key twice.
    pub(in crate::export) fn open(text: &'a str, steps: Vec<PathStep<'a>>, from_top: bool) -> Result<Self, Fault> {
        Self::of(text, RecordPath::of(steps, from_top), false)
    }

    /// Either of them, for a layout with these columns: an object that has those of a record, and stands where a list of records
    /// ought to, is a list of one.
    pub(in crate::export) fn open_for(
        text: &'a str,
        mut steps: Vec<PathStep<'a>>,
        columns: Vec<&'a str>,
        (from_top, on_lines): (bool, bool),
    ) -> Result<Self, Fault> {
        if on_lines && steps.first() != Some(&PathStep::Each) {
            steps.insert(0, PathStep::Each);
        }
        Self::of(text, RecordPath { columns, ..RecordPath::of(steps, from_top) }, on_lines)
    }

    /// The one record that stands where a list of them ought to, if it has these columns.
    pub(in crate::export) fn list_of_one(text: &'a str, records: &'a [String], columns: Vec<&'a str>) -> Option<Self> {
        let mut steps = steps(records);
        steps.push(PathStep::Each);
        (!records.is_empty()).then(|| Self::open_for(text, steps, columns, (false, false)).ok()).flatten()
    }

    fn of(text: &'a str, way: RecordPath<'a>, on_lines: bool) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new(Damage::Empty));
        }
        let documents = documents(text, on_lines)?;
        let document = documents.first().copied().unwrap_or_default();
        let mut finder = Finder { way: &way, text, document, found: FoundRecord::default() };
        documents.into_iter().try_for_each(|document| finder.walk(document, usize::from(on_lines), None, None))?;
        let found = finder.found;
        if found.places.iter().all(|place| place.record.is_err()) {
            return Err(Fault::new(Damage::NoRecords));
        }
        let mut all = Self {
            way,
            found,
            names: Names::default(),
            lines: RecordLines::of(text),
            next: Some(0),
            read: 0,
            cells: RecordCells::default(),
            around: Vec::new(),
        };
        // Once for the names, and then once more for the values.
        while all.advance()? {}
        (all.next, all.lines) = (None, RecordLines::of(text));
        all.around.clear();
        Ok(all)
    }

    /// How many there are.
    pub(in crate::export) fn number(&self) -> usize {
        self.found.places.len()
    }

    /// How many there are of what the first list holds, to be compared with what the document says around it.
    pub(in crate::export) fn number_of_first(&self) -> usize {
        let lists = self.way.steps.iter().filter(|step| !matches!(step, PathStep::Key(_))).count();
        let first = self.way.steps.iter().position(|step| !matches!(step, PathStep::Key(_)));
        if lists < 2 {
            return self.found.places.len();
        }
        let is_of_first = |frame: &&Frame<'_>| first.is_some_and(|first| frame.step == first + 1);
        match self.found.frames.iter().filter(is_of_first).count() {
            0 => self.found.places.len(),
            items => items,
        }
    }

    fn place(&self) -> Option<&RecordPlace<'a>> {
        self.next.and_then(|next| next.checked_sub(1)).and_then(|index| self.found.places.get(index))
    }

    /// The objects that the record stands in, as far as they are others than those of the record before.
    fn go_into(&mut self, frame: Option<u32>) -> Result<(), Fault> {
        let mut chain = Vec::new();
        let mut at = frame;
        while let Some((number, found)) = at.and_then(|number| Some((number, self.frame(number)?))) {
            chain.push(number);
            at = found.outer;
        }
        chain.reverse();
        let same = self.around.iter().zip(&chain).take_while(|((known, _), number)| known == *number).count();
        self.around.truncate(same);
        for number in chain.drain(same..) {
            let values = self.values_of(number)?;
            self.around.push((number, values));
        }
        Ok(())
    }

    fn frame(&self, number: u32) -> Option<&Frame<'a>> {
        self.found.frames.get(usize::try_from(number).ok()?)
    }

    /// What an object says beside the records that stand in it.
    fn values_of(&mut self, number: u32) -> Result<Vec<(usize, JsonText<'a>)>, Fault> {
        let Some(frame) = usize::try_from(number).ok().and_then(|number| self.found.frames.get(number)) else {
            return Ok(Vec::new());
        };
        self.read += 1;
        let mut values = Vec::new();
        let line = self.lines.line();
        let Self { names, way, read, .. } = self;
        if let Some((step, key)) = frame.key.as_deref() {
            let index = names.use_in(*read, &way.key_column(*step)).map_err(|fault| damage(line, fault))?;
            values.push((index, JsonText { text: key.clone(), ..JsonText::default() }));
        }
        let on = match way.steps.get(frame.step) {
            Some(PathStep::Key(key)) => Some(*key),
            _ => None,
        };
        let prefix = way.prefixes.get(frame.step).map_or("", String::as_str);
        let walked = json_value::members_but(frame.object, prefix, on, &mut |name, raw| {
            let index = names.use_in(*read, name)?;
            values.push((index, json_value::value(raw)?));
            Ok(())
        });
        walked.map_err(|fault| damage(line, fault))?;
        Ok(values)
    }

    fn own_values(&mut self, index: usize) -> Result<(), ValueFault> {
        let Self { names, way, cells, found, read, .. } = self;
        *read += 1;
        let Some(place) = found.places.get(index) else { return Ok(()) };
        let mut put = |name: &str, value: JsonText<'a>| {
            let index = names.use_in(*read, name)?;
            cells.put(index, value);
            Ok(())
        };
        if let Some((step, key)) = place.key.as_deref() {
            put(&way.key_column(*step), JsonText { text: key.clone(), ..JsonText::default() })?;
        }
        let Ok(record) = place.record else { return Ok(()) };
        let prefix = way.prefixes.last().map_or("", String::as_str);
        // What a record says itself goes by its own path as well.
        let itself = |name: &str| name.strip_suffix("@text").is_some_and(|path| path.strip_suffix('.') == Some(prefix));
        if !record.starts_with('{') {
            put("@value", json_value::value(record)?)?;
            return if prefix.is_empty() { Ok(()) } else { put(prefix, json_value::value(record)?) };
        }
        json_value::members_but(record, prefix, None, &mut |name, raw| {
            put(name, json_value::value(raw)?)?;
            if itself(name) { put(prefix, json_value::value(raw)?) } else { Ok(()) }
        })
    }
}

impl RawRows for NestedRecords<'_> {
    /// First the names, then record for record.
    fn advance(&mut self) -> Result<bool, Fault> {
        let Some(next) = self.next else {
            self.next = Some(0);
            self.cells = RecordCells(self.names.texts());
            return Ok(true);
        };
        let Some(place) = self.found.places.get(next) else { return Ok(false) };
        let frame = place.frame;
        let at = place.record.ok().or_else(|| self.frame(frame?).map(|frame| frame.object));
        self.lines.next(at.filter(|at| at.len() > 2 || place.record.is_ok()));
        self.go_into(frame)?;
        self.cells.clear(self.names.len());
        for (index, value) in self.around.iter().flat_map(|(_, values)| values) {
            self.cells.put(*index, value.clone());
        }
        self.own_values(next).map_err(|fault| damage(self.lines.line(), fault))?;
        self.next = Some(next + 1);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.cells.0.len()
    }

    fn cell(&self, index: usize) -> &str {
        self.cells.text(index)
    }

    fn is_number(&self, index: usize) -> bool {
        self.cells.is_number(index)
    }

    fn is_list(&self, index: usize) -> bool {
        self.cells.is_list(index)
    }

    fn is_grid(&self) -> bool {
        true
    }

    fn is_blank(&self) -> bool {
        false
    }

    fn without(&self) -> Option<Without> {
        self.place().and_then(|place| place.record.err())
    }

    fn line(&self) -> u64 {
        self.lines.line()
    }

    fn text(&self) -> String {
        self.place().and_then(|place| place.record.ok()).unwrap_or_default().to_owned()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        self.cells.range(index, self.place()?.record.ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, path: &str) -> String {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let mut rows = match NestedRecords::open(text, steps(&path), true) {
            Ok(rows) => rows,
            Err(fault) => return format!("{}{}", fault.damage, fault.place),
        };
        let mut told = Vec::new();
        while rows.advance().expect("whole") {
            let cells: Vec<&str> = (0..rows.len()).map(|index| rows.cell(index)).collect();
            let why = rows.without().map(|why| format!(" {why:?}")).unwrap_or_default();
            told.push(format!("{}: {}{why}", rows.line(), cells.join("|")));
        }
        told.join("\n")
    }

    /// Licences hang below their tenant: without its name nobody could be billed for them.
    #[test]
    fn a_record_has_the_columns_of_all_that_it_stands_in() {
        let text = r#"{"run":"a","items":[
{"tenant":{"name":"Alder"},"licenses":[{"sku":"E3","n":5},{"sku":"E5","n":1}]},
{"licenses":[{"sku":"E3","n":7}],"tenant":{"name":"Birch"}},
{"tenant":{"name":"Cedar"},"licenses":[]},
{"tenant":{"name":"Dogwood"}}]}"#;
        assert_eq!(
            told(text, "items[].licenses[]"),
            "1: run|items.tenant.name|items.licenses.sku|items.licenses.n\n2: a|Alder|E3|5\n2: a|Alder|E5|1\n\
             3: a|Birch|E3|7\n4: a|Cedar|| Nothing\n5: a|Dogwood|| Unsaid"
        );
    }

    #[test]
    fn an_object_by_key_has_its_keys_as_a_column() {
        assert_eq!(told(r#"{"A":{"n":5},"B":{"n":7}}"#, "{}"), "1: @key|n\n1: A|5\n2: B|7");
        assert_eq!(told(r#"{"A":5,"B":7}"#, "{}"), "1: @key|@value\n1: A|5\n2: B|7");
        assert_eq!(told(r#"{"data":{"A":[{"n":5},{"n":6}]}}"#, "data{}[]"), "1: @key|data.n\n1: A|5\n2: A|6");
        assert_eq!(
            told(r#"{"A":{"E3":5,"E5":1},"B":{"E3":2}}"#, "{}{}"),
            "1: @key|@key2|@value\n1: A|E3|5\n2: A|E5|1\n3: B|E3|2"
        );
        assert_eq!(told(r#"[{"c":"A","l":[{"n":1}]}]"#, "[].l[]"), "1: c|l.n\n1: A|1");
    }

    #[test]
    fn what_is_no_list_and_what_stands_twice_is_refused() {
        for (text, path, said) in [
            (r#"{"A":1,"A":2}"#, "{}", "the key `A` appears twice, line 1"),
            (r#"{"items":[{"l":5}]}"#, "items[].l[]", "expected a list of records, and found a number, line 1"),
            (r#"{"items":[{"l":[],"l":[{}]}]}"#, "items[].l[]", "the key `l` appears twice, line 1"),
            (r#"{"items":[[1]]}"#, "items[]", "expected a record, an object, and found a list, line 1"),
            (r#"{"items":[]}"#, "items[]", "it holds no record; an export without rows is never taken for zero"),
            ("", "items[]", "it is empty"),
        ] {
            assert_eq!(told(text, path), said, "{text}");
        }
        assert!(told(r#"{"rows":[{"a":1}]}"#, "items[]").starts_with("there is no list of records at `items"));
        assert!(told(r#"{"items":"#, "items[]").starts_with("it is not JSON"));
    }
}
