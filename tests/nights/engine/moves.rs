//! What people do between two nights: they edit the mapping, move agreements, and answer what a report asked.

use std::collections::BTreeSet;
use std::mem;

use chrono::TimeDelta;

use super::connectwise::{Row, SPARE, UNMAPPED};
use super::disk::Disk;
use super::{HOME, House, SECOND, checker, mapping};
use recount::history::run_record::{LineRecord, RunRecord};
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::reconcile::model::connectwise_records::Addition;
use recount::reconcile::model::decision::{Decision, DecisionSubject};
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ProductCode, ProductId, ServiceName,
};
use recount::reconcile::model::mapping::{Billed, CustomerRow, CustomerTarget, Mapping, ServiceRule};
use recount::reconcile::model::plan::named_additions::Named;
use recount::reconcile::model::plan::outcome::{AnswerVerb, Outcome, RunCommand};
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity::Quantity;
use recount::report::open_items::{Item, open_items};

/// Every count that the mapping bills: customer, service, and where.
pub(super) fn billed(mapping: &Mapping) -> Vec<(u64, u64, AgreementId, ProductId)> {
    let mut all = Vec::new();
    for (customer, row) in &mapping.customers {
        let CustomerTarget::Company { agreement: Some(agreement), .. } = row.target else { continue };
        for (service, billed) in mapping.billed() {
            for product in &billed.products {
                let numbers = (number(customer.as_str()), number(service.as_str()));
                let product = ProductId(i64::try_from(number(product.as_str())).unwrap_or(0));
                all.push((numbers.0, numbers.1, agreement, product));
            }
        }
    }
    all
}

/// The lines that the mapping wants.
pub(super) fn wanted(mapping: &Mapping) -> BTreeSet<(AgreementId, ProductId)> {
    billed(mapping).into_iter().map(|(_, _, agreement, product)| (agreement, product)).collect()
}

/// The number at the end of a name.
fn number(name: &str) -> u64 {
    let digits = name.rsplit([' ', '-']).next().unwrap_or_default();
    digits.parse().unwrap_or_else(|_| panic!("a name without a number: {name}"))
}

impl House {
    /// A row is taken out, moved, ignored or put back; a service is not assigned any more, or billed as another product.
    pub(super) fn edit_mapping(&mut self) {
        if !self.chance.per_mille(self.options.odds.mapping_edit) {
            return;
        }
        self.connectwise.state.borrow_mut().seen.mapping_edits += 1;
        let customer = self.chance.below(self.options.customers);
        let service = self.chance.below(self.options.services);
        let name = CustomerName::new(&format!("Customer {customer}"));
        let service = ServiceName::new(&format!("Service {service}"));
        let first = mapping(&self.options);
        let target = match self.chance.below(9) {
            0 => {
                self.mapping.customers.remove(&name);
                return;
            }
            1 => CustomerTarget::Skip,
            2 | 3 => {
                let agreement = super::agreement_of(customer);
                let (company, agreement) = (CompanyId(agreement - 100), AgreementId(agreement + SECOND - 200));
                CustomerTarget::Company { company, agreement: Some(agreement) }
            }
            4 => first.customers[&CustomerName::new("Customer 0")].target.clone(),
            5 => {
                self.mapping.services.insert(service, ServiceRule::NotAssigned);
                return;
            }
            6 => {
                let products = vec![ProductCode::new(&format!("P-{SPARE}"))];
                let rule = ServiceRule::Billed(Billed { products, ..Billed::default() });
                self.mapping.services.insert(service, rule);
                return;
            }
            7 => {
                self.mapping.services.insert(service.clone(), first.services[&service].clone());
                return;
            }
            _ => first.customers[&name].target.clone(),
        };
        self.mapping.customers.insert(name, CustomerRow { target, line: customer + 2, note: String::new() });
    }

    /// An agreement is another company's from now on, or its own company's again.
    pub(super) fn move_an_agreement(&mut self) {
        let mut state = self.connectwise.state.borrow_mut();
        if !self.chance.per_mille(state.odds.agreement_moves) {
            return;
        }
        state.seen.agreement_moves += 1;
        let at = usize::try_from(self.chance.below(state.agreements.len() as u64)).unwrap_or(0);
        let to = CompanyId(100 + i64::try_from(self.chance.below(3)).unwrap_or(0));
        let back = self.chance.coin();
        let Some(agreement) = state.agreements.values_mut().nth(at).filter(|agreement| agreement.id != UNMAPPED) else {
            return;
        };
        agreement.company = if back { home(agreement.id) } else { to };
    }

