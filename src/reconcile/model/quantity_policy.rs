//! Quantity policies: what a count comes to before it is billed, step by step, exactly.
//!
//! The order is fixed: count → peak or average → multiply → divide → included → minimum and maximum → round. What depends on the
//! live line (`never_decrease`, `report_only`) is applied to the line as a whole, afterwards.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::words::words;

/// How a count becomes the units that are billed. The default changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Tonight's count, or one that stands for the billing period.
    pub measure: Measure,
    /// A factor.
    pub multiply: Option<Decimal>,
    /// How many of what is counted are one unit: bytes of a gigabyte. Exact where it divides, else to
    /// [`DIVIDED_PLACES`] decimals, halves up.
    pub divide: Option<Decimal>,
    /// Units that are taken off, down to none.
    pub included: Option<Quantity>,
    /// Units that are billed at least.
    pub minimum: Option<Quantity>,
    /// Units that are billed at most.
    pub maximum: Option<Quantity>,
    /// To whole packs.
    pub round: Option<Rounding>,
    /// The line never goes below what is billed now.
    pub never_decrease: bool,
    /// The line is reported and never written: it was paid in advance.
    pub report_only: bool,
    /// The minimum was agreed with one customer: it holds even without a row.
    pub own_minimum: bool,
}

/// Which count of the billing period is meant. The period is the calendar month of the run's day, up to that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measure {
    /// Tonight's.
    #[default]
    Current,
    /// The highest.
    Peak,
    /// The mean of the days that were counted, to [`AVERAGE_PLACES`] decimals, halves up. A day without an accepted
    /// export is left out, not counted as none.
    Average,
}

/// To multiples of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// In which direction.
    pub direction: Direction,
    /// Greater than zero.
    pub step: Quantity,
}

words! {
    /// The direction of rounding.
    Direction {
        /// To the next larger multiple.
        Up = "up",
        /// To the next smaller multiple.
        Down = "down",
        /// To the nearest multiple; halves up.
        Nearest = "nearest",
    }
}

/// Decimals of an average: a tenth of a thousandth of a unit is below any price list.
pub const AVERAGE_PLACES: u32 = 4;

/// Decimals of a quotient that does not come out even: less than a byte of a megabyte.
pub const DIVIDED_PLACES: u32 = 6;

/// What a policy is applied to.
#[derive(Debug, Clone, Copy)]
pub struct PolicyInput<'a> {
    /// Tonight's count.
    pub count: Quantity,
    /// The counts of the period's earlier days, one for each day that was counted.
    pub earlier: &'a [Quantity],
    /// Its count on the day of the period on which its line came to the most, where several counts make up the line. Its
    /// own peak is meant otherwise.
    pub on_peak_day: Option<Quantity>,
    /// Whether the export has a row for it. Without one, no general minimum lifts the zero: the customer does not have
    /// the service.
    pub stated: bool,
}

/// What a count comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyResult {
    /// The units.
    pub units: Quantity,
    /// How: `count 37 · × 1.5 = 55.5 · round up to 5 = 60`; `None` if the policy has no step.
    pub how: Option<String>,
}

impl Policy {
    /// The units that a count comes to.
    ///
    /// # Errors
    /// [`Code::TooLarge`] where a step cannot be done exactly in 28 digits.
    pub fn apply(&self, used: PolicyInput<'_>) -> Result<PolicyResult, Code> {
        let mut steps = Steps { units: used.count.as_decimal(), how: format!("count {}", used.count), any: false };
        self.measured(used, &mut steps)?;
        let nothing = steps.units.is_zero() && !used.stated;
        if let Some(factor) = self.multiply {
            let product = exact_product(steps.units, factor).ok_or(Code::TooLarge)?;
            steps.to(product, &format!("× {}", factor.normalize()));
        }
        if let Some(divisor) = self.divide {
            let quotient = steps.units.checked_div(divisor).ok_or(Code::TooLarge)?;
            let rounded = quotient.round_dp_with_strategy(DIVIDED_PLACES, RoundingStrategy::MidpointAwayFromZero);
            let is_exact = exact_product(quotient, divisor) == Some(steps.units);
            steps.to(if is_exact { quotient } else { rounded }, &format!("÷ {}", divisor.normalize()));
        }
        if let Some(included) = self.included {
            let rest = exact_difference(steps.units, included.as_decimal()).ok_or(Code::TooLarge)?;
            steps.to(rest.max(Decimal::ZERO), &format!("included −{included}"));
        }
        if let Some(minimum) = self.minimum.filter(|_| self.own_minimum || !nothing) {
            steps.to(steps.units.max(minimum.as_decimal()), &format!("minimum {minimum}"));
        }
        if let Some(maximum) = self.maximum {
            steps.to(steps.units.min(maximum.as_decimal()), &format!("maximum {maximum}"));
        }
        if let Some(rounding) = self.round {
            let rounded = rounding.apply(steps.units).ok_or(Code::TooLarge)?;
            steps.to(rounded, &format!("round {} to {}", rounding.direction.as_str(), rounding.step));
        }
        let units = Quantity::from_decimal(steps.units).ok_or(Code::TooLarge)?;
        Ok(PolicyResult { units, how: steps.any.then_some(steps.how) })
    }

