//! What stands behind the row that ends the data of an export.

use crate::reconcile::model::ids::CustomerName;

/// Rows behind the first one that `stop` names, in all files and sheets of an export. Nothing of them is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsBehindEnd {
    /// What the row that ends the data looks like, in words.
    pub end: String,
    /// How many there are; blank ones, and others that end the data, are none.
    pub rows: usize,
    /// Those of them that read like counts.
    pub counts: usize,
    /// The line of the first that reads like a count; where none does, of the first.
    pub line: u64,
    /// Whom that row names.
    pub customer: Option<CustomerName>,
}

impl RowsBehindEnd {
    /// None yet.
    pub fn of(end: String) -> Self {
        Self { end, rows: 0, counts: 0, line: 0, customer: None }
    }

    /// One row more; it reads like a count of this customer.
    pub fn add(&mut self, line: u64, customer: Option<CustomerName>) {
        if self.rows == 0 || self.counts == 0 && customer.is_some() {
            self.line = line;
        }
        self.rows += 1;
        self.counts += usize::from(customer.is_some());
        self.customer = self.customer.take().or(customer);
    }

    /// Those of another file or sheet as well.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        let (rows, counts) = (self.rows + next.rows, self.counts + next.counts);
        let first = if self.rows == 0 || self.counts == 0 && next.counts > 0 { next } else { self };
        Self { rows, counts, ..first }
    }
}
