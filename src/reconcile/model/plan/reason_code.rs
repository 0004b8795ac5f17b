//! The stable words for why: reasons of lines and codes of findings. Append-only; docs/findings.md lists them.

use crate::reconcile::words::words;

words! {
    /// Why a line ended as it did, or what a finding is about.
    Code {
        // In the order in which a report lists them: first what bills nothing, then what is held, then what is only said.
        /// A customer of the export has no row and no company of that exact name.
        CustomerUnmapped = "customer-unmapped",
        /// Several companies bear the customer's exact name.
        CompanyAmbiguous = "company-ambiguous",
        /// A service of the export is not configured.
        ServiceUnmapped = "service-unmapped",
        /// A service that several customers had, and that nobody in the export has tonight.
        ServiceMissing = "service-missing",
        /// A mapped customer is not in the export at all.
        CustomerMissing = "customer-missing",
        /// Rows of a customer could not be read, so its counts are not the whole truth.
        CustomerIncomplete = "customer-incomplete",
        /// A row names no customer.
        CustomerNameless = "customer-nameless",
        /// The company does not exist, or is deleted, or this key may not see it.
        CompanyMissing = "company-missing",
        /// ConnectWise's record of the company cannot be read.
        CompanyUnreadable = "company-unreadable",
        /// A customer that is matched by name is another company than it was billed to.
        CompanyChanged = "company-changed",
        /// The agreement does not exist, or no rule names one, or this key may not see it.
        AgreementMissing = "agreement-missing",
        /// The agreement belongs to another company.
        AgreementOtherCompany = "agreement-other-company",
        /// The agreement is not active today.
        AgreementNotActive = "agreement-not-active",
        /// The agreement is billed once.
        AgreementOneTime = "agreement-one-time",
        /// The default agreement rule matches several.
        AgreementAmbiguous = "agreement-ambiguous",
        /// ConnectWise's record of the agreement cannot be read, or it does not give out its additions.
        AgreementUnreadable = "agreement-unreadable",
        /// The catalog has no such product.
        ProductMissing = "product-missing",
        /// The catalog has several products of that identifier.
        ProductAmbiguous = "product-ambiguous",
        /// ConnectWise's record of the product cannot be read.
        ProductUnreadable = "product-unreadable",
        /// The product is inactive.
        ProductInactive = "product-inactive",
        /// The product is of class Bundle, which ConnectWise does not take as an addition.
        ProductBundleClass = "product-bundle-class",
        /// A deprecated service, used or mapped.
        ServiceDeprecated = "service-deprecated",
        /// The same customer and service stands in several rows.
        RowDuplicate = "row-duplicate",
        /// The rows of a customer and service come to less than none.
        CountNegative = "count-negative",
        /// No live addition, and none may be created.
        LineMissing = "line-missing",
        /// Several live additions of one product on one agreement.
        LineAmbiguous = "line-ambiguous",
        /// An addition begins in the future.
        LineNotYetEffective = "line-not-yet-effective",
        /// Another integration bills the same product on the same agreement.
        LineOwnedTwice = "line-owned-twice",
        /// The mapping no longer wants a line that recount owned, and it bills still.
        LineLeftBehind = "line-left-behind",
        /// A new line, or one at 0, that waits until the line that it takes the place of is answered or at 0.
        SuccessorWaits = "successor-waits",
        /// A customer or a service that the line was billed for is not mapped to it any more, and the line would fall.
        CountTakenOut = "count-taken-out",
        /// The product bills on another agreement of the company, where no mapped customer wants it.
        LineElsewhere = "line-elsewhere",
        /// A line of the product on this agreement ends today, or ended in this month.
        LineJustEnded = "line-just-ended",
        /// A new line after a change of hosts: the host before may have created it.
        HostChanged = "host-changed",
        /// A mapped product bills on agreements that no mapped customer is billed on.
        BilledNotCounted = "billed-not-counted",
        /// An addition's product or quantity could not be read.
        LineUnreadable = "line-unreadable",
        /// The agreement bills from a later day, so ConnectWise would refuse a new line.
        LineBeforeBilling = "line-before-billing",
        /// A new line would begin after its agreement's end.
        LineAfterEnd = "line-after-end",
        /// Only the newest day of the export counts, and it has fewer rows of a count than the last accepted one.
        RowsMissing = "rows-missing",
        /// The quantity would go to zero.
        ToZero = "to-zero",
        /// The quantity would move further than `line_step`.
        LineStep = "line-step",
        /// Somebody else changed the line since recount last wrote it.
        HumanEdit = "human-edit",
        /// Somebody, or another program, set the same change back twice.
        TugOfWar = "tug-of-war",
        /// A fraction of a unit where the service says `whole`.
        Fractional = "fractional",
        /// The sum of the counts, or what a policy makes of one, does not fit.
        TooLarge = "too-large",
        /// A policy takes included units off, and the line's own `lessIncluded` does so again.
        IncludedTwice = "included-twice",
        /// The export counts other than the items that it names.
        ItemsDiffer = "items-differ",
        /// Several items that ConnectWise would take for one.
        ItemAmbiguous = "item-ambiguous",
        /// An item's name cannot be written as a mark.
        ItemUnusable = "item-unusable",
        /// Each item has a line of its own, and an addition does not say whose it is.
        LineUnmarked = "line-unmarked",
        /// An addition is marked with an item that no export has named.
        LineForeign = "line-foreign",
        /// An earlier write is in doubt.
        InDoubt = "in-doubt",
        /// An earlier creation is in doubt, and several new lines fit.
        InDoubtAmbiguous = "in-doubt-ambiguous",
        /// The export is older than `max_age`.
        ExportStale = "export-stale",
        /// Fewer rows than `min_rows` of the last accepted export.
        ExportFewerRows = "export-fewer-rows",
        /// Fewer customers than `min_customers` of the last accepted export.
        ExportFewerCustomers = "export-fewer-customers",
        /// Fewer units than `min_units` of the last accepted export.
        ExportFewerUnits = "export-fewer-units",
        /// Fewer files than the last accepted export, where several are one.
        ExportFewerFiles = "export-fewer-files",
        /// A file or a sheet of the export looks as if another one were the same delivered again, and both are counted.
        ExportFileTwice = "export-file-twice",
        /// No line break ends the export, and one ended the last accepted one.
        ExportCutOff = "export-cut-off",
        /// Keys that would make an unreadable export readable, or that it looks as if it needed.
        ExportProposal = "export-proposal",
        /// The export looks like a part of it: it says that there is more, or another sheet or file holds more.
        ExportPartUnread = "export-part-unread",
        /// The bytes of an older night again, and several lines would go back.
        ExportOldAgain = "export-old-again",
        /// More malformed rows than `max_malformed`.
        ExportMalformed = "export-malformed",
        /// The export is missing, unreadable or damaged.
        ExportUnusable = "export-unusable",
        /// More lines than `max_lines_changed` would change.
        TooManyChanges = "too-many-changes",
        /// All falls together come to more units than `max_units_down`.
        TooManyUnitsDown = "too-many-units-down",
        /// All rises and new lines together come to more units than `max_units_up`.
        TooManyUnitsUp = "too-many-units-up",
        /// The units fell by a quarter within a month, night by night under every limit.
        UnitsBleeding = "units-bleeding",
        /// More lines than `max_lines_created` would be created.
        TooManyCreated = "too-many-created",
        /// ConnectWise returned fewer than `min_lines_seen` of the lines it returned last time.
        LinesUnseen = "lines-unseen",
        /// The first run in apply mode applies only a plan that was approved by its fingerprint.
        FirstApply = "first-apply",
        /// A plan given by its fingerprint no longer matches.
        PlanMoved = "plan-moved",
        /// It is another ConnectWise than the one that the history is of.
        ConnectWiseChanged = "connectwise-changed",
        /// A plan given by its fingerprint was drawn too long ago.
        ApprovalExpired = "approval-expired",
        /// ConnectWise held another value than the plan when the line was to be written.
        ChangedMeanwhile = "changed-meanwhile",
        /// ConnectWise refused the write.
        WriteRefused = "write-refused",
        /// ConnectWise took the write and kept the old quantity.
        WriteIgnored = "write-ignored",
        /// The line was not reached before the run stopped.
        NotReached = "not-reached",
        /// A run guard or an export guard held the whole plan.
        PlanHeld = "plan-held",
        /// ConnectWise could not be read.
        ConnectWiseUnreachable = "connectwise-unreachable",
        /// ConnectWise refused the key, or a right is missing.
        ConnectWiseDenied = "connectwise-denied",
        /// The local store failed.
        StoreFailed = "store-failed",
        /// Configuration, mapping or clock are not usable.
        ConfigInvalid = "config-invalid",
        /// This host's lease was over before all was written.
        LeaseLost = "lease-lost",
        /// The history was not copied after the run.
        CopyFailed = "copy-failed",
        /// The run was stopped by a signal.
        Interrupted = "interrupted",
        /// The run before was cut off; what it left was looked up.
        PreviousRunCutOff = "previous-run-cut-off",
        /// Nights of the daemon's schedule did not begin.
        NightsMissed = "nights-missed",
        /// Counts of days of a peak or an average are not known.
        DaysUnknown = "days-unknown",
        /// Something went wrong that should not have.
        Unexpected = "unexpected",
        /// ConnectWise keeps fewer decimals of a quantity than were sent.
        StoredRounded = "stored-rounded",
        /// A line falls in a period that may be invoiced already.
        PeriodInvoiced = "period-invoiced",
        /// A peak or an average falls, and the invoice of its period is not made yet.
        InvoiceDue = "invoice-due",
        /// Nothing is written so shortly before the next invoice.
        Frozen = "frozen",
        /// `billCustomer` of a line is not as configured. It is never changed.
        BillFlagDiffers = "bill-flag-differs",
        /// Paid in advance: reported, never written.
        ReportOnly = "report-only",
        /// A row could not be read as a count.
        RowMalformed = "row-malformed",
        /// Additions in the list of one agreement that say they are another's. They count on neither.
        LineOtherAgreement = "line-other-agreement",
        /// A line is to be created where one has ended before.
        LineEndedBefore = "line-ended-before",
        /// `create_lines` is left out, which means that no line is created.
        CreateLinesUnset = "create-lines-unset",
        /// Additions were read one agreement at a time, because ConnectWise's bundles could not be used.
        BundlesLeft = "bundles-left",
        /// ConnectWise does not give out its billing cycles: their names said which agreements recur.
        CyclesByName = "cycles-by-name",
        /// A pinned addition that is on none of the lines.
        PinUnused = "pin-unused",
        /// Items of one count whose names differ only in case.
        ItemSpelledTwice = "item-spelled-twice",
        /// The row that ends the data is not there: the file may have been cut off.
        ExportEndMissing = "export-end-missing",
        /// Rows behind the row that ends the data; they are not read.
        RowsBehindEnd = "rows-behind-end",
        /// Customers whose names differ only in case.
        CustomerSpelledTwice = "customer-spelled-twice",
        /// Rows that a filter of the configuration left out.
        RowsExcluded = "rows-excluded",
        /// Cells of a column of marks whose words are not understood.
        MarkUnclear = "mark-unclear",
        /// A blank `company_id`: skipped on purpose.
        CustomerSkipped = "customer-skipped",
        /// `not_assigned = true`: ignored on purpose.
        ServiceNotAssigned = "service-not-assigned",
        /// The billed quantity follows the count.
        CountChanged = "count-changed",
        /// A line that was not there yet.
        NewLine = "new-line",
        /// Billed and used are equal.
        Equal = "equal",
        /// Less is used than is billed, and the line never decreases.
        NeverDecrease = "never-decrease",
        /// Nothing is used, and no line is there.
        NothingToBill = "nothing-to-bill",
        /// An operator said to leave the line as ConnectWise has it.
        Kept = "kept",
        /// An operator said not to ask about it.
        Ignored = "ignored",
        /// A `keep` or an `ignore` ran out.
        DecisionExpired = "decision-expired",
        /// A run's write is set back.
        Undone = "undone",
        /// ConnectWise no longer holds what the run wrote.
        UndoMoved = "undo-moved",
        /// The line that the run wrote is not there any more, or not live.
        UndoGone = "undo-gone",
        /// Another line bills by now in the place of the one that would bill again.
        UndoReplaced = "undo-replaced",
        /// What is undone is proposed again by the next night.
        UndoReturns = "undo-returns",
    }
}

