//! The members by which vendors' answers say whether there is more: their names, in one plain form.

/// What a member of a name is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// What leads to more records: an address, a cursor, a number; nothing where there are none.
    Next,
    /// A list of links.
    Links,
    /// Whether there is more.
    More,
    /// The same, of a name that may be about anything where it does not stand beside the records.
    MoreOfPages,
    /// Whether this is the last page.
    Last,
    /// Whether this is a part of what there is.
    Part,
    /// Whether this is all.
    Whole,
    /// How it went, in a word or a number.
    Status,
    /// How many records there are in all.
    Total,
    /// The same, of a name that may be about anything where it does not stand beside the records.
    TotalOfPages,
    /// How many pages there are in all.
    Pages,
    /// What went wrong.
    Errors,
}

const NEXT: &[&str] = &[
    "continuation",
    "continuationtoken",
    "lastevaluatedkey",
    "moreresultsurl",
    "moreurl",
    "next",
    "nextbatch",
    "nextcontinuationtoken",
    "nextcursor",
    "nexthref",
    "nextkey",
    "nextlink",
    "nextmarker",
    "nextoffset",
    "nextpage",
    "nextpagecursor",
    "nextpagehref",
    "nextpagekey",
    "nextpagelink",
    "nextpagenumber",
    "nextpagetoken",
    "nextpageuri",
    "nextpageurl",
    "nextrecordsurl",
    "nextresults",
    "nextresultsurl",
    "nextskiptoken",
    "nextstart",
    "nexttoken",
    "nexturi",
    "nexturl",
    "odata.nextlink",
    "paginationtoken",
    "resumptiontoken",
    "skiptoken",
];
const MORE: &[&str] = &[
    "exceededtransferlimit",
    "hasmore",
    "hasmoredata",
    "hasmoreitems",
    "hasmorepages",
    "hasmorerecords",
    "hasmoreresults",
    "hasmorerows",
    "hasnext",
    "hasnextpage",
    "ismoredata",
    "istruncated",
    "moredata",
    "moreitems",
    "morepages",
    "morerecords",
    "moreresults",
    "moreresultsavailable",
    "truncated",
];
const MORE_OF_PAGES: &[&str] = &[
    "itemsremaining",
    "limitexceeded",
    "limitreached",
    "more",
    "moreavailable",
    "recordsremaining",
    "remaining",
    "remainingcount",
    "remainingitems",
    "remainingpages",
    "remainingrecords",
    "remainingresults",
];
const LAST: &[&str] = &[
    "atend",
    "done",
    "end",
    "endofdata",
    "endoflist",
    "endofresults",
    "eof",
    "exhausted",
    "finished",
    "isdone",
    "isend",
    "iseof",
    "isfinal",
    "isfinalpage",
    "isfinished",
    "islast",
    "islastpage",
    "last",
    "nomore",
    "nomorepages",
    "nomoreresults",
];
const PART: &[&str] = &[
    "incomplete",
    "incompleteresult",
    "incompleteresults",
    "isincomplete",
    "ispartial",
    "ispartialresult",
    "partial",
    "partialcontent",
    "partialdata",
    "partialresult",
    "partialresults",
    "partialsuccess",
];
const WHOLE: &[&str] = &[
    "allrecords",
    "complete",
    "completed",
    "completeresult",
    "completeresults",
    "iscomplete",
    "iscompleted",
    "iswhole",
];
const TOTAL: &[&str] = &[
    "fullcount",
    "itotalrecords",
    "numberofrecords",
    "numfound",
    "odata.count",
    "overallcount",
    "recordstotal",
    "resultstotal",
    "total",
    "totalcount",
    "totalelements",
    "totalentries",
    "totalfound",
    "totalhits",
    "totalitemcount",
    "totalitems",
    "totalmatches",
    "totalnumber",
    "totalnumberofrecords",
    "totalrecordcount",
    "totalrecords",
    "totalresultcount",
    "totalresults",
    "totalrowcount",
    "totalrows",
    "totalsize",
    "xtotalcount",
];
const TOTAL_OF_PAGES: &[&str] = &[
    "count",
    "found",
    "hits",
    "itemcount",
    "itemscount",
    "itotaldisplayrecords",
    "matched",
    "numresults",
    "recordcount",
    "recordscount",
    "recordsfiltered",
    "resultcount",
    "resultscount",
    "rowcount",
];
const PAGES: &[&str] = &[
    "lastpage",
    "lastpagenumber",
    "maxpage",
    "numberofpages",
    "numpages",
    "pagecount",
    "pages",
    "pagescount",
    "pagestotal",
    "pagetotal",
    "totalpagecount",
    "totalpages",
];

/// Objects that are about pages, beside what is itself about the records.
const ABOUT_PAGES: &[&str] = &[
    "cursor",
    "cursors",
    "info",
    "links",
    "listinfo",
    "meta",
    "metadata",
    "odata",
    "page",
    "pageinfo",
    "pager",
    "pages",
    "paginate",
    "pagination",
    "paginationinfo",
    "paging",
    "paginginfo",
    "resultinfo",
    "resultset",
    "responsemetadata",
    "resultmetadata",
];

/// What a member of this name, in its plain form, is about.
pub(super) fn says(key: &str) -> Option<Says> {
    const KNOWN: [(Says, &[&str]); 11] = [
        (Says::Next, NEXT),
        (Says::Links, &["links", "link"]),
        (Says::More, MORE),
        (Says::MoreOfPages, MORE_OF_PAGES),
        (Says::Last, LAST),
        (Says::Part, PART),
        (Says::Whole, WHOLE),
        (Says::Status, &["status", "code", "statuscode"]),
        (Says::Total, TOTAL),
        (Says::TotalOfPages, TOTAL_OF_PAGES),
        (Says::Pages, PAGES),
    ];
    let known = KNOWN.iter().find(|(_, names)| names.contains(&key));
    known.map(|(says, _)| *says).or_else(|| matches!(key, "error" | "errors").then_some(Says::Errors))
}

/// Whether all objects that a member stands in are about pages.
pub(super) fn is_about_pages(inside: &str) -> bool {
    inside.split('.').all(|name| ABOUT_PAGES.contains(&name))
}
