//! Who may do what: the one table.

use crate::history::desk::people::Role;

/// Everything that can be done on the desk beside reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskAction {
    /// End the own session.
    SignOut,
    /// Answer an open item.
    Answer,
    /// Look at what several answers would do; stores nothing.
    Several,
    /// Give several answers.
    AnswerSeveral,
    /// Take an answer back.
    TakeBack,
    /// Say which company a customer is.
    Map,
    /// Map those who have the one company of their very name.
    MapExact,
    /// Say which of several additions a line means.
    Pin,
    /// Look at what another product of a service would change; stores nothing.
    TryService,
    /// Say what a service is billed as.
    SaveService,
    /// Bring a file to look at.
    Upload,
    /// Look at what the file would come to tonight; stores nothing.
    TryUpload,
    /// Keep the file as tonight's export.
    KeepUpload,
    /// Forget the file.
    ForgetUpload,
    /// Take back a file that was kept as tonight's export.
    TakeBackUpload,
    /// Approve a plan by its fingerprint.
    Approve,
    /// Begin a night, or a dry run.
    Start,
    /// Stop the run that this desk began.
    Stop,
    /// Draw the plan that sets a run back.
    UndoRun,
    /// Test what an integration needs.
    Test,
    /// Switch an integration.
    Mode,
    /// Be offered an authenticator of one's own.
    OfferAuthenticator,
    /// Switch it on.
    ConfirmAuthenticator,
    /// Switch it off.
    DropAuthenticator,
    /// Choose another password.
    ChangePassword,
    /// End the own sessions in other browsers.
    EndOthers,
}

impl DeskAction {
    /// All of them.
    pub const ALL: [DeskAction; 26] = [
        DeskAction::SignOut,
        DeskAction::Answer,
        DeskAction::Several,
        DeskAction::AnswerSeveral,
        DeskAction::TakeBack,
        DeskAction::Map,
        DeskAction::MapExact,
        DeskAction::Pin,
        DeskAction::TryService,
        DeskAction::SaveService,
        DeskAction::Upload,
        DeskAction::TryUpload,
        DeskAction::KeepUpload,
        DeskAction::ForgetUpload,
        DeskAction::TakeBackUpload,
        DeskAction::Approve,
        DeskAction::Start,
        DeskAction::Stop,
        DeskAction::UndoRun,
        DeskAction::Test,
        DeskAction::Mode,
        DeskAction::OfferAuthenticator,
        DeskAction::ConfirmAuthenticator,
        DeskAction::DropAuthenticator,
        DeskAction::ChangePassword,
        DeskAction::EndOthers,
    ];

    /// What people do with their own account, wherever they may look.
    pub const OWN_ACCOUNT: [DeskAction; 5] = [
        DeskAction::OfferAuthenticator,
        DeskAction::ConfirmAuthenticator,
        DeskAction::DropAuthenticator,
        DeskAction::ChangePassword,
        DeskAction::EndOthers,
    ];

    /// Who may do it, at least.
    pub fn least(self) -> Role {
        match self {
            DeskAction::SignOut
            | DeskAction::OfferAuthenticator
            | DeskAction::ConfirmAuthenticator
            | DeskAction::DropAuthenticator
            | DeskAction::ChangePassword
            | DeskAction::EndOthers => Role::Viewer,
            DeskAction::Answer
            | DeskAction::Several
            | DeskAction::AnswerSeveral
            | DeskAction::TakeBack
            | DeskAction::Map
            | DeskAction::MapExact
            | DeskAction::Pin
            | DeskAction::TryService
            | DeskAction::SaveService
            | DeskAction::Upload
            | DeskAction::TryUpload
            | DeskAction::KeepUpload
            | DeskAction::ForgetUpload
            | DeskAction::TakeBackUpload
            | DeskAction::Approve
            | DeskAction::Start
            | DeskAction::Stop
            | DeskAction::UndoRun
            | DeskAction::Test => Role::Operator,
            DeskAction::Mode => Role::Admin,
        }
    }

