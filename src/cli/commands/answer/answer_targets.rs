//! Which matters are answered: handles, or everything that is held for one reason. Several are shown first.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::arguments::typed_handle;
use crate::cli::confirmation::Confirmation;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::report::open_items::{Item, OpenItems};

/// What is answered.
#[derive(Debug, Args)]
pub(super) struct AnswerTarget {
    /// The handles, as `recount held` shows them, or their first four letters
    #[arg(value_name = "HANDLE", required_unless_present = "all")]
    handles: Vec<String>,
    /// Everything that is held for this reason
    #[arg(long, value_name = "REASON", conflicts_with = "handles")]
    all: Option<String>,
    /// Without asking: several at once, or in place of somebody else's answer
    #[arg(long)]
    pub(super) yes: bool,
}

impl AnswerTarget {
    pub(super) fn one(handle: &str) -> Self {
        Self { handles: vec![handle.to_owned()], all: None, yes: false }
    }

    pub(super) fn first(&self) -> &str {
        self.handles.first().map(String::as_str).unwrap_or_default()
    }

    pub(super) fn is_several(&self) -> bool {
        self.all.is_some() || self.handles.len() > 1
    }

    /// Each once, in the order in which they were typed or are listed. A service that nobody has any more is answered line by
    /// line, as on the desk.
    pub(super) fn items<'a>(&self, all: &'a [OpenItems], verb: AnswerVerb) -> Result<Vec<Item<'a>>, CommandError> {
        let mut items: Vec<Item<'a>> = Vec::new();
        for item in self.named(all)? {
            items.extend(item.targets(verb));
        }
        let mut seen = BTreeSet::new();
        items.retain(|item| seen.insert(item.handle));
        Ok(items)
    }

    fn named<'a>(&self, all: &'a [OpenItems]) -> Result<Vec<Item<'a>>, CommandError> {
        let Some(reason) = &self.all else {
            let mut items: Vec<Item<'a>> = Vec::new();
            for typed in &self.handles {
                let item = typed_handle::meant(all, typed)?;
                if items.iter().all(|known| known.handle != item.handle) {
                    items.push(item);
                }
            }
            return Ok(items);
        };
        let waits = |item: &Item<'_>| {
            let open = item.finding.filter(|finding| item.is_asked() && item.of.is_open(finding));
            open.is_some_and(|finding| finding.code.as_str() == reason)
        };
        let items: Vec<Item<'a>> = all.iter().flat_map(OpenItems::items).filter(waits).collect();
        if items.is_empty() {
            let message = format!("nothing waits for an answer for the reason {}", shown(reason));
            return Err(CommandError::new(Exit::Usage, message, "recount held"));
        }
        Ok(items)
    }
}

/// Shows what the answers are about and what they replace, and asks.
pub(super) fn confirm(
    verb: AnswerVerb,
    seen: &[String],
    which: &AnswerTarget,
    console: &Console,
) -> Result<(), CommandError> {
    let list: String = seen.iter().map(|one| format!("  {one}\n")).collect();
    // The list is not in a document.
    let what = match seen {
        [one] => one.split_whitespace().collect::<Vec<_>>().join(" "),
        several => plural(several.len(), "item"),
    };
    let asked = Confirmation {
        list: &list,
        question: match seen.len() {
            1 => format!("{verb} it?"),
            several => format!("{verb} these {several}?"),
        },
        would: format!("{what}: would be answered with {verb}"),
        look: "them",
        declined: ("nothing was answered", "recount held"),
    };
    asked.ask(which.yes, console)
}
