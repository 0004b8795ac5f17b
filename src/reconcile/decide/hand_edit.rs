//! Whether somebody else changed a line since it was last seen.

use chrono::TimeDelta;

use crate::reconcile::decide::line_case::LineRules;
use crate::reconcile::decide::line_decision::{Hold, HoldReason, LineDecision};
use crate::reconcile::decide::line_guards::{Hindrance, Step};
use crate::reconcile::guard::guard_policy::HumanEdit;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::ids::{AdditionId, ItemName, RunId};
use crate::reconcile::model::known_lines::{KnownLines as _, on_agreement, sent_as};
use crate::reconcile::model::past::{SeenQuantity, WrittenQuantity};
use crate::reconcile::model::plan::line::{LineKey, LiveAddition};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

impl LineRules<'_> {
    /// What was last seen of a line is not what stands there: somebody meant something by it, or ConnectWise did not
    /// keep what it confirmed.
    pub(in crate::reconcile) fn hand_edit(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, addition, now, to: _ } = step;
        let id = addition.id;
        if self.policy.human_edit == HumanEdit::Overwrite {
            return None;
        }
        let known = match (self.last_known(id), self.replaced(step)) {
            // What was seen of it while the line waited for somebody settles nothing.
            (Some(LastKnown::Seen(_, None)), replaced @ Some(_)) => (None, replaced),
            known => known,
        };
        let known = match known {
            (Some(last), _) | (None, Some((_, last))) if last.explains(now) => return None,
            (Some(last), _) if last.was_not_kept(addition, now) => {
                let detail = format!("{}, ConnectWise holds {now} again, and names no change after it", last.said());
                return Some((Code::WriteIgnored, detail));
            }
            (Some(last), _) => last.said(),
            (None, Some((ended, last))) => {
                format!("{} on addition {ended}, in whose place addition {id} stands", last.said())
            }
            (None, None) => {
                let sent = sent_as(&self.past.given_up, key, addition.product)?;
                if sent.before.contains(&id) || sent.quantity == now {
                    return None;
                }
                format!("run {} sent a new line of {}", sent.run, sent.quantity)
            }
        };
        let by = addition.changed.as_ref().map(|change| format!(", {}", change.said()));
        Some((Code::HumanEdit, format!("{known}, ConnectWise holds {now}{}", by.unwrap_or_default())))
    }

    /// An addition that is another line, of this integration or of one beside it, and stands on this one since somebody
    /// changed it: whoever owns it asks what was meant, and until that is answered nobody else writes it.
    pub(in crate::reconcile) fn another_line(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, addition, .. } = step;
        let id = addition.id;
        if self.policy.human_edit == HumanEdit::Overwrite || self.past.has_seen_as(key, id) {
            return None;
        }
        let open = |line: &&LineKey| is_another(line, key) && !self.past.decisions.lets_be(line, id, self.today);
        // A catalog item that got another identifier is the same line.
        let edited = |line: &&LineKey| !is_same_place(line, key) || !self.around.is_of(line, addition);
        let own = self.around.owned_as(id).filter(open).find(edited).map(|line| (line, String::new()));
        let neighbours = || {
            let owner = self.past.neighbours_lines.get(&id).filter(|owner| is_another(&owner.key, key))?;
            Some((&owner.key, format!(" of {}", owner.integration)))
        };
        let (line, whose) = own.or_else(neighbours)?;
        let item = line.item.as_ref().map(|item| format!(" for {}", shown(item.as_str()))).unwrap_or_default();
        let was = format!("{}{item} on agreement {}{whose}", shown(line.product.as_str()), line.agreement);
        let by = addition.changed.as_ref().map(|change| format!(", {}", change.said())).unwrap_or_default();
        Some((Code::HumanEdit, format!("addition {id} was the line of {was}, and somebody made it this one{by}")))
    }

    /// The addition that the last accepted run saw in this one's place, if it is known what it held. Who ends a line and
    /// begins another one, for a new price, keeps its quantity; another quantity is meant.
    fn replaced(&self, step: Step<'_>) -> Option<(AdditionId, LastKnown<'_>)> {
        let key = step.key;
        let seen = self.past.accepted.as_ref().and_then(|accepted| accepted.lines.of_line(key));
        let before = *seen.or_else(|| self.past.ours.of_line(key))?;
        // It is there still, and nobody ended it: another one is pinned, or it is of another product.
        let there = self.around.listed(key.agreement, before);
        if there.is_some_and(|there| there.is_current(self.today) && !there.is_beside()) {
            return None;
        }
        (before != step.addition.id).then_some(before).zip(self.last_known(before))
    }

    /// A line that is not lowered, unless somebody else changed it: a slip of theirs would be billed for good.
    pub(in crate::reconcile) fn unless_edited(
        &self,
        step: Step<'_>,
        live: LiveAddition,
        stays: LineDecision,
    ) -> LineDecision {
        let Some((code, detail)) = self.another_line(step).or_else(|| self.hand_edit(step)) else { return stays };
        let changed = step.addition.changed.as_ref();
        let edit = Hindrance { changed, ..Hindrance::of_line(code, detail) };
        match self.unless_answered(step.key, Some(live), step.to, &[edit]) {
            Ok(by) => LineDecision { detail: format!("{}; {by}", stays.detail), ..stays },
            Err(hold) => {
                let detail = format!("{}; {}", hold.detail, stays.detail);
                Hold { detail, ..hold }.of(Some(live))
            }
        }
    }

    /// A line that recount saw live or wrote, and that is cancelled or gone now, was ended by a person. A new one would
    /// overwrite that decision, or be the second, if ConnectWise only did not show the first.
    pub(in crate::reconcile) fn ended_by_hand(&self, key: &LineKey, on_line: &[&Addition]) -> Vec<Hindrance<'static>> {
        let of = |id, detail| Hindrance { named: Named::one(id, None), ..Hindrance::of_line(Code::HumanEdit, detail) };
        let overwrites = self.policy.human_edit == HumanEdit::Overwrite;
        let cancelled = on_line.iter().find(|addition| self.was_here(key, addition)).filter(|_| !overwrites);
        let cancelled = cancelled.map(|ours| {
            let on = ours.cancelled_on.map(day).unwrap_or_default();
            of(ours.id, format!("addition {} ended on {on}: somebody set its end, for recount ends none", ours.id))
        });
        // Not in the listing is no sign that it ended, whoever is to win.
        cancelled.into_iter().chain(self.gone(key, on_line)).collect()
    }

    /// The addition that was the line, where it is not among its additions any more; or that ConnectWise confirmed as the line,
    /// and that was never among them.
    pub(in crate::reconcile) fn gone(&self, key: &LineKey, on_line: &[&Addition]) -> Option<Hindrance<'static>> {
        let gone = self.past.last_addition(key).filter(|gone| on_line.iter().all(|addition| addition.id != *gone))?;
        let listed = self.around.listed(key.agreement, gone);
        let detail = match self.never_here(key, gone) {
            Some(run) => {
                let now = match listed {
                    None => self.around.where_it_is(gone),
                    Some(listed) => Some(self.differs(key, listed)?),
                };
                let now =
                    now.map_or(", and ConnectWise does not show it".to_owned(), |now| format!(" and which {now}"));
                format!("run {run} sent it, ConnectWise confirmed addition {gone}, which no night has seen here{now}")
            }
            None => match listed {
                None => self.around.not_where_it_was(gone),
                Some(listed) => format!("addition {gone} was this line, and {}", self.differs(key, listed)?),
            },
        };
        Some(Hindrance { named: Named::one(gone, None), ..Hindrance::of_line(Code::HumanEdit, detail) })
    }

    /// The run that created an addition as a line, if no night has seen it there: its answer was all there is.
    fn never_here(&self, key: &LineKey, addition: AdditionId) -> Option<RunId> {
        let accepted = self.past.accepted.as_ref().and_then(|accepted| accepted.lines.of_line(key));
        let seen = accepted == Some(&addition) || self.past.seen.contains_key(&addition);
        let written = self.past.written.get(&addition).filter(|written| written.from.is_none() && !seen)?;
        self.past.begins.contains_key(&addition).then_some(written.run)
    }

    /// Whether an addition is known as the line from before.
    pub(in crate::reconcile) fn was_here(&self, key: &LineKey, addition: &Addition) -> bool {
        let seen = self.past.accepted.as_ref().and_then(|accepted| accepted.lines.of_line(key));
        let known = [seen, self.past.ours.of_line(key)].contains(&Some(&addition.id));
        known || self.past.written.contains_key(&addition.id) || self.was_here_as_renamed(key, addition)
    }

    /// The same under an identifier that the catalog item had then.
    fn was_here_as_renamed(&self, key: &LineKey, addition: &Addition) -> bool {
        let seen = self.past.accepted.iter().flat_map(|accepted| on_agreement(&accepted.lines, key));
        let seen = seen.chain(on_agreement(&self.past.ours, key));
        let mut same = seen.filter(|(_, id)| **id == addition.id);
        let item = &key.folded().item;
        same.any(|(known, _)| known.folded().item == *item && self.around.is_of(known, addition))
    }

    fn last_known(&self, addition: AdditionId) -> Option<LastKnown<'_>> {
        match (self.past.written.get(&addition), self.past.seen.get(&addition)) {
            (Some(written), Some(seen)) if written.last_run() < seen.run => Some(LastKnown::Seen(seen, Some(written))),
            (Some(written), _) => Some(LastKnown::Written(written)),
            (None, seen) => seen.map(|seen| LastKnown::Seen(seen, None)),
        }
    }
}

