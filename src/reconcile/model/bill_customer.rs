//! Whether and how a line stands on the invoice.

/// `billCustomer` of an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bill {
    /// It stands on the invoice, with its price.
    #[default]
    Billable,
    /// It does not stand on the invoice.
    DoNotBill,
    /// It stands on the invoice, without a price.
    NoCharge,
}

impl Bill {
    /// ConnectWise's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Billable => "Billable",
            Self::DoNotBill => "DoNotBill",
            Self::NoCharge => "NoCharge",
        }
    }

    /// What ConnectWise's word means.
    ///
    /// # Errors
    /// The word, where it is another one.
    pub fn of_word(word: String) -> Result<Self, String> {
        let all = [Self::Billable, Self::DoNotBill, Self::NoCharge];
        all.into_iter().find(|bill| bill.as_str() == word).ok_or(word)
    }
}
