//! What people do with their own account: an authenticator that is offered, switched on by its first code and switched off by
//! another; another password; and the end of what is open elsewhere.

use chrono::{DateTime, Utc};

use crate::history::desk::password_attempts::Attempt;
use crate::history::store::open::History;
use crate::web::access::signed_in::SignedIn;
use crate::web::access::wrong_guesses::Guessed;
use crate::web::access::{password, totp_codes};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::site::{Door, PageError};

/// What came of it.
pub(crate) enum AccountChange {
    Done,
    /// It was so before.
    AsBefore,
    /// A provider lets them in, and has that in its hands.
    NotTheirs,
    /// Why nothing was done.
    Wrong(String),
}

/// Somebody who changes something, and when.
struct Changing<'a> {
    door: &'a Door,
    person: &'a SignedIn,
    fields: &'a PostedFields,
    now: DateTime<Utc>,
}

/// Does it. Waits for the disk.
pub(crate) fn changed(
    action: DeskAction,
    (door, person): (&Door, &SignedIn),
    fields: &PostedFields,
    now: DateTime<Utc>,
) -> Result<AccountChange, PageError> {
    let mut history = History::open_beside(&door.people)?.ok_or(PageError::Nothing)?;
    let changing = Changing { door, person, fields, now };
    if action == DeskAction::EndOthers {
        history.end_other_sessions(&person.name, &person.digest)?;
        return Ok(AccountChange::Done);
    }
    let known = history.people()?.into_iter().find(|known| known.name == person.name);
    if known.is_none_or(|known| known.is_provided) {
        return Ok(AccountChange::NotTheirs);
    }
    match action {
        DeskAction::OfferAuthenticator => {
            totp_codes::offer(&mut history, &person.name)?;
            Ok(AccountChange::Done)
        }
        DeskAction::ConfirmAuthenticator => changing.confirm(&mut history),
        DeskAction::DropAuthenticator => changing.drop_authenticator(&mut history),
        DeskAction::ChangePassword => changing.password(&mut history),
        _ => Ok(AccountChange::AsBefore),
    }
}

impl Changing<'_> {
    /// Nothing is asked of anybody before the first code of their authenticator came.
    fn confirm(&self, history: &mut History) -> Result<AccountChange, PageError> {
        let is_on = history.authenticator(&self.person.name)?.is_some_and(|known| known.is_on);
        if is_on { Ok(AccountChange::AsBefore) } else { self.coded(history) }
    }

    fn drop_authenticator(&self, history: &mut History) -> Result<AccountChange, PageError> {
        if self.door.rules.totp_required {
            return Ok(AccountChange::Wrong("This desk demands an authenticator.".to_owned()));
        }
        let change = self.coded(history)?;
        if matches!(change, AccountChange::Done) {
            history.drop_authenticator(&self.person.name)?;
        }
        Ok(change)
    }

    /// What takes a code, as seldom as a sign-in: somebody at an open browser must not find it by trying.
    fn coded(&self, history: &mut History) -> Result<AccountChange, PageError> {
        if let Some(wait) = self.wait(history, Guessed::Code)? {
            return Ok(wait);
        }
        if !totp_codes::takes(self.door, history, &self.person.name, self.fields.get("code"), self.now)? {
            let said = "This code is wrong, or was used before. Wait for the next one.";
            return Ok(AccountChange::Wrong(said.to_owned()));
        }
        history.forgive(&[&Guessed::Code.account(&self.person.name)])?;
        Ok(AccountChange::Done)
    }

    /// Another password for whoever knows the one that there is. It ends what is open elsewhere.
    fn password(&self, history: &mut History) -> Result<AccountChange, PageError> {
        let wrong = |said: &str| Ok(AccountChange::Wrong(said.to_owned()));
        let (name, chosen) = (&self.person.name, self.fields.get("password"));
        if chosen != self.fields.get("again") {
            return wrong("The two are not the same.");
        }
        if let Err(error) = password::check(name, chosen) {
            return wrong(&format!("This password cannot be taken: {error}."));
        }
        if let Some(wait) = self.wait(history, Guessed::Password)? {
            return Ok(wait);
        }
        let Some(old) = history.password_of(name)?.filter(|old| password::fits(self.fields.get("old"), old)) else {
            return wrong("The password that you have now is another one.");
        };
        let new = password::hash(chosen).map_err(|error| PageError::Broken(error.to_string()))?;
        if !history.change_password(name, [&old, &new])? {
            return wrong("Your password was taken away meanwhile.");
        }
        history.end_other_sessions(name, &self.person.digest)?;
        history.forgive(&[&Guessed::Password.account(&self.person.name)])?;
        Ok(AccountChange::Done)
    }

    fn wait(&self, history: &mut History, guessed: Guessed) -> Result<Option<AccountChange>, PageError> {
        let what = match guessed {
            Guessed::Password => "passwords",
            Guessed::Code => "codes",
        };
        Ok(match history.attempt(&[&guessed.account(&self.person.name)], self.now)? {
            Attempt::Wait(until) => {
                let said = format!("Too many wrong {what}. Try again at {} UTC.", until.format("%H:%M:%S"));
                Some(AccountChange::Wrong(said))
            }
            Attempt::Counted(_) => None,
        })
    }
}