    /// Somebody answers an item, or means to: then the answer is typed nights later, by the handle of the old report.
    pub(super) fn somebody_answers(&mut self) -> Result<(), String> {
        if !self.chance.per_mille(self.options.odds.answer) {
            return Ok(());
        }
        if let Some((handle, verb)) = self.meant.take() {
            self.connectwise.state.borrow_mut().seen.late_answers += 1;
            return self.answer(|item| (item.handle == handle).then_some(verb)).map(|_| ());
        }
        let (verbs, which, now) =
            ([AnswerVerb::Accept, AnswerVerb::Keep, AnswerVerb::Ignore], self.chance.next(), self.chance.coin());
        let verb = verbs[usize::try_from(which % 3).unwrap_or(0)];
        if now {
            let mut left = which % 4;
            return self
                .answer(|item| {
                    let fits = item.answer(verb).is_ok() && is_asked(&item);
                    left = if fits { left.wrapping_sub(1) } else { left };
                    (fits && left == 0).then_some(verb)
                })
                .map(|_| ());
        }
        let (lock, history) = self.open()?;
        let all =
            open_items(std::iter::once(&self.connectwise.integration), &history).map_err(|error| error.to_string())?;
        let items: Vec<_> = all.iter().flat_map(|items| items.items()).filter(is_asked).collect();
        let at = usize::try_from(which % (items.len().max(1) as u64)).unwrap_or(0);
        self.meant = items.get(at).map(|item| (item.handle.to_owned(), verb));
        drop(items);
        self.process = Some((lock, history));
        Ok(())
    }

    pub(super) fn open(&mut self) -> Result<(RunLock, History), String> {
        match self.process.take() {
            Some(process) => Ok(process),
            None => self.begin(),
        }
    }