fn is_another(line: &LineKey, key: &LineKey) -> bool {
    !is_same_place(line, key) || line.product.folded() != key.product.folded()
}

/// The same but for the product's identifier.
fn is_same_place(line: &LineKey, key: &LineKey) -> bool {
    let item = |line: &LineKey| line.item.as_ref().map(ItemName::folded);
    line.agreement == key.agreement && item(line) == item(key)
}

/// What is known last of an addition's quantity.
#[derive(Debug, Clone, Copy)]
enum LastKnown<'a> {
    /// Recount wrote it.
    Written(&'a WrittenQuantity),
    /// A later run only saw it.
    Seen(&'a SeenQuantity, Option<&'a WrittenQuantity>),
}

impl LastKnown<'_> {
    fn explains(self, now: Quantity) -> bool {
        match self {
            LastKnown::Written(written) => written.explains(now),
            LastKnown::Seen(seen, written) => {
                // What was sent without a clear end may arrive after it was looked for.
                seen.quantity == now || written.is_some_and(|written| written.sent.is_some_and(|(_, sent)| sent == now))
            }
        }
    }

    fn said(self) -> String {
        match self {
            LastKnown::Written(WrittenQuantity { quantity, run, times, sent, .. }) => match sent {
                None => format!("run {run} wrote {quantity}"),
                Some((run, sent)) if *times == 0 => format!("run {run} found {quantity} and sent {sent}"),
                Some((later, sent)) => format!("run {run} wrote {quantity}, and run {later} sent {sent}"),
            },
            LastKnown::Seen(SeenQuantity { quantity, run }, _) => format!("run {run} saw {quantity}"),
        }
    }

    /// A write that was confirmed is gone, and the record names nobody who changed it since.
    fn was_not_kept(self, addition: &Addition, now: Quantity) -> bool {
        let LastKnown::Written(WrittenQuantity { from, written_at: Some(at), sent: None, .. }) = self else {
            return false;
        };
        let later = *at + CLOCKS_APART;
        *from == Some(now) && addition.changed.as_ref().is_some_and(|change| change.is_by(later))
    }
}

/// ConnectWise's clock and ours differ by less.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);
