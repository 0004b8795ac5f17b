//! What a ticket may be about, and the name by which it is found again.

use sha2::{Digest, Sha256};

use crate::reconcile::model::ids::{IntegrationName, TicketRef};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::words::words;

words! {
    /// The kinds of subjects that wait for a person, in the order in which tickets are opened.
    TicketKind {
        /// A run that could not do its work.
        FailedRun = "failed-run",
        /// The export.
        RefusedExport = "refused-export",
        /// A whole plan that a guard holds.
        HeldRun = "held-run",
        /// A customer that has no place: no company, or no agreement that can be billed.
        UnmappedCustomer = "unmapped-customer",
        /// Anything else with a handle: a line, a service, a product, rows.
        HeldLine = "held-line",
    }
}

impl TicketKind {
    /// The kind of a finding; `None` for one that asks nothing of anybody.
    pub fn of(finding: &Finding) -> Option<Self> {
        if finding.severity != Severity::Decide {
            return None;
        }
        match (&finding.handle, finding.code) {
            // Whoever stopped it knows.
            (None, Code::Interrupted) => None,
            (Some(_), code) if code.is_about_a_place() => Some(Self::UnmappedCustomer),
            (Some(_), _) => Some(Self::HeldLine),
            (
                None,
                Code::ExportStale
                | Code::ExportFewerRows
                | Code::ExportFewerCustomers
                | Code::ExportFewerUnits
                | Code::ExportFewerFiles
                | Code::ExportFileTwice
                | Code::ExportCutOff
                | Code::ExportPartUnread
                | Code::ExportOldAgain
                | Code::ExportMalformed
                | Code::ExportUnusable
                | Code::ExportEndMissing,
            ) => Some(Self::RefusedExport),
            (
                None,
                Code::TooManyChanges
                | Code::TooManyUnitsDown
                | Code::TooManyUnitsUp
                | Code::TooManyCreated
                | Code::LinesUnseen
                | Code::FirstApply
                | Code::PlanMoved
                | Code::ConnectWiseChanged
                | Code::ApprovalExpired,
            ) => Some(Self::HeldRun),
            (None, _) => Some(Self::FailedRun),
        }
    }
}

impl TicketRef {
    /// The name of the nth ticket of one subject: the same one every night, on every host.
    ///
    /// Made of letters, digits and `-` alone, because it stands in a query; far below ConnectWise's 100 characters.
    pub fn of(integration: &IntegrationName, kind: TicketKind, handle: &str, occurrence: i64) -> Self {
        let digest = Sha256::new()
            .chain_update(integration.as_str())
            .chain_update("\u{1e}")
            .chain_update(kind.as_str())
            .chain_update("\u{1e}")
            .chain_update(handle)
            .finalize();
        Self::new(&format!("recount-{}-{occurrence}", hex::encode(&digest[..10])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::plan::finding::finding;

    /// Otherwise a subject that waits for somebody would never become a ticket, or one that waits for nobody would.
    #[test]
    fn every_code_that_asks_has_a_kind() {
        for code in Code::ALL {
            let asked = finding(Severity::Decide, *code, String::new());
            assert_eq!(TicketKind::of(&asked).is_none(), *code == Code::Interrupted, "{code}");
            let told = Finding { severity: Severity::Warning, ..asked.clone() };
            assert_eq!(TicketKind::of(&told), None);
            let kind = TicketKind::of(&Finding { handle: Some("k4x2p".to_owned()), ..asked });
            assert!(matches!(kind, Some(TicketKind::HeldLine | TicketKind::UnmappedCustomer)), "{code}");
        }
        for kind in TicketKind::ALL.iter().copied() {
            assert_eq!(TicketKind::from_word(kind.as_str()), Some(kind));
        }
    }

    /// Otherwise a ticket would not be found again, or another subject's would.
    #[test]
    fn a_reference_is_plain_short_stable_and_its_own() {
        let mail = IntegrationName::new("mail");
        let of = |kind, handle, occurrence| TicketRef::of(&mail, kind, handle, occurrence);
        let one = of(TicketKind::HeldLine, "k4x2p", 1);
        assert_eq!(one.as_str(), of(TicketKind::HeldLine, "k4x2p", 1).as_str());
        assert!(one.as_str().len() <= 100 && one.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        for other in [
            of(TicketKind::UnmappedCustomer, "k4x2p", 1),
            of(TicketKind::HeldLine, "k4x2q", 1),
            of(TicketKind::HeldLine, "k4x2p", 2),
            TicketRef::of(&IntegrationName::new("mail2"), TicketKind::HeldLine, "k4x2p", 1),
        ] {
            assert_ne!(one, other);
        }
    }
}