    fn measured(&self, used: PolicyInput<'_>, steps: &mut Steps) -> Result<(), Code> {
        let days = used.earlier.len().saturating_add(1);
        let of_days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        match self.measure {
            Measure::Current => {}
            Measure::Peak => {
                let own = || used.earlier.iter().copied().fold(used.count, Quantity::max);
                let of = if used.on_peak_day.is_some() { "on the line's peak day" } else { "peak" };
                steps.to(used.on_peak_day.unwrap_or_else(own).as_decimal(), &format!("{of} of {of_days}"));
            }
            Measure::Average => {
                let sum = used.earlier.iter().try_fold(used.count.as_decimal(), |sum, day| {
                    exact_sum(sum, day.as_decimal()).ok_or(Code::TooLarge)
                })?;
                let mean = sum.checked_div(Decimal::from(days)).ok_or(Code::TooLarge)?;
                let mean = mean.round_dp_with_strategy(AVERAGE_PLACES, RoundingStrategy::MidpointAwayFromZero);
                steps.to(mean, &format!("average of {of_days}"));
            }
        }
        Ok(())
    }

    /// Its steps in words, in their order: `× 1.5`, `minimum 20`. Nothing where a count is billed as it is.
    pub fn said(&self) -> Vec<String> {
        let rounding = self.round.map(|one| format!("round {} to {}", one.direction.as_str(), one.step));
        let steps = [
            (self.measure == Measure::Peak).then(|| "peak of the month so far".to_owned()),
            (self.measure == Measure::Average).then(|| "average of the month so far".to_owned()),
            self.multiply.map(|factor| format!("× {}", factor.normalize())),
            self.divide.map(|divisor| format!("÷ {}", divisor.normalize())),
            self.included.map(|units| format!("included −{units}")),
            self.minimum.map(|units| format!("minimum {units}")),
            self.maximum.map(|units| format!("maximum {units}")),
            rounding,
            self.never_decrease.then(|| "never set below what is billed".to_owned()),
            self.report_only.then(|| "reported, never written".to_owned()),
        ];
        steps.into_iter().flatten().collect()
    }

    /// What a count comes to beside its measure, in words; empty where it is billed as it is.
    pub fn terms(&self) -> String {
        Self { measure: Measure::Current, ..self.clone() }.said().join(" · ")
    }

    /// Whether several counts come to as much by themselves as their sum does.
    pub fn adds_up(&self) -> bool {
        self.included.is_none() && self.minimum.is_none() && self.maximum.is_none() && self.round.is_none()
    }

    /// Whether it asks for the counts of earlier days.
    pub fn looks_back(&self) -> bool {
        self.measure != Measure::Current
    }
}

/// The way so far.
struct Steps {
    units: Decimal,
    how: String,
    any: bool,
}

impl Steps {
    fn to(&mut self, units: Decimal, what: &str) {
        self.units = units.normalize();
        self.how.push_str(&format!(" · {what} = {}", self.units));
        self.any = true;
    }
}

impl Rounding {
    fn apply(self, units: Decimal) -> Option<Decimal> {
        let step = self.step.as_decimal();
        let over = units.checked_rem(step)?;
        let down = exact_difference(units, over)?;
        let up = match self.direction {
            Direction::Down => false,
            Direction::Up => !over.is_zero(),
            Direction::Nearest => exact_sum(over, over)? >= step,
        };
        if up { exact_sum(down, step) } else { Some(down) }
    }

