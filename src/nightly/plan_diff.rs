//! What moved between a plan that was approved and the one drawn now.

use crate::history::run_record::LineRecord;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::moved_since::{MovedLine, moved_lines, planned_step};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// Lines that are told one by one; of more, only how many.
const TOLD: usize = 20;

/// One finding for each line whose quantities or whose fate are not those of the plan, the first ones of them.
pub(super) fn plan_diff(then: &[LineRecord], now: &[LineRecord]) -> Vec<Finding> {
    let mut moved: Vec<Finding> = moved_lines(then, now).into_iter().filter_map(told).collect();
    if moved.len() > TOLD {
        let more = moved.len() - TOLD;
        moved.truncate(TOLD);
        moved.push(finding(
            Severity::Warning,
            Code::PlanMoved,
            format!("{more} more line{} moved", if more == 1 { "" } else { "s" }),
        ));
    }
    moved
}

fn told((then, now): MovedLine<'_, LineRecord>) -> Option<Finding> {
    let message = match (then, now) {
        (Some(then), Some(now)) => format!("planned {}, now {}", planned_step(then), planned_step(now)),
        (Some(then), None) => format!("planned {}, now not there", planned_step(then)),
        (None, Some(now)) => format!("not in the plan, now {}", planned_step(now)),
        (None, None) => return None,
    };
    let line = now.or(then)?;
    Some(finding(Severity::Warning, Code::PlanMoved, message).about_line(&line.handle, &line.sources))
}
