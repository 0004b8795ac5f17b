//! Who may do what: the one table.

use crate::history::desk::people::Role;

/// Each action with who may do it at least, where its form is sent, and what it is called in the audit.
macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $least:ident, $path:literal, $word:literal;)*) => {
        /// Everything that can be done on the desk beside reading.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum DeskAction {
            $($(#[$doc])* $name,)*
        }

        impl DeskAction {
            /// All of them.
            pub const ALL: &'static [DeskAction] = &[$(DeskAction::$name,)*];

            /// Who may do it, at least.
            pub fn least(self) -> Role {
                match self {
                    $(DeskAction::$name => Role::$least,)*
                }
            }

            /// Where its form is sent.
            pub fn path(self) -> &'static str {
                match self {
                    $(DeskAction::$name => $path,)*
                }
            }

            /// What it is called in the audit.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(DeskAction::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// End the own session.
    SignOut: Viewer, "/signout", "signed out";
    /// Answer an open item.
    Answer: Operator, "/items/{handle}/answer", "answered";
    /// Look at what several answers would do; stores nothing.
    Several: Operator, "/several", "looked at several answers";
    /// Give several answers.
    AnswerSeveral: Operator, "/several/answer", "answered several";
    /// Take an answer back.
    TakeBack: Operator, "/answers/{handle}/undo", "undid an answer";
    /// Say which company a customer is.
    Map: Operator, "/mapping/{handle}", "mapped";
    /// Map those who have the one company of their very name.
    MapExact: Operator, "/mapping", "mapped exact names";
    /// Say which of several additions a line means.
    Pin: Operator, "/items/{handle}/pin", "chose an addition";
    /// Look at what another product of a service would change; stores nothing.
    TryService: Operator, "/services/{handle}/try", "tried a product";
    /// Say what a service is billed as.
    SaveService: Operator, "/services/{handle}", "set a product";
    /// Bring a file to look at.
    Upload: Operator, "/export/read", "brought a file";
    /// Look at what the file would come to tonight; stores nothing.
    TryUpload: Operator, "/export/try", "tried a file";
    /// Keep the file as tonight's export.
    KeepUpload: Operator, "/export/keep", "kept a file as an export";
    /// Forget the file.
    ForgetUpload: Operator, "/export/forget", "forgot a file";
    /// Take back a file that was kept as tonight's export.
    TakeBackUpload: Operator, "/export/take-back", "took back a kept file";
    /// Approve a plan by its fingerprint.
    Approve: Operator, "/plans/{fingerprint}/approve", "approved a plan";
    /// Begin a night, or a dry run.
    Start: Operator, "/runs/start", "started a run";
    /// Stop the run that this desk began.
    Stop: Operator, "/runs/stop", "stopped a run";
    /// Draw the plan that sets a run back.
    UndoRun: Operator, "/nights/{run}/undo", "drew an undo";
    /// Test what an integration needs.
    Test: Operator, "/integrations/{name}/test", "tested an integration";
    /// Switch an integration.
    Mode: Admin, "/integrations/{name}/mode", "changed a mode";
    /// Be offered an authenticator of one's own.
    OfferAuthenticator: Viewer, "/account/authenticator", "was offered an authenticator";
    /// Switch it on.
    ConfirmAuthenticator: Viewer, "/account/authenticator/on", "switched the authenticator on";
    /// Switch it off.
    DropAuthenticator: Viewer, "/account/authenticator/off", "switched the authenticator off";
    /// Choose another password.
    ChangePassword: Viewer, "/account/password", "changed the password";
    /// End the own sessions in other browsers.
    EndOthers: Viewer, "/account/sessions/end", "ended the other sessions";
}

impl DeskAction {
    /// What people do with their own account, wherever they may look.
    pub const OWN_ACCOUNT: [DeskAction; 5] = [
        DeskAction::OfferAuthenticator,
        DeskAction::ConfirmAuthenticator,
        DeskAction::DropAuthenticator,
        DeskAction::ChangePassword,
        DeskAction::EndOthers,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise somebody who was let in to read could bill a customer, or an operator switch an integration.
    #[test]
    fn who_may_do_what_stands_here_row_by_row() {
        let [no, yes] = [false, true];
        let roles = [Role::Viewer, Role::Operator, Role::Admin];
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
        assert_eq!(table.map(|(action, _)| action), *DeskAction::ALL, "each action has its row");
        for (action, may) in table {
            assert_eq!(roles.map(|role| role >= action.least()), may, "{action:?} by viewer, operator, admin");
        }
    }
}
