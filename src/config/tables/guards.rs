//! `[integration.NAME.guards]`: the keys of the guards' limits.

use std::time::Duration;

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::config::toml_document::{Field, Section};
use crate::reconcile::guard::guard_policy::{GuardPolicy, HumanEdit, LineStep, Percent, ToZero};

const TO_ZERO: &[(&str, ToZero)] =
    &[("ask", ToZero::Ask), ("second-night", ToZero::SecondNight), ("apply", ToZero::Apply)];
const HUMAN_EDIT: &[(&str, HumanEdit)] = &[("ask", HumanEdit::Ask), ("overwrite", HumanEdit::Overwrite)];

/// Reads the table; what is not there keeps its default.
pub(in crate::config) fn policy(section: Section<'_>) -> Option<GuardPolicy> {
    let usual = GuardPolicy::default();
    let share = |key, usual| section.get(key).map_or(Some(usual), |field| field.share());
    let max_age = section.get("max_age").map_or(Some(usual.max_age), |field| age(&field));
    let max_malformed = share("max_malformed", usual.max_malformed);
    let min_rows = share("min_rows", usual.min_rows);
    let min_customers = share("min_customers", usual.min_customers);
    let min_units = share("min_units", usual.min_units);
    let max_lines_changed = share("max_lines_changed", usual.max_lines_changed);
    let max_units_down = share("max_units_down", usual.max_units_down);
    let max_units_up = section.get("max_units_up").map_or(Some(usual.max_units_up), |field| field.percent());
    let max_lines_created = share("max_lines_created", usual.max_lines_created);
    let min_lines_seen = share("min_lines_seen", usual.min_lines_seen);
    let line_step = section.get("line_step").map_or(Some(usual.line_step), |field| line_step(&field));
    let to_zero = section.get("to_zero").map_or(Some(usual.to_zero), |field| field.word(TO_ZERO));
    let human_edit = section.get("human_edit").map_or(Some(usual.human_edit), |field| field.word(HUMAN_EDIT));
    let approval_life = section.get("approval_life").map_or(Some(usual.approval_life), |field| age(&field));
    section.finish(&[]);
    Some(GuardPolicy {
        max_age: max_age?,
        max_malformed: max_malformed?,
        min_rows: min_rows?,
        min_customers: min_customers?,
        min_units: min_units?,
        max_lines_changed: max_lines_changed?,
        max_units_down: max_units_down?,
        max_units_up: max_units_up?,
        max_lines_created: max_lines_created?,
        min_lines_seen: min_lines_seen?,
        line_step: line_step?,
        to_zero: to_zero?,
        human_edit: human_edit?,
        approval_life: approval_life?,
    })
}

fn age(field: &Field<'_>) -> Option<TimeDelta> {
    TimeDelta::from_std(field.duration(Duration::from_secs(1))?).ok()
}

fn line_step(field: &Field<'_>) -> Option<LineStep> {
    let section = field.table()?;
    let usual = LineStep::default();
    let number = |key, usual| section.get(key).map_or(Some(usual), |field| field.number());
    let units = number("units", usual.units);
    let percent = number("percent", usual.percent.0);
    let factor = section.get("factor").map_or(Some(usual.factor), |field| factor(&field));
    section.finish(&[]);
    Some(LineStep { units: units?, percent: Percent(percent?), factor: factor? })
}

/// At 1 or below, every step would be a multiple.
fn factor(field: &Field<'_>) -> Option<Decimal> {
    let factor = field.number()?;
    if factor <= Decimal::ONE {
        field.error("`factor` is a number above 1".to_owned());
        return None;
    }
    Some(factor)
}
