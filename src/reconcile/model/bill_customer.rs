//! Whether and how a line stands on the invoice.

use crate::reconcile::words::words;

words! {
    /// `billCustomer` of an addition, by ConnectWise's words.
    #[derive(Default)]
    Bill {
        /// It stands on the invoice, with its price.
        #[default]
        Billable = "Billable",
        /// It does not stand on the invoice.
        DoNotBill = "DoNotBill",
        /// It stands on the invoice, without a price.
        NoCharge = "NoCharge",
    }
}