    /// Stores an answer to each item of the newest plan that `verb` chooses one for, as far as it is permitted. Tells how
    /// many.
    fn answer(&mut self, mut verb: impl FnMut(Item<'_>) -> Option<AnswerVerb>) -> Result<usize, String> {
        let (lock, mut history) = self.open()?;
        let integration = self.connectwise.integration.clone();
        let all = open_items(std::iter::once(&integration), &history).map_err(|error| error.to_string())?;
        let (mut answers, mut shown) = (Vec::new(), Vec::new());
        // What is billed and counted nowhere stands among the open items, too.
        let uncounted: Vec<AdditionId> = (all.iter().flat_map(|items| items.items()))
            .filter_map(|item| item.line.filter(|line| line.reason == Code::BilledNotCounted)?.addition)
            .collect();
        let mut meant = Vec::new();
        for item in all.iter().flat_map(|items| items.items()) {
            let Some(verb) = verb(item) else { continue };
            // Whoever answers to a service that nobody has answers to each of its lines.
            let lines = item.lines_that_wait();
            meant.extend(if lines.is_empty() { vec![item] } else { lines }.into_iter().map(|item| (item, verb)));
        }
        for (item, verb) in meant {
            let Ok(permitted) = item.answer(verb) else { continue };
            let stale = self.disk == Disk::StaleAnswers;
            let at = if stale { self.now() + TimeDelta::days(400) } else { self.now() };
            shown.push(permitted.named.clone().unwrap_or_default());
            let decision = Decision {
                handle: item.handle.to_owned(),
                verb,
                until: None,
                note: String::new(),
                who: "jdoe".to_owned(),
                at: at.fixed_offset(),
                reason: permitted.reason,
                seen: permitted.seen,
                unmapped: false,
                spent: false,
                named: permitted.named.filter(|_| !stale),
                within: None,
            };
            answers.push((item.of.run.run, permitted.matter, decision));
        }
        for ((run, matter, decision), shown) in answers.iter().zip(shown) {
            let stored = history.decide(&lock, &integration, *run, matter, decision);
            stored.map_err(|error| format!("an answer is not stored: {error}"))?;
            self.note_answer(matter, decision, (shown, &uncounted));
        }
        self.process = Some((lock, history));
        Ok(answers.len())
    }

    fn note_answer(
        &mut self,
        matter: &DecisionSubject,
        decision: &Decision,
        (shown, uncounted): (Named, &[AdditionId]),
    ) {
        self.connectwise.state.borrow_mut().seen.answers += 1;
        let (DecisionSubject::Line(agreement, product, _) | DecisionSubject::LeftBehind(agreement, product, ..)) =
            matter
        else {
            return;
        };
        let key = (*agreement, ProductId(i64::try_from(number(product)).unwrap_or(0)));
        let more = {
            let mut state = self.connectwise.state.borrow_mut();
            match decision.verb {
                AnswerVerb::Keep | AnswerVerb::Ignore => _ = state.answered.insert(key),
                AnswerVerb::Accept | AnswerVerb::Reopen => _ = state.answered.remove(&key),
            }
            if decision.verb == AnswerVerb::Accept {
                state.beside.entry(key).or_default().extend(shown.0.keys().chain(uncounted));
            }
            // Of a line that was moved away and named, somebody said that it may stay.
            if matches!(decision.verb, AnswerVerb::Keep | AnswerVerb::Ignore) {
                let named = |row: &&mut Row| row.agreement != key.0 && shown.0.contains_key(&row.addition.id);
                state.rows.iter_mut().filter(named).for_each(|row| row.owned = false);
            }
            // While people are at work at all, one of them begins another line meanwhile.
            state.odds.answer > 0 && decision.reason == Code::LineElsewhere && decision.verb == AnswerVerb::Accept
        };
        if more && self.aside.per_mille(300) {
            self.begin_beside(key);
        }
    }

    /// Somebody begins a line of a product on the other agreement of a company, where the mapping wants one that does not
    /// bill yet.
    pub(super) fn begin_elsewhere(&mut self) {
        if !self.aside.per_mille(200) {
            return;
        }
        let keys = self.unbilled();
        let at = usize::try_from(self.aside.below(keys.len() as u64)).unwrap_or(0);
        if let Some(key) = keys.get(at) {
            self.begin_beside(*key);
        }
    }

    /// Somebody moves a line of ours to another agreement: of its company, of another customer, or of a company that nobody
    /// mapped.
    pub(super) fn move_a_line(&mut self) {
        if self.connectwise.state.borrow().odds.hand == 0 || !self.aside.per_mille(150) {
            return;
        }
        let today = self.connectwise.today();
        let mut state = self.connectwise.state.borrow_mut();
        let ours: Vec<_> = state.billing_owned(today).map(|row| row.addition.id).collect();
        let at = usize::try_from(self.aside.below(ours.len() as u64)).unwrap_or(0);
        let all: Vec<_> = state.agreements.values().filter(|found| !found.cancelled).cloned().collect();
        let to = usize::try_from(self.aside.below(all.len() as u64)).unwrap_or(0);
        let (Some(id), Some(to)) = (ours.get(at), all.get(to)) else { return };
        let company = |id: AgreementId| state.agreements.get(&id).map(|agreement| agreement.company);
        let from = state.rows.iter().find(|row| row.addition.id == *id).map(|row| row.agreement);
        let Some(from) = from.filter(|from| *from != to.id) else { return };
        let same = company(from) == Some(to.company);
        let calls = state.calls;
        for row in state.rows.iter_mut().filter(|row| row.addition.id == *id) {
            (row.agreement, row.edited_at_call, row.moved_at_call) = (to.id, calls, calls);
            // Of one that recount has not seen yet nobody can know that it is its own.
            row.owned &= row.home.is_some();
        }
        state.seen.moved_lines += 1;
        state.seen.moved_away += u64::from(!same);
    }

    /// Lines that the mapping wants and that bill nothing.
    fn unbilled(&self) -> Vec<(AgreementId, ProductId)> {
        let (state, today) = (self.connectwise.state.borrow(), self.connectwise.today());
        let bills = |key: &(AgreementId, ProductId)| {
            let of = |row: &&Row| row.agreement == key.0 && row.addition.product == Some(key.1);
            state.rows.iter().filter(of).any(|row| row.addition.is_live(today) && row.addition.bills())
        };
        wanted(&self.mapping).into_iter().filter(|key| !bills(key)).collect()
    }

    /// I19: in nights without faults a line is asked about because another one bills elsewhere; it is accepted, and a second
    /// one is begun elsewhere before the next night.
    pub(super) fn a_question_moves(&mut self) -> Result<(), String> {
        if !self.aside.per_mille(150) {
            return Ok(());
        }
        let odds = mem::take(&mut self.connectwise.state.borrow_mut().odds);
        let judged = self.a_question_moves_in_peace();
        self.connectwise.state.borrow_mut().odds = odds;
        judged
    }

    fn a_question_moves_in_peace(&mut self) -> Result<(), String> {
        self.pass(TimeDelta::minutes(2 * self.options.settle_minutes));
        let unbilled = self.unbilled();
        let mut counted = billed(&self.mapping)
            .into_iter()
            .filter(|(customer, service, ..)| self.vendor.count(*customer, *service).is_some_and(|count| count > 0));
        let Some((.., agreement, product)) =
            counted.find(|(.., agreement, product)| unbilled.contains(&(*agreement, *product)))
        else {
            return Ok(());
        };
        self.begin_beside((agreement, product));
        self.right_night()?;
        let asks = |item: &Item<'_>| item.finding.is_some_and(|finding| finding.code == Code::LineElsewhere);
        if self.answer(|item| (is_asked(&item) && asks(&item)).then_some(AnswerVerb::Accept))? > 0 {
            self.begin_beside((agreement, product));
            self.connectwise.state.borrow_mut().seen.moved_questions += 1;
            self.right_night()?;
        }
        Ok(())
    }

    fn begin_beside(&mut self, (agreement, product): (AgreementId, ProductId)) {
        let other = if agreement.0 >= SECOND { agreement.0 - (SECOND - 200) } else { agreement.0 + SECOND - 200 };
        let other = AgreementId(other);
        let units = self.aside.between(1, 12);
        let mut state = self.connectwise.state.borrow_mut();
        if wanted(&self.mapping).contains(&(other, product)) || !state.agreements.contains_key(&other) {
            return;
        }
        let row = super::row(&state, other, product, &mut self.aside);
        let quantity = Ok(Quantity::from(u32::try_from(units).unwrap_or(1)));
        state.rows.push(Row { addition: Addition { quantity, ..row.addition }, ..row });
        state.seen.elsewhere += 1;
    }

    /// Every answer is taken back.
    fn reopen_all(&mut self) -> Result<(), String> {
        let (lock, mut history) = self.open()?;
        let integration = self.connectwise.integration.clone();
        let known = history.decisions(&integration).map_err(|error| error.to_string())?;
        let run = history.latest_plan(&integration).map_err(|error| error.to_string())?.map(|record| record.run);
        for (matter, decision) in known.0.into_iter().filter(|_| run.is_some()) {
            let back = Decision { verb: AnswerVerb::Reopen, until: None, at: self.now().fixed_offset(), ..decision };
            let stored = history.decide(&lock, &integration, run.expect("filtered"), &matter, &back);
            stored.map_err(|error| format!("an answer is not taken back: {error}"))?;
        }
        self.connectwise.state.borrow_mut().answered.clear();
        self.process = Some((lock, history));
        Ok(())
    }

    /// The operator takes back what was answered, and does what is asked, night by night, until nothing is.
    pub(super) fn settle_everything(&mut self) -> Result<(), String> {
        for agreement in self.connectwise.state.borrow_mut().agreements.values_mut() {
            agreement.company = home(agreement.id);
        }
        if self.chance.coin() {
            self.mapping = mapping(&self.options);
        }
        self.reopen_all()?;
        for _ in 0..12 {
            self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), None);
            let record = self.run(RunCommand::Run, None)?;
            let held = record.as_ref().is_some_and(checker::is_held);
            let settled = record.as_ref().is_some_and(|record| !held && checker::is_quiet(record).is_ok());
            if let Some(record) = &record {
                self.end_uncounted(record);
            }
            if held {
                self.approve()?;
            }
            let accepted = self.answer(|item| is_asked(&item).then(|| remedy(&item)))?;
            self.pass(TimeDelta::days(1));
            if accepted == 0 && settled {
                break;
            }
        }
        Ok(())
    }

    /// A line of ours that somebody moved, and that is told as one that nobody counts: its end is set in ConnectWise, as the
    /// report asks.
    fn end_uncounted(&mut self, record: &RunRecord) {
        let today = self.connectwise.today();
        let asked = lines(record).filter(|line| line.reason == Code::BilledNotCounted && line.outcome == Outcome::Held);
        let ids = |line: &LineRecord| {
            let named = line.named.iter().flat_map(|named| named.0.keys().copied());
            named.chain(line.addition).collect::<Vec<_>>()
        };
        let asked: BTreeSet<AdditionId> = asked.flat_map(ids).collect();
        let mut state = self.connectwise.state.borrow_mut();
        let moved = |row: &&mut Row| row.owned && row.moved_at_call > 0 && asked.contains(&row.addition.id);
        for row in state.rows.iter_mut().filter(moved) {
            row.addition.cancelled_on = Some(today);
        }
    }

    /// I17: a night without faults, a wrong export of which nothing is written, and the right export again: it is accepted,
    /// and asks for nothing that it did not ask for before.
    pub(super) fn wrong_and_right(&mut self) -> Result<(), String> {
        let odds = mem::take(&mut self.connectwise.state.borrow_mut().odds);
        let judged = self.wrong_and_right_in_peace();
        self.connectwise.state.borrow_mut().odds = odds;
        judged
    }

    fn wrong_and_right_in_peace(&mut self) -> Result<(), String> {
        self.pass(TimeDelta::minutes(2 * self.options.settle_minutes));
        if self.right_night()?.is_some_and(|record| checker::is_held(&record)) {
            self.approve()?;
        }
        let Some(before) = self.right_night()?.filter(|record| !is_refused(record)) else { return Ok(()) };
        // What waits for its second night is due by then, whatever comes between.
        if held(&before).any(|line| line.reason == Code::ToZero) {
            return Ok(());
        }
        let sent = self.connectwise.state.borrow().sent.len();
        let mut wrong = self.vendor.clone();
        let mut counts = billed(&self.mapping);
        counts.retain(|(_, _, agreement, product)| {
            !self.connectwise.state.borrow().answered.contains(&(*agreement, *product))
        });
        let at = usize::try_from(self.chance.below(counts.len() as u64)).unwrap_or(0);
        // A count that nobody bills, or whose line is kept, is held by nothing: what it does to the next night's comparison is not looked at here.
        let Some((customer, service, ..)) = counts.get(at) else { return Ok(()) };
        wrong.mistype(*customer, *service);
        let spoil = self.chance.coin().then(|| self.chance.below(5));
        wrong.write(&self.file(), self.now() - TimeDelta::minutes(1), spoil);
        self.run(RunCommand::Run, None)?;
        if self.connectwise.state.borrow().sent.len() != sent {
            return Ok(());
        }
        self.learn_wrong();
        self.connectwise.state.borrow_mut().seen.right_again += 1;
        let after = self.right_night()?.ok_or("the right night has no record")?;
        // With an answer ends what it held off, and whoever gave it is asked about that as about any other night's. What a
        // history writes first is approved, also where a wrong count was what a person had set.
        let ended = lines(&before).any(is_let_be) && !lines(&after).any(is_let_be);
        if is_refused(&after) && (ended || is_first_write(&after)) {
            return Ok(());
        }
        if is_refused(&after) {
            return Err(format!("I17: the right export is not accepted after a wrong one: {:#?}", after.end));
        }
        let asked: Vec<&LineRecord> = held(&before).collect();
        // A wrong count may lead to where a line is that was missed before.
        let missed = |line: &LineRecord| asked.iter().any(|asked| line.addition.is_some_and(|id| names(asked, id)));
        // An answer ends by two exports that do not ask for it, and one of them may be the wrong one.
        let let_be = |line: &LineRecord| lines(&before).any(|kept| kept.handle == line.handle && is_let_be(kept));
        // Of a line that nobody counted the same is asked, wherever a wrong count showed that it came from.
        let waited = |asked: &LineRecord| asked.outcome == Outcome::Held;
        let is_asked = |line: &LineRecord| lines(&before).any(|asked| waited(asked) && asked.handle == line.handle);
        let new = |line: &&LineRecord| !is_asked(line) && !missed(line) && !let_be(line);
        match held(&after).find(new) {
            Some(line) => Err(format!("I17: {} is held after a wrong export: {:#?}", line.handle, after.end)),
            None => Ok(()),
        }
    }

    fn right_night(&mut self) -> Result<Option<RunRecord>, String> {
        self.pass(TimeDelta::days(1));
        self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), None);
        self.run(RunCommand::Run, None)
    }

    /// I18: for one night recount.toml names another ConnectWise, which holds the same: nothing is written there unasked.
    pub(super) fn another_connectwise(&mut self) -> Result<(), String> {
        if !self.aside.per_mille(60) || !self.bound {
            return Ok(());
        }
        self.breach(Disk::IgnoresAnother, "UPDATE connectwise_of SET site = 'production'");
        self.pass(TimeDelta::hours(1));
        self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), None);
        let sent = self.connectwise.state.borrow().sent.len();
        self.site = "production";
        let ran = self.run(RunCommand::Run, None);
        self.site = HOME;
        ran?;
        let mut state = self.connectwise.state.borrow_mut();
        state.seen.other_connectwises += 1;
        match state.sent.get(sent) {
            Some(written) => Err(format!("I18: written to another ConnectWise unasked: {written:?}")),
            None => Ok(()),
        }
    }

    /// A breach: see [`Disk::LosesOwned`].
    pub(super) fn lose_what_is_owned(&mut self) {
        self.breach(Disk::LosesOwned, "DELETE FROM owned_lines");
    }

    /// A breach: see [`Disk::LosesSeen`].
    pub(super) fn forget_what_was_seen(&mut self) {
        let seen = "UPDATE baselines SET lines = '[]', items = '[]'; DELETE FROM ended_lines; DELETE FROM owned_lines";
        self.breach(Disk::LosesSeen, seen);
    }

    /// A breach: see [`Disk::LearnsWrong`].
    fn learn_wrong(&mut self) {
        self.breach(Disk::LearnsWrong, "UPDATE runs SET export_rows = export_rows * 100; UPDATE accepted_counts SET units = units * 100, rows = rows * 100");
    }

    fn breach(&mut self, disk: Disk, sql: &str) {
        if self.disk == disk {
            drop((self.process.take(), self.connectwise.onlooker.take()));
            let Ok((lock, history)) = self.begin() else { return };
            drop((lock, history));
            let connection = rusqlite::Connection::open(self.connectwise.folder.join("history.db")).expect("a history");
            connection.execute_batch(sql).expect("it is broken");
        }
    }
}

