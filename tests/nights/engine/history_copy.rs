//! A copy of the history is made, and put back on a later night: what was written and answered since is known to
//! ConnectWise alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::House;
use recount::history::desk::people_kept_by_restore::PeopleOf;
use recount::history::run_record::WriteId;
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::reconcile::model::ids::{AdditionId, AgreementId, ProductId};

/// What was true when the copy was made.
#[derive(Debug, Clone)]
pub(super) struct CopiedHistory {
    owned: BTreeSet<AdditionId>,
    /// The lines that were known by then.
    homes: BTreeMap<AdditionId, (AgreementId, ProductId)>,
    answered: BTreeSet<(AgreementId, ProductId)>,
    bound: bool,
}

impl House {
    pub(super) fn put_an_older_history_back(&mut self) -> Result<(), String> {
        if !self.aside.per_mille(180) {
            return Ok(());
        }
        match self.copy.clone().filter(|_| self.aside.coin()) {
            Some(copy) => self.put_back(copy),
            None => self.make_a_copy(),
        }
    }

    fn make_a_copy(&mut self) -> Result<(), String> {
        let (lock, history) = self.open()?;
        history.back_up(&self.copy_file()).map_err(|error| format!("no copy: {error}"))?;
        self.process = Some((lock, history));
        let state = self.connectwise.state.borrow();
        let owned = state.rows.iter().filter(|row| row.owned).map(|row| row.addition.id).collect();
        let homes = state.rows.iter().filter_map(|row| Some((row.addition.id, row.home?))).collect();
        self.copy = Some(CopiedHistory { owned, homes, answered: state.answered.clone(), bound: self.bound });
        Ok(())
    }

    /// Whoever puts it back does so when nothing is on its way any more.
    fn put_back(&mut self, copy: CopiedHistory) -> Result<(), String> {
        self.pass(TimeDelta::minutes(2 * self.options.settle_minutes));
        drop((self.process.take(), self.connectwise.onlooker.take()));
        let (folder, now) = (self.connectwise.folder.clone(), self.now());
        let lock = RunLock::take(&folder, now).map_err(|error| format!("the lock: {error}"))?;
        let restored = History::restore(&lock, &folder, &self.copy_file(), PeopleOf::WhatStood, now);
        restored.map_err(|error| format!("not put back: {error}"))?;
        let mut history = History::open(&folder, now).map_err(|error| format!("the history: {error}"))?;
        history.ask_anew(&lock).map_err(|error| format!("not asked anew: {error}"))?;
        (self.told, self.bound) = (None, copy.bound);
        let mut state = self.connectwise.state.borrow_mut();
        state.seen.restored += 1;
        state.answered = copy.answered;
        // The numbers of its writes are given again.
        state.sent.iter_mut().for_each(|sent| sent.write = WriteId(0));
        for row in &mut state.rows {
            let id = row.addition.id;
            row.home = copy.homes.get(&id).copied();
            row.owned &= copy.owned.contains(&id) && (row.home.is_some() || row.moved_at_call == 0);
        }
        drop(state);
        self.process = Some((lock, history));
        Ok(())
    }

    fn copy_file(&self) -> std::path::PathBuf {
        self.connectwise.folder.with_file_name("copy.db")
    }
}
