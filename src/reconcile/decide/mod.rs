//! What is to happen to each line, and what is said of it.

pub mod billed_elsewhere;
pub mod findings;
pub mod hand_edit;
pub(crate) mod invoice_calendar;
pub mod judge_line;
pub mod left_behind;
pub(crate) mod left_behind_reasons;
pub mod line_case;
pub mod line_decision;
pub mod line_guards;
pub mod moved_lines;
pub mod permitted_answers;
pub mod plan_inputs;
pub mod planner;
pub mod stored_answers;
pub mod uncounted_lines;
pub mod undo;
