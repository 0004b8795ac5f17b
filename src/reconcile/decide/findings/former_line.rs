//! What can be done about a line whose addition bills on as something else.

use crate::reconcile::decide::findings::line_remedies::{answers, line_fix};
use crate::reconcile::decide::moved_lines::{Former, Lost};
use crate::reconcile::decide::permitted_answers::may_be_accepted;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::line::Line;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// What to do about a line, with what the addition that it was is now.
pub(crate) fn fix_of(line: &Line, gathered: PlanInputs<'_>) -> Option<Remedy> {
    let code = line.verdict.code();
    let fix = line_fix(code, line, gathered.mapping)?;
    let may_begin = line.verdict.is_held() && (may_be_accepted(code) || code == Code::LineMissing);
    Some(match may_begin.then(|| gathered.former(line)).flatten() {
        Some(former) => beside_former_fix(line, former, fix),
        None => fix,
    })
}

/// What to do about a line whose addition bills on as something else. To accept it begins another line, so that stands last.
fn beside_former_fix(line: &Line, former: Former<'_>, otherwise: Remedy) -> Remedy {
    let (id, key) = (former.addition.id, line.key());
    let item = key.and_then(|key| key.item.as_ref()).map(|item| shown(item.as_str())).unwrap_or_default();
    let product = key.map(|key| shown(key.product.as_str())).unwrap_or_default();
    let agreement = key.map(|key| key.agreement.to_string()).unwrap_or_default();
    let back = match former.lost {
        Lost::Mark => format!("give addition {id} its mark \"{item}\" back"),
        Lost::Product => format!("give addition {id} its product {product} back"),
        Lost::Agreement => format!("put addition {id} back on agreement {agreement}"),
    };
    let back = Remedy::in_connectwise(back);
    if !may_be_accepted(line.verdict.code()) {
        return back.or(otherwise).noting(format!("beside addition {id} it would be billed twice"));
    }
    let mut typed: Vec<Remedy> = match answers(line) {
        Remedy::AnyOf(ways) => ways.into_vec(),
        only => vec![only],
    };
    typed.rotate_left(1);
    let note = format!(
        "accept begins another line beside addition {id}: only where that one is meant to be something else now, and it \
         waits until what that one is now is answered as well"
    );
    Remedy::any_of(std::iter::once(back).chain(typed)).noting(note)
}