/// The company that an agreement is of, unless somebody moved it.
pub(super) fn home(agreement: AgreementId) -> CompanyId {
    let second = agreement != UNMAPPED && agreement.0 >= SECOND;
    CompanyId(agreement.0 - if second { SECOND - 100 } else { 100 })
}

fn is_asked(item: &Item<'_>) -> bool {
    item.is_asked()
}

/// What a report offers first: of a line that is gone and wanted no more, nothing can be accepted.
fn remedy(item: &Item<'_>) -> AnswerVerb {
    let left = item.finding.is_some_and(|finding| finding.code == Code::LineLeftBehind);
    if left && item.answer(AnswerVerb::Accept).is_err() { AnswerVerb::Ignore } else { AnswerVerb::Accept }
}

fn is_refused(record: &RunRecord) -> bool {
    record.planned.as_ref().is_none_or(|planned| !planned.accepted)
}

fn is_first_write(record: &RunRecord) -> bool {
    record.end.iter().flat_map(|end| &end.findings).any(|finding| finding.code == Code::FirstApply)
}

fn lines(record: &RunRecord) -> impl Iterator<Item = &LineRecord> {
    record.planned.iter().flat_map(|planned| &planned.lines)
}

fn is_let_be(line: &LineRecord) -> bool {
    matches!(line.reason, Code::Kept | Code::Ignored)
}

/// The lines that wait.
fn held(record: &RunRecord) -> impl Iterator<Item = &LineRecord> {
    // What nobody counts is looked for once a week, whatever the export says.
    lines(record).filter(|line| line.outcome == Outcome::Held && line.reason != Code::BilledNotCounted)
}

/// Whether a line says what became of an addition.
pub(super) fn names(line: &LineRecord, addition: AdditionId) -> bool {
    let id = addition.to_string();
    let rest =
        |said: &str| said.strip_prefix(&id).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()));
    line.detail.split("addition ").any(rest)
}
