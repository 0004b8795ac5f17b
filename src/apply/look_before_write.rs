//! What is seen of a line's agreement before it is written.

use crate::apply::agreement_writes::{AgreementWrites, FreshAdditions};
use crate::apply::breakers::WriteRight;
use crate::apply::one_write::WriteExecutor;
use crate::apply::write_result::{Halt, LineWriteResult, held, not_reached};
use crate::connectwise::{AdditionsLook, ReadError, Writer};
use crate::reconcile::guard::cleared_plan::Write;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;

/// What an agreement shows when its lines are about to be written.
enum Fresh {
    /// Its additions, and after which nothing may be sent that stands on them.
    Billing(FreshAdditions),
    Held(Code, String),
    /// ConnectWise does not give out the additions of this one.
    Hidden(ReadError),
    Unread(Halt),
}

impl<W: Writer> WriteExecutor<'_, W> {
    /// Looks at the line's agreement: what it shows, or how the line ends without a write.
    pub(super) async fn see(
        &self,
        lane: &mut AgreementWrites<'_>,
        key: &LineKey,
        write: &Write,
    ) -> Result<Result<FreshAdditions, LineWriteResult>, Halt> {
        if self.breakers.borrow().is_closed(WriteRight::of(write)) {
            return Ok(Err(not_reached(key, write)));
        }
        // A throttled read may wait long, and a person who asks to stop does not.
        let fresh = tokio::select! {
            fresh = self.look_again(lane) => fresh,
            () = self.context.stop.wait() => Fresh::Unread(Halt::Stopped),
        };
        match fresh {
            // The host may have slept through the look, or ConnectWise made it wait.
            Fresh::Billing(_) if self.context.is_too_old() => Err(Halt::PlanTooOld),
            Fresh::Billing(_) if self.context.has_lost_the_lease() => Err(Halt::LeaseLost),
            Fresh::Billing(look) => {
                self.breakers.borrow_mut().shown();
                Ok(Ok(look))
            }
            Fresh::Held(code, detail) => Ok(Err(held(key, code, &detail))),
            Fresh::Hidden(error) => match self.breakers.borrow_mut().hidden() {
                true => Err(Halt::Read(error)),
                false => Ok(Err(held(key, Code::AgreementUnreadable, &error.to_string()))),
            },
            Fresh::Unread(why) => Err(why),
        }
    }

    /// What the line's agreement shows, by looks that are fresh: the agreement and its additions are asked for at the
    /// same time.
    async fn look_again(&self, lane: &mut AgreementWrites<'_>) -> Fresh {
        let lately = lane.look.take().filter(|look| !look.is_over());
        let additions = async {
            match lately {
                Some(look) => Ok(look),
                None => self.connectwise.look(lane.agreement).await.map(|look| self.fresh(look)),
            }
        };
        let agreement = self.windows.show(lane.agreement, self.connectwise, self.context);
        let (agreement, look) = tokio::join!(agreement, additions);
        let agreement = match agreement {
            Ok(agreement) => agreement,
            Err(error) => return Fresh::Unread(Halt::Read(error)),
        };
        if let Some((code, detail)) = &agreement.trouble {
            return Fresh::Held(*code, detail.clone());
        }
        match look {
            Ok(look) => Fresh::Billing(look.until(agreement.until())),
            Err(error @ ReadError::Additions { .. }) => Fresh::Hidden(error),
            Err(error) => Fresh::Unread(Halt::Read(error)),
        }
    }

    /// Looks at an agreement whose turn is near, so that nobody waits for it then. What cannot be seen now is asked for
    /// again at its turn, and so is what has become too old by then.
    pub(super) async fn look_ahead<'p>(&self, mut lane: AgreementWrites<'p>) -> AgreementWrites<'p> {
        let agreement = self.windows.show(lane.agreement, self.connectwise, self.context);
        let both = async { tokio::join!(agreement, self.connectwise.look(lane.agreement)) };
        let look = tokio::select! {
            (_, look) = both => look.ok(),
            () = self.context.stop.wait() => None,
        };
        lane.look = look.map(|look| self.fresh(look));
        lane
    }

    /// A look that no write stands on any more once this host's lease is over: the request is held back until it leaves.
    pub(super) fn fresh(&self, look: AdditionsLook) -> FreshAdditions {
        let fresh = FreshAdditions::new(look, self.connectwise.usual_answer());
        match self.context.lease.ends() {
            Some(ends) => fresh.until(ends),
            None => fresh,
        }
    }
}
