//! Which step is accepted: an answer is for what was shown.

use crate::cli::error::CommandError;
use crate::history::journal::WriteOutcome;
use crate::history::run_record::LineRecord;
use crate::history::store::open::History;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::step;
use crate::report::open_items::Item;

/// As it was typed.
#[derive(Debug, Clone, Copy)]
pub(super) enum TypedStep {
    /// The one that the newest plan shows, if no report showed another since it was asked.
    Shown,
    /// The one that the newest plan shows: a person has just seen it.
    Seen,
    /// The one that leads to this.
    To(Quantity),
    /// Every one that stops at or before this.
    Within(Quantity),
}

/// What may be typed as a quantity. One below 0 is taken for a value, so that it is refused as what it is.
pub(super) fn typed_quantity(text: &str) -> Result<Quantity, &'static str> {
    text.parse().map_err(|_| "a quantity is a number, 0 or more")
}

impl TypedStep {
    pub(super) fn within(self) -> Option<Quantity> {
        match self {
            Self::Within(limit) => Some(limit),
            _ => None,
        }
    }

    /// Whether the newest plan shows this step.
    ///
    /// # Errors
    /// Which one it shows instead, or that reports showed several.
    pub(super) fn check(self, item: Item<'_>, history: &History) -> Result<(), CommandError> {
        let Some(line) = item.line else { return Ok(()) };
        let (was, wanted) = (line.was.unwrap_or_default(), line.wanted.unwrap_or_default());
        let handle = item.handle;
        let named = Remedy::command(format!("recount accept {handle} --to {wanted}"));
        let shows = format!("cannot accept {handle}: the newest plan shows {}", step(line));
        match self {
            Self::Seen => Ok(()),
            Self::To(to) if to == wanted => Ok(()),
            Self::To(to) => Err(CommandError::new(Exit::Usage, format!("{shows}, not {to}"), named)),
            Self::Within(limit) if was < wanted && wanted <= limit || limit <= wanted && wanted < was => Ok(()),
            Self::Within(limit) => {
                Err(CommandError::new(Exit::Usage, format!("{shows}, which is not within {limit}"), named))
            }
            Self::Shown => match history.steps_shown(&item.of.run.integration, handle)?.as_slice() {
                [] | [_] => Ok(()),
                several => {
                    let steps = several.iter().map(|(was, to)| format!("{} → {}", or_dash(*was), or_dash(*to)));
                    let steps = steps.collect::<Vec<_>>().join(", ");
                    let message = format!("cannot accept {handle}: its reports showed several steps ({steps})");
                    Err(CommandError::new(Exit::Usage, message, named))
                }
            },
        }
    }
}

/// A line of the newest plan as it stands since an undo was carried out: what was set back is what is kept.
pub(super) fn after_undos(line: &LineRecord, item: Item<'_>, history: &History) -> Result<LineRecord, CommandError> {
    let mut line = line.clone();
    for undo in history.undos_since(&item.of.run.integration, item.of.run.run)? {
        for write in history.writes_of(undo.run)? {
            if let Some(WriteOutcome::Applied { addition, quantity }) = write.outcome
                && line.addition == Some(addition)
            {
                line.was = Some(quantity);
            }
        }
    }
    Ok(line)
}
