//! What can be done about a row that is no count. A vendor that writes it so tonight writes it so every night: nobody
//! mends rows by hand.

use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::counts::FilledColumns;
use crate::reconcile::model::plan::remedy::Remedy;

/// What would make such rows readable, or leave them out; `filled` are the columns that take the value above already.
pub fn row_remedy(why: &CountError, filled: FilledColumns) -> Remedy {
    match why {
        CountError::Sign => Remedy::settings("if rows may be negative, set signed = true in the export's table"),
        CountError::Undeclared(_) | CountError::TwoReadings(..) => Remedy::settings("declare it in the export's table"),
        CountError::Empty => Remedy::settings("if such rows mean none, leave them out with `drop`, is = [\"\"],"),
        CountError::NoService if filled.service => {
            Remedy::settings("`fill_down` finds none above it: leave such rows out with `drop`")
        }
        CountError::NoService => Remedy::settings(
            "if it is given once for the rows below, set `fill_down`, else leave such rows out with `drop`",
        ),
        CountError::NoItem => Remedy::settings("leave such rows out with `drop`, or name another column as the item"),
        CountError::NoDate => Remedy::settings(
            "set date_format as the vendor writes its dates, \"%d/%m/%Y\" where the day comes first and \"%m/%d/%Y\" where the \
             month does,",
        ),
        CountError::BlankDate => Remedy::settings(
            "if rows without a date do not count, leave them out with `drop`, is = [\"\"], of that column",
        ),
        CountError::SaysNo => Remedy::settings(
            "name what says yes, is = [\"Yes\"] instead of present = true, or leave rows that say no out with `drop`",
        ),
        CountError::OtherYes => Remedy::settings(
            "if it counts one, list it in `is` beside the others; if not, leave such rows out with `drop`",
        ),
        CountError::Total => Remedy::settings(
            "leave totals out with `drop`, or end the data there with `stop`; if it is none, whole = true",
        ),
        CountError::NoColumnName => Remedy::settings("name the service columns one by one in `wide`"),
        CountError::CutNumber { .. } => Remedy::settings(
            "let the pattern of `match` take the whole number, as ([-\\d.,]+) does, and declare `thousands` or `decimal`",
        ),
        CountError::BehindHeading => {
            Remedy::from("ask the vendor for numbers without thousands marks, or for quotes around such cells")
                .or("if it is a column of its own, ask for a heading above it".into())
        }
        CountError::NoMatch { .. } => Remedy::settings("correct the pattern, or leave such rows out with `drop`"),
        CountError::TooManyCounts { .. } => Remedy::settings("correct `split`, or raise max_rows"),
        CountError::Percent | CountError::Money => Remedy::settings("name the column of the count in `columns`"),
        CountError::Merged => Remedy::from("ask the vendor for a file with a number for each row"),
        CountError::List | CountError::ListName => Remedy::settings("name that list in `records`, with [] behind it"),
        CountError::Uncomputed => Remedy::from("ask the vendor for values instead of formulas, or for CSV"),
        CountError::Formula => Remedy::settings("if the vendor writes it so, take the number out of it with `match`")
            .or("fetch the vendor's own file, not one that a spreadsheet program saved".into()),
        CountError::Scientific | CountError::ErrorValue | CountError::ErrorName => {
            Remedy::from("fetch the vendor's own file, not one that a spreadsheet program saved")
                .or("ask the vendor for CSV".into())
        }
        CountError::Date => Remedy::from("fetch the vendor's own file, if a spreadsheet program saved this one")
            .or(Remedy::settings("count marks by `present` or `is`")),
        // Not `drop` alone: a customer left without a row of the service wants 0 of it.
        CountError::NotANumber | CountError::Separator => Remedy::settings(
            "take the number out of the cell with `match`, count marks by `present` or `is`, or leave headings and \
                 totals out with `drop`",
        ),
        CountError::TooLong => {
            Remedy::settings("name the column of the count in `columns`").noting("this looks like an identifier")
        }
        CountError::NoList => Remedy::settings(
            "if they have none of it, leave them out with `drop`, is = [\"\"], of a column of that list",
        ),
    }
}