    /// Where its form is sent.
    pub fn path(self) -> &'static str {
        match self {
            DeskAction::SignOut => "/signout",
            DeskAction::Answer => "/items/{handle}/answer",
            DeskAction::Several => "/several",
            DeskAction::AnswerSeveral => "/several/answer",
            DeskAction::TakeBack => "/answers/{handle}/undo",
            DeskAction::Map => "/mapping/{handle}",
            DeskAction::MapExact => "/mapping",
            DeskAction::Pin => "/items/{handle}/pin",
            DeskAction::TryService => "/services/{handle}/try",
            DeskAction::SaveService => "/services/{handle}",
            DeskAction::Upload => "/export/read",
            DeskAction::TryUpload => "/export/try",
            DeskAction::KeepUpload => "/export/keep",
            DeskAction::ForgetUpload => "/export/forget",
            DeskAction::TakeBackUpload => "/export/take-back",
            DeskAction::Approve => "/plans/{fingerprint}/approve",
            DeskAction::Start => "/runs/start",
            DeskAction::Stop => "/runs/stop",
            DeskAction::UndoRun => "/nights/{run}/undo",
            DeskAction::Test => "/integrations/{name}/test",
            DeskAction::Mode => "/integrations/{name}/mode",
            DeskAction::OfferAuthenticator => "/account/authenticator",
            DeskAction::ConfirmAuthenticator => "/account/authenticator/on",
            DeskAction::DropAuthenticator => "/account/authenticator/off",
            DeskAction::ChangePassword => "/account/password",
            DeskAction::EndOthers => "/account/sessions/end",
        }
    }

    /// What it is called in the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            DeskAction::SignOut => "signed out",
            DeskAction::Answer => "answered",
            DeskAction::Several => "looked at several answers",
            DeskAction::AnswerSeveral => "answered several",
            DeskAction::TakeBack => "undid an answer",
            DeskAction::Map => "mapped",
            DeskAction::MapExact => "mapped exact names",
            DeskAction::Pin => "chose an addition",
            DeskAction::TryService => "tried a product",
            DeskAction::SaveService => "set a product",
            DeskAction::Upload => "brought a file",
            DeskAction::TryUpload => "tried a file",
            DeskAction::KeepUpload => "kept a file as an export",
            DeskAction::ForgetUpload => "forgot a file",
            DeskAction::TakeBackUpload => "took back a kept file",
            DeskAction::Approve => "approved a plan",
            DeskAction::Start => "started a run",
            DeskAction::Stop => "stopped a run",
            DeskAction::UndoRun => "drew an undo",
            DeskAction::Test => "tested an integration",
            DeskAction::Mode => "changed a mode",
            DeskAction::OfferAuthenticator => "was offered an authenticator",
            DeskAction::ConfirmAuthenticator => "switched the authenticator on",
            DeskAction::DropAuthenticator => "switched the authenticator off",
            DeskAction::ChangePassword => "changed the password",
            DeskAction::EndOthers => "ended the other sessions",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise somebody who was let in to read could bill a customer, or an operator switch an integration.
    #[test]
    fn who_may_do_what_stands_here_row_by_row() {
        let [no, yes] = [false, true];
        let table = [
            (DeskAction::SignOut, [yes, yes, yes]),
            (DeskAction::Answer, [no, yes, yes]),
            (DeskAction::Several, [no, yes, yes]),
            (DeskAction::AnswerSeveral, [no, yes, yes]),
            (DeskAction::TakeBack, [no, yes, yes]),
            (DeskAction::Map, [no, yes, yes]),
            (DeskAction::MapExact, [no, yes, yes]),
            (DeskAction::Pin, [no, yes, yes]),
            (DeskAction::TryService, [no, yes, yes]),
            (DeskAction::SaveService, [no, yes, yes]),
            (DeskAction::Upload, [no, yes, yes]),
            (DeskAction::TryUpload, [no, yes, yes]),
            (DeskAction::KeepUpload, [no, yes, yes]),
            (DeskAction::ForgetUpload, [no, yes, yes]),
            (DeskAction::TakeBackUpload, [no, yes, yes]),
            (DeskAction::Approve, [no, yes, yes]),
            (DeskAction::Start, [no, yes, yes]),
            (DeskAction::Stop, [no, yes, yes]),
            (DeskAction::UndoRun, [no, yes, yes]),
            (DeskAction::Test, [no, yes, yes]),
            (DeskAction::Mode, [no, no, yes]),
            (DeskAction::OfferAuthenticator, [yes, yes, yes]),
            (DeskAction::ConfirmAuthenticator, [yes, yes, yes]),
            (DeskAction::DropAuthenticator, [yes, yes, yes]),
            (DeskAction::ChangePassword, [yes, yes, yes]),
            (DeskAction::EndOthers, [yes, yes, yes]),
        ];
        assert_eq!(table.map(|(action, _)| action), DeskAction::ALL, "each action has its row");
        for (action, may) in table {
            assert_eq!(Role::ALL.map(|role| role >= action.least()), may, "{action:?} by viewer, operator, admin");
        }
    }
}
