//! Which company a customer may be, and which product a service: guesses, each with a score and a reason, for a person
//! to judge. Pure and in a fixed order. Nothing of this is ever written to a file or to ConnectWise by itself.

mod folded_names;
pub mod name_matcher;
mod written_ids;
