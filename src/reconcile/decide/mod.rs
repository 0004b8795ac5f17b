//! What is to happen to each line, and what is said of it.

pub mod answers;
pub(crate) mod calendar;
pub mod decisions;
pub mod elsewhere;
pub mod findings;
pub mod hand_edit;
pub mod left_behind;
pub(crate) mod left_words;
pub mod line;
pub mod line_decision;
pub mod line_guards;
pub mod line_rules;
pub mod overtaken;
pub mod plan_inputs;
pub mod planner;
pub mod uncounted;
pub mod undo;
