//! Answers of a vendor's API, page after page: never a panic; what is taken for the whole list is every record of the
//! pages, each on one line, and as many as `total` says. The first byte says how pages follow each other, and a record
//! separator (0x1e) stands between two answers.
#![no_main]

use libfuzzer_sys::fuzz_target;

use recount::export::locate::paging::fuzz::read;

fuzz_target!(|bytes: &[u8]| {
    let Some((form, answers)) = bytes.split_first() else { return };
    let answers: Vec<&[u8]> = answers.split(|byte| *byte == 0x1e).collect();
    let Ok((rows, _)) = read(&answers, *form) else { return };
    for row in &rows {
        assert!(!row.contains(['\n', '\r']), "a record on two lines: {row:?}");
    }
    let listed = |bytes: &&[u8]| {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let document: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
        document.and_then(|document| Some((document["items"].as_array()?.len(), document["total"].clone())))
    };
    // Every page up to the end was taken, and none behind it.
    let (mut records, mut ends) = (0, Vec::new());
    for (length, total) in answers.iter().map_while(listed) {
        records += length;
        ends.push((records, total));
    }
    assert!(ends.iter().any(|(records, _)| *records == rows.len()), "{} rows of {ends:?}", rows.len());
    if let Some(total) = ends.first().and_then(|(_, total)| total.as_u64()).filter(|_| form & 0x80 != 0) {
        assert_eq!(u64::try_from(rows.len()), Ok(total), "fewer or more than `total`");
    }
});