impl Code {
    /// Whether it is about where a customer is billed: a row of the mapping settles it, or its company or agreement in ConnectWise.
    pub fn is_about_a_place(self) -> bool {
        matches!(
            self,
            Code::CustomerUnmapped
                | Code::CompanyAmbiguous
                | Code::CompanyMissing
                | Code::AgreementMissing
                | Code::AgreementOtherCompany
                | Code::AgreementNotActive
                | Code::AgreementOneTime
                | Code::AgreementAmbiguous
        )
    }

    /// Whether a record cannot be read, and so nothing is known of whether its customer has left.
    pub fn is_unreadable_record(self) -> bool {
        matches!(self, Code::CompanyUnreadable | Code::AgreementUnreadable)
    }

    /// Whether one open item tells it of a product, for all the lines that it stops: the product itself is at fault, or two
    /// integrations bill it.
    pub fn is_about_a_product(self) -> bool {
        matches!(
            self,
            Code::ProductMissing
                | Code::ProductAmbiguous
                | Code::ProductUnreadable
                | Code::ProductInactive
                | Code::ProductBundleClass
                | Code::LineOwnedTwice
        )
    }
}

words! {
    /// How much a finding asks of the reader.
    Severity {
        /// Somebody has to decide or to mend something.
        Decide = "decide",
        /// Worth a look; it explains another finding or a number.
        Warning = "warning",
        /// Said for completeness.
        Info = "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented() {
        let page = include_str!("../../../../docs/findings.md");
        for code in Code::ALL {
            assert!(page.contains(&format!("| `{code}` |")), "docs/findings.md lacks {code}");
        }
    }

    #[test]
    fn every_code_is_told_from_every_other_by_its_word() {
        for code in Code::ALL {
            assert_eq!(Code::from_word(code.as_str()), Some(*code));
        }
    }
}
