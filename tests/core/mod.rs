//! The pure core, from outside: every rule of a bill, and the plan as a whole.

mod answers;
mod approval;
mod baseline;
mod findings;
mod guards;
mod held;
mod left_behind;
mod night;
mod oracle;
mod per_item;
mod placement;
mod policies;
mod properties;
mod quantities;
mod two_owners;
mod upward_guards;
