//! Lists that came in bundles may lack rows. Where something follows from what is not in one, it is read again by itself
//! before it does.

use std::collections::BTreeSet;

use crate::connectwise::{ReadError, Reader};
use crate::nightly::remote::additions::{AdditionLists, read_lists};
use crate::nightly::remote::{Remote, hold};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::line::{Line, Subject, Verdict};

/// Reads the lists again on whose gaps this plan stands; whether there were any, and the plan is to be drawn anew. If
/// one of them lacked a row, none of them is believed.
pub(crate) async fn read_again<R: Reader>(
    connectwise: &R,
    plan: &Plan,
    past: &Past,
    remote: &mut Remote,
) -> Result<bool, ReadError> {
    let doubted = doubted(plan, past, remote);
    if doubted.is_empty() {
        return Ok(false);
    }
    if let Some(agreement) = replace(connectwise, doubted, remote).await? {
        let why = format!("the list of agreement {agreement} lacked rows, or was another one");
        connectwise.leave_bundles(why.clone());
        remote.bundles_left.get_or_insert(why);
        let others = remote.bundled.clone();
        replace(connectwise, others, remote).await?;
    }
    Ok(true)
}

/// The agreements whose lists came in bundles, and where a line is missed: one that the plan wants, or that was there on
/// an earlier night. Where a line may begin, all of its company.
fn doubted(plan: &Plan, past: &Past, remote: &Remote) -> BTreeSet<AgreementId> {
    let missed =
        |line: &&Line| line.live.is_none() && !matches!(line.verdict, Verdict::Unchanged(_) | Verdict::Skipped(_));
    let missing: Vec<&Line> = plan.lines.iter().filter(missed).collect();
    let begin = plan.lines.iter().filter(|line| line.may_begin() || line.verdict.begins());
    let companies: BTreeSet<CompanyId> = begin.filter_map(|line| line.company).collect();
    let beside = remote.directory.agreements.values().filter(|agreement| companies.contains(&agreement.company));
    let here = missing.iter().filter_map(|line| match &line.subject {
        Subject::Line(key) => Some(key.agreement),
        Subject::Unplaced { .. } => None,
    });
    let all = here.chain(beside.map(|agreement| agreement.id)).chain(gone(past, remote));
    all.filter(|agreement| remote.bundled.contains(agreement)).collect()
}

/// Where an addition is not shown that an earlier night saw, or one that recount owned is said to bill nothing: it would be
/// owned no more.
fn gone<'a>(past: &'a Past, remote: &'a Remote) -> impl Iterator<Item = AgreementId> + 'a {
    let listed = || remote.additions.values().flatten();
    let shown: BTreeSet<AdditionId> = listed().map(|addition| addition.id).collect();
    let at_zero: BTreeSet<AdditionId> =
        listed().filter(|addition| !addition.bills()).map(|addition| addition.id).collect();
    let seen = past.accepted.iter().flat_map(|accepted| &accepted.lines);
    let known = seen.chain(&past.ours).map(|(key, addition)| (key, *addition, false));
    let owned = past.owned.iter().filter_map(|(key, owned)| Some((key, owned.addition?, true)));
    let over = move |id: &AdditionId, is_owned: bool| !shown.contains(id) || is_owned && at_zero.contains(id);
    known.chain(owned).filter(move |(_, id, is_owned)| over(id, *is_owned)).map(|(key, ..)| key.agreement)
}

/// Puts plain lists in the place of these; the first agreement whose list was not the same.
async fn replace<R: Reader>(
    connectwise: &R,
    agreements: BTreeSet<AgreementId>,
    remote: &mut Remote,
) -> Result<Option<AgreementId>, ReadError> {
    for agreement in &agreements {
        remote.bundled.remove(agreement);
    }
    let AdditionLists { additions, unread, others, .. } = read_lists(connectwise, agreements, None).await?;
    let other = additions.iter().find(|(agreement, list)| remote.additions.get(agreement) != Some(*list));
    let other = other.map(|(agreement, _)| *agreement);
    hold(&mut remote.places, &unread);
    for agreement in unread.keys() {
        remote.additions.remove(agreement);
    }
    remote.additions.extend(additions);
    remote.directory.unread.additions.extend(unread.into_iter().map(|(agreement, unread)| (agreement, unread.why)));
    remote.directory.unread.others.extend(others);
    Ok(other)
}
