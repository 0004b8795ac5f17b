//! What webhooks are sent. Names come from an export: they stand only where no chat reads markup.

use serde_json::{Value, json};

use crate::history::run_record::Totals;
use crate::report::brief::Brief;
use crate::report::brief::needs::Need;
use crate::report::format::json::time;

/// Items that a chat message shows; the report has the rest.
const NEEDS_SHOWN: usize = 10;
/// What asks nothing of anybody is told in few words.
const ODD_SHOWN: usize = 3;
/// Slack refuses a longer text of a block (Slack API reference: 3000; a header 150).
const SLACK_TEXT_MAX: usize = 2_900;
const SLACK_HEADER_MAX: usize = 149;
/// Teams refuses a message of more than 28 kB (Microsoft Learn).
const TEAMS_TEXT_MAX: usize = 600;

/// recount's own shape.
pub(crate) fn json(brief: &Brief) -> Value {
    let Brief { event, integration, run, verdict, exit_code, totals, subject, link, at, .. } = brief;
    let Totals { to_decide, changed, would_change: _, failed, unknown, lines, explained } = *totals;
    let open_items: Vec<Value> = brief.needs.iter().map(need_json).collect();
    json!({
        "schema": 1,
        "event": event.as_str(),
        "integration": if integration.is_empty() { Value::Null } else { json!(integration) },
        "run": run,
        "verdict": verdict,
        "exit_code": exit_code,
        "totals": {
            "to_decide": to_decide, "changed": changed, "failed": failed, "unknown": unknown,
            "explained": explained, "lines": lines,
        },
        "subject": subject,
        "open_items": open_items,
        "open_items_left_out": brief.needs_left_out,
        // What receivers that were written before know them by.
        "needs": open_items,
        "needs_left_out": brief.needs_left_out,
        "untold": brief.untold,
        "news": brief.news,
        "link": link,
        "at": time(*at),
    })
}

fn need_json(need: &Need) -> Value {
    let Need { handle, title, step, message, fix, records: _ } = need;
    json!({ "handle": handle, "title": title, "step": step, "message": message, "fix": fix.to_string() })
}

/// Blocks of plain text: Slack reads neither markup nor mentions in them. The fallback text is escaped.
pub(crate) fn slack(brief: &Brief) -> Value {
    let plain = |text: &str, max| json!({ "type": "plain_text", "text": cut(text, max), "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&brief.subject, SLACK_HEADER_MAX) })];
    blocks.extend(texts(brief).iter().map(|item| json!({ "type": "section", "text": plain(item, SLACK_TEXT_MAX) })));
    if let Some(link) = &brief.link {
        let button = json!({ "type": "button", "text": plain("Report", 75), "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    let fallback = brief.subject.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": fallback, "blocks": blocks })
}

/// An Adaptive Card. Text runs are the one element of cards that reads no Markdown.
pub(crate) fn teams(brief: &Brief) -> Value {
    let run = |text: &str, bold: bool| {
        let weight = if bold { "Bolder" } else { "Default" };
        let inline = json!({ "type": "TextRun", "text": cut(text, TEAMS_TEXT_MAX), "weight": weight });
        json!({ "type": "RichTextBlock", "inlines": [inline] })
    };
    let mut body = vec![run(&brief.subject, true)];
    body.extend(texts(brief).iter().map(|item| run(item, false)));
    let actions: Vec<Value> =
        brief.link.iter().map(|link| json!({ "type": "Action.OpenUrl", "title": "Report", "url": link })).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "body": body, "actions": actions,
    });
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card,
    });
    json!({ "type": "message", "attachments": [attachment] })
}

/// What a chat shows below the subject: the numbers, what is new, and the items.
fn texts(brief: &Brief) -> Vec<String> {
    let numbers = Some(&brief.numbers).filter(|numbers| !numbers.is_empty());
    let mut items: Vec<String> = numbers.into_iter().chain(&brief.news).cloned().collect();
    items.extend(brief.needs.iter().take(NEEDS_SHOWN).map(item));
    let more = brief.needs.len().saturating_sub(NEEDS_SHOWN) + brief.needs_left_out;
    if more > 0 {
        items.push(format!("… {more} more"));
    }
    items.extend(brief.odd.iter().take(ODD_SHOWN).map(|odd| format!("Worth a look: {}", item(odd))));
    items
}

fn item(need: &Need) -> String {
    let Need { handle, title, step, message, fix, records: _ } = need;
    let parts = [handle, title, step].into_iter().filter(|part| !part.is_empty());
    let first = parts.map(String::as_str).collect::<Vec<_>>().join(" · ");
    let fix: String = fix.lines().iter().map(|line| format!("\n→ {line}")).collect();
    format!("{first}\n{message}{fix}")
}

/// At most `max` characters, as the services count them.
fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