    /// Whether a quantity is a multiple of the step already.
    pub fn fits(self, units: Quantity) -> bool {
        units.as_decimal().checked_rem(self.step.as_decimal()).is_some_and(|over| over.is_zero())
    }
}

/// `None` where the decimal type would cut digits off to make it fit.
fn exact_product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    if a.is_zero() || b.is_zero() {
        return Some(Decimal::ZERO);
    }
    a.checked_mul(b).filter(|product| product.scale() == a.scale() + b.scale())
}

fn exact_sum(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    let sum = a.checked_add(b)?;
    (a.is_zero() || b.is_zero() || sum.is_zero() || sum.scale() == a.scale().max(b.scale())).then_some(sum)
}

fn exact_difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    exact_sum(a, -b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    fn reckon(policy: &Policy, count: &str, earlier: &[&str]) -> String {
        let earlier: Vec<Quantity> = earlier.iter().map(|day| q(day)).collect();
        let reckoned = policy
            .apply(PolicyInput { count: q(count), earlier: &earlier, on_peak_day: None, stated: true })
            .expect("it fits");
        reckoned.how.unwrap_or_else(|| reckoned.units.to_string())
    }

    fn round(direction: Direction, step: &str) -> Option<Rounding> {
        Some(Rounding { direction, step: q(step) })
    }

    /// Otherwise a biller could not tell a customer where the number on the invoice comes from.
    #[test]
    fn every_step_is_told_in_its_fixed_order() {
        let policy = Policy {
            measure: Measure::Peak,
            multiply: Some(Decimal::new(15, 1)),
            included: Some(q("10")),
            minimum: Some(q("20")),
            maximum: Some(q("500")),
            round: round(Direction::Up, "5"),
            ..Policy::default()
        };
        assert_eq!(
            reckon(&policy, "30", &["37", "12"]),
            "count 30 · peak of 3 days = 37 · × 1.5 = 55.5 · included −10 = 45.5 · minimum 20 = 45.5 · \
             maximum 500 = 45.5 · round up to 5 = 50"
        );
        assert_eq!(reckon(&Policy::default(), "30", &["37"]), "30");
    }

    #[test]
    fn rounding_and_averages_are_exact() {
        for (direction, units, rounded) in [
            (Direction::Up, "45.5", "50"),
            (Direction::Up, "45", "45"),
            (Direction::Down, "49.9999", "45"),
            (Direction::Nearest, "47.5", "50"),
            (Direction::Nearest, "47.49", "45"),
        ] {
            let policy = Policy { round: round(direction, "5"), ..Policy::default() };
            let words = format!("count {units} · round {} to 5 = {rounded}", direction.as_str());
            assert_eq!(reckon(&policy, units, &[]), words);
        }
        let average = Policy { measure: Measure::Average, ..Policy::default() };
        assert_eq!(reckon(&average, "5", &["0", "5"]), "count 5 · average of 3 days = 3.3333");
        assert_eq!(reckon(&average, "5", &[]), "count 5 · average of 1 day = 5");
    }

    /// Otherwise a service that a customer gave up would be billed for ever at its minimum.
    #[test]
    fn a_general_minimum_does_not_lift_what_the_export_does_not_name() {
        let unstated = PolicyInput { count: Quantity::ZERO, earlier: &[], on_peak_day: None, stated: false };
        let policy = Policy { minimum: Some(q("5")), ..Policy::default() };
        assert_eq!(policy.apply(unstated).expect("it fits").units, Quantity::ZERO);
        assert_eq!(policy.apply(PolicyInput { stated: true, ..unstated }).expect("it fits").units, q("5"));
        let own = Policy { own_minimum: true, ..policy };
        assert_eq!(own.apply(unstated).expect("it fits").units, q("5"));
    }

    #[test]
    fn what_cannot_be_exact_is_too_large() {
        let policy =
            Policy { multiply: Some(Decimal::from_str_exact("1234567.0123456789").unwrap()), ..Policy::default() };
        let used = PolicyInput { count: q("7654321.0123456789"), earlier: &[], on_peak_day: None, stated: true };
        assert_eq!(policy.apply(used), Err(Code::TooLarge));
    }
}
