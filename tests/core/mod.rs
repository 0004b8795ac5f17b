//! The pure core, from outside: every rule of a bill, and the plan as a whole.

mod approval;
mod baseline;
mod decided;
mod guards;
mod held;
mod left_behind;
mod night;
mod oracle;
mod owned;
mod per_item;
mod places;
mod policies;
mod properties;
mod quantities;
mod said;
mod swings;
