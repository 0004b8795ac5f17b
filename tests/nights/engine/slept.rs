//! One night during which the host sleeps.

use chrono::{NaiveDate, TimeDelta};

use super::chance::Odds;
use super::connectwise::What;
use super::disk::Disk;
use super::{House, everything_passes, fastest_folder};
use recount::reconcile::model::plan::outcome::RunCommand;
use recount::zone::Zone;

/// One night without faults and guards that begins at a time of its own; before the first write's look the host sleeps.
/// Gives the first and the last day of the night, the days on which created lines take effect, and the exit code.
pub(crate) fn slept_through(seed: u64, begins: &str, sleep: TimeDelta) -> Slept {
    let folder = tempfile::Builder::new().prefix("nights-").tempdir_in(fastest_folder()).expect("a folder");
    let mut house = House::new(seed, folder.path(), Disk::Sound);
    // Its days are UTC's.
    house.zone = Zone::utc();
    house.connectwise.state.borrow_mut().zone = Zone::utc();
    house.connectwise.clock.set(begins.parse().expect("a time"));
    house.connectwise.state.borrow_mut().odds = Odds::default();
    house.guards = everything_passes();
    house.vendor.complete(house.options.customers);
    house.vendor.write(&house.file(), house.now() - TimeDelta::minutes(1), None);
    let plan = house.run(RunCommand::Plan, None).expect("a night").and_then(|record| record.planned).expect("a plan");
    house.connectwise.clock.set(begins.parse().expect("a time"));
    let asked = house.connectwise.state.borrow().calls;
    house.connectwise.state.borrow_mut().sleep = Some((2 * asked + 1, sleep));
    let applied = house.process(RunCommand::Apply, Some(&plan.fingerprint)).expect("a night").expect("a record");
    let state = house.connectwise.state.borrow();
    let creations = state.sent.iter().filter_map(|sent| match &sent.what {
        What::Create(create) => Some(create.effective_on()),
        What::Set(_) => None,
    });
    Slept {
        days: (applied.started_at.date_naive(), house.now().date_naive()),
        effective: creations.collect(),
        sent: state.sent.len(),
        exit: applied.end.map(|end| end.exit_code),
    }
}

/// See [`slept_through`].
#[derive(Debug)]
pub(crate) struct Slept {
    pub(crate) days: (NaiveDate, NaiveDate),
    pub(crate) effective: Vec<NaiveDate>,
    pub(crate) sent: usize,
    pub(crate) exit: Option<u8>,
}
