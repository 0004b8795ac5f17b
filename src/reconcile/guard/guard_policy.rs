//! The limits of all guards, `[integration.NAME.guards]`, with their defaults; and whether one line moves too far.

use chrono::TimeDelta;
use rust_decimal::Decimal;

/// `[integration.NAME.guards]`, with the defaults of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardPolicy {
    /// Age of the export's content, by modification time, from which it is refused. Default 36 h.
    pub max_age: TimeDelta,
    /// Share of malformed rows above which the export is refused. Default 5 %.
    pub max_malformed: Percent,
    /// Share of the last accepted export's rows below which it is refused. Default 80 %.
    pub min_rows: Percent,
    /// Likewise of its customers. Default 80 %.
    pub min_customers: Percent,
    /// Likewise of its units. Default 80 %.
    pub min_units: Percent,
    /// Share of the lines that may change in one run, once at least [`CHANGES_MIN`] would. Default 30 %.
    pub max_lines_changed: Percent,
    /// Share of all billed units that the falls of one run may come to. No rise makes up for them. Default 10 %.
    pub max_units_down: Percent,
    /// Share of all billed units that the rises and the new lines of one run may come to, once they are at least
    /// [`UNITS_UP_MIN`]. Default 25 %.
    pub max_units_up: Percent,
    /// Share of the lines that one run may create, once more than [`CREATIONS_MAX`] would be. Default 5 %.
    pub max_lines_created: Percent,
    /// Share of last time's lines that ConnectWise has to return. Default 80 %.
    pub min_lines_seen: Percent,
    /// How far one line may move.
    pub line_step: LineStep,
    /// What becomes of a line that would go to zero.
    pub to_zero: ToZero,
    /// What becomes of a line that somebody else changed.
    pub human_edit: HumanEdit,
    /// How long after the newest run that drew it a plan can be approved. Default 96 h.
    pub approval_life: TimeDelta,
}

/// Fewer changes than this are a small MSP's ordinary night, whatever their share.
pub const CHANGES_MIN: usize = 10;
/// Up to this many creations are an ordinary night, whatever their share.
pub const CREATIONS_MAX: usize = 5;
/// Fewer units than this are a small MSP's ordinary night, whatever their share.
pub const UNITS_UP_MIN: Decimal = Decimal::from_parts(25, 0, 0, false, 0);

/// A share, in percent: `Percent(80)` is 80 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub Decimal);

/// A line may move by the larger of units and percent, but not by the factor. From nothing, and where a line is created,
/// the units alone count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStep {
    /// Units.
    pub units: Decimal,
    /// Share of what is billed now.
    pub percent: Percent,
    /// So many times what is billed, or so small a part of it, is too far: it is 1 → 11 that 10 units let pass.
    pub factor: Decimal,
}

/// Why a step is too far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceededStep {
    /// More units than this.
    Units(Decimal),
    /// So many times what it was, or more.
    Times(Decimal),
    /// So small a part of what it was, or less.
    Part(Decimal),
}

/// Up to this many units a step is never called a multiple.
const FACTOR_UNITS: Decimal = Decimal::from_parts(3, 0, 0, false, 0);

/// What becomes of a line that would go to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ToZero {
    /// It is held for a decision.
    #[default]
    Ask,
    /// It is applied when a second, newer export says the same.
    SecondNight,
    /// It is applied.
    Apply,
}

/// What becomes of a line that somebody else changed since recount last wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HumanEdit {
    /// It is held for a decision.
    #[default]
    Ask,
    /// The export wins.
    Overwrite,
}

impl Default for GuardPolicy {
    fn default() -> Self {
        Self {
            max_age: TimeDelta::hours(36),
            max_malformed: Percent::of(5),
            min_rows: Percent::of(80),
            min_customers: Percent::of(80),
            min_units: Percent::of(80),
            max_lines_changed: Percent::of(30),
            max_units_down: Percent::of(10),
            max_units_up: Percent::of(25),
            max_lines_created: Percent::of(5),
            min_lines_seen: Percent::of(80),
            line_step: LineStep::default(),
            to_zero: ToZero::Ask,
            human_edit: HumanEdit::Ask,
            approval_life: TimeDelta::hours(96),
        }
    }
}

impl Default for LineStep {
    fn default() -> Self {
        Self { units: Decimal::TEN, percent: Percent::of(50), factor: Decimal::from(5) }
    }
}

impl LineStep {
    /// Why a line may not move so without a person, if it may not. From nothing, the units alone count.
    pub fn too_far(&self, from: Decimal, to: Decimal) -> Option<ExceededStep> {
        let limit = self.units.max(self.percent.share(from)).normalize();
        let distance = (to - from).abs();
        if distance > limit {
            return Some(ExceededStep::Units(limit));
        }
        if from.is_zero() || distance <= FACTOR_UNITS {
            return None;
        }
        let multiple = |part: Decimal, whole: Decimal| whole >= part.saturating_mul(self.factor);
        if multiple(from, to) {
            return Some(ExceededStep::Times(self.factor));
        }
        multiple(to, from).then_some(ExceededStep::Part(self.factor))
    }
}

impl std::fmt::Display for ExceededStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Units(limit) => write!(f, "the limit is {limit}"),
            Self::Times(factor) => write!(f, "which makes it {factor} times as much or more"),
            Self::Part(factor) => write!(f, "which leaves 1/{factor} of it or less"),
        }
    }
}

impl Percent {
    /// Whole percent.
    pub fn of(percent: u32) -> Self {
        Self(Decimal::from(percent))
    }

    /// The share of `whole` that this is, exactly.
    pub fn share(self, whole: Decimal) -> Decimal {
        whole.saturating_mul(self.0) / Decimal::ONE_HUNDRED
    }
}
