//! Accept, keep, ignore, and taking an answer back: what was pressed, checked for sense, and handed on.

use std::slice;

use axum::http::StatusCode;
use chrono::NaiveDate;

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::open_items::Item;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::host::DeskAnswer;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::several_answers;
use crate::web::site::PageError;

const NO_NOTE: &str = "a step goes to zero, and the note says nothing";

/// Characters of a note, at most.
const NOTE_MOST: usize = 500;

/// One answer.
pub(crate) fn one(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let handle = visit.part("handle");
    let asked = answer(handle, Some(fields.get("shown")), fields);
    let answer = match asked {
        Ok(answer) => answer,
        Err(why) => return Ok(ActionOutcome::refused(visit, visit.event(DeskAction::Answer.as_str(), handle), &why)),
    };
    let refused = |why| {
        let event = event_of(visit, &answer, visit.desk.item(handle));
        Ok(ActionOutcome::refused(visit, event, &why))
    };
    if visit.desk.item(handle).is_some_and(|item| item.line.is_none()) && lacks_note(visit, slice::from_ref(&answer)) {
        return refused(wrong(NO_NOTE));
    }
    let events = events_of(visit, &answer);
    match visit.site.host.answer(&visit.person.called, slice::from_ref(&answer)) {
        Ok(()) => Ok(ActionOutcome { acted: FormResponse::To(way_back(fields, "/#answered")), events }),
        Err(why) => refused(why),
    }
}

/// The page that lists every step; nothing is stored.
pub(crate) fn several(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let Some(verb) = verb_of(fields.get("answer")) else {
        let why = wrong("no answer was chosen");
        return Ok(ActionOutcome::refused(visit, visit.event(DeskAction::Several.as_str(), ""), &why));
    };
    let handles: Vec<&str> = fields.all("item").collect();
    let page = several_answers::page(visit, verb, &handles);
    Ok(ActionOutcome { acted: FormResponse::Page(StatusCode::OK, Box::new(page)), events: Vec::new() })
}

/// All the answers of that page.
pub(crate) fn answer_several(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let each = fields.all("item").zip(fields.all("shown"));
    let answers: Result<Vec<DeskAnswer>, NotDone> =
        each.map(|(handle, shown)| answer(handle, Some(shown), fields)).collect();
    let refused = |why| Ok(ActionOutcome::refused(visit, visit.event(DeskAction::AnswerSeveral.as_str(), ""), &why));
    let answers = match answers {
        Ok(answers) if answers.is_empty() => return refused(wrong("no item was chosen")),
        Ok(answers) => answers,
        Err(why) => return refused(why),
    };
    if lacks_note(visit, &answers) {
        return refused(wrong(NO_NOTE));
    }
    match visit.site.host.answer(&visit.person.called, &answers) {
        Ok(()) => {
            let events = answers.iter().flat_map(|answer| events_of(visit, answer)).collect();
            Ok(ActionOutcome { acted: FormResponse::To("/#answered".to_owned()), events })
        }
        Err(why) => refused(why),
    }
}

/// Whether several lines are answered at once, one of them goes to zero, and nobody says why.
fn lacks_note(visit: &Visit, answers: &[DeskAnswer]) -> bool {
    let ends = |answer: &DeskAnswer| {
        answer.verb == AnswerVerb::Accept && visit.desk.item(&answer.handle).is_some_and(several_answers::to_zero)
    };
    answers.iter().any(|answer| answer.note.is_empty() && ends(answer))
}

/// Asks about it again.
pub(crate) fn take_back(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let handle = visit.part("handle");
    let answer = DeskAnswer {
        verb: AnswerVerb::Reopen,
        handle: handle.to_owned(),
        shown: Some(fields.get("shown").to_owned()),
        until: None,
        note: String::new(),
    };
    let event = visit.event(DeskAction::TakeBack.as_str(), handle);
    match visit.site.host.answer(&visit.person.called, &[answer]) {
        Ok(()) => Ok(ActionOutcome::done(way_back(fields, "/"), event)),
        Err(why) => Ok(ActionOutcome::refused(visit, event, &why)),
    }
}

/// To the night from which it was pressed: by its number, for no form holds an address.
fn way_back(fields: &PostedFields, otherwise: &str) -> String {
    match fields.get("night").parse::<u32>() {
        Ok(night) => format!("/nights/{night}#held"),
        Err(_) => otherwise.to_owned(),
    }
}

/// What may be pressed; taking back has a form of its own.
pub(crate) fn verb_of(word: &str) -> Option<AnswerVerb> {
    AnswerVerb::from_word(word).filter(|verb| *verb != AnswerVerb::Reopen)
}

fn answer(handle: &str, shown: Option<&str>, fields: &PostedFields) -> Result<DeskAnswer, NotDone> {
    let verb = verb_of(fields.get("answer")).ok_or_else(|| wrong("no answer was chosen"))?;
    let note = fields.get("note").trim();
    if note.chars().count() > NOTE_MOST {
        return Err(wrong("the note is longer than 500 characters"));
    }
    let until = match fields.get("until") {
        "" => None,
        _ if verb == AnswerVerb::Accept => return Err(wrong("a step is accepted once, so it has no last day")),
        day => Some(day.parse::<NaiveDate>().map_err(|_| wrong("Until is not a day"))?),
    };
    Ok(DeskAnswer { verb, handle: handle.to_owned(), shown: shown.map(str::to_owned), until, note: note.to_owned() })
}

fn wrong(message: &str) -> NotDone {
    NotDone { kind: NotDoneKind::Wrong, message: message.to_owned(), fix: "go back and press again".into() }
}

/// One of each line that is answered by it.
fn events_of(visit: &Visit, answer: &DeskAnswer) -> Vec<DeskEvent> {
    match visit.desk.item(&answer.handle) {
        Some(item) => item.targets(answer.verb).into_iter().map(|one| event_of(visit, answer, Some(one))).collect(),
        None => vec![event_of(visit, answer, None)],
    }
}

fn event_of(visit: &Visit, answer: &DeskAnswer, item: Option<Item<'_>>) -> DeskEvent {
    let deed = match answer.verb {
        AnswerVerb::Accept => "accepted",
        AnswerVerb::Keep => "kept",
        AnswerVerb::Ignore => "ignored",
        AnswerVerb::Reopen => DeskAction::TakeBack.as_str(),
    };
    let about = item.map(|item| item.sentence()).unwrap_or_default();
    let handle = item.map_or(&*answer.handle, |item| item.handle);
    let about = format!("{handle} {about}").trim_end().to_owned();
    DeskEvent { said: escaped(&answer.note), ..visit.event(deed, &about) }
}
