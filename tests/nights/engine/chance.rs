//! Everything that a seed decides.

/// A generator that gives the same numbers on every machine (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

/// What can happen in the nights of one seed. Odds are per mille of a call, or of a night where it says so.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) nights: u64,
    pub(crate) customers: u64,
    pub(crate) services: u64,
    pub(crate) settle_minutes: i64,
    /// Whether the guards of the whole plan are the defaults; else they let everything pass.
    pub(crate) guarded: bool,
    pub(crate) to_zero: u64,
    pub(crate) overwrite_human_edits: bool,
    pub(crate) odds: Odds,
}

/// See [`Options`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Odds {
    pub(crate) unreachable: u64,
    pub(crate) denied: u64,
    /// A list lacks rows that are a few minutes old.
    pub(crate) lagging: u64,
    pub(crate) not_sent: u64,
    pub(crate) lost_request: u64,
    pub(crate) lost_answer: u64,
    pub(crate) late: u64,
    pub(crate) doubled: u64,
    pub(crate) refused: u64,
    pub(crate) server_error: u64,
    pub(crate) ghost: u64,
    pub(crate) busy: u64,
    pub(crate) forbidden: u64,
    /// A person changes, ends or makes a line between two calls.
    pub(crate) hand: u64,
    pub(crate) agreement_ends: u64,
    /// Per night.
    pub(crate) crash: u64,
    /// Per night: the export is damaged, short, unchanged or old.
    pub(crate) bad_export: u64,
    /// Per night: a person edits the mapping.
    pub(crate) mapping_edit: u64,
    /// Per night: an agreement is moved to another company, or back.
    pub(crate) agreement_moves: u64,
    /// An answer comes minutes late.
    pub(crate) slow: u64,
    /// Per night: somebody answers an item of a report, at once or nights later.
    pub(crate) answer: u64,
    /// Per night: a wrong export, and the right one again.
    pub(crate) wrong_and_right: u64,
    /// Per list that comes in a bundle: rows are left out, or hold other quantities.
    pub(crate) lie: u64,
    /// The pages of a list do not end.
    pub(crate) endless: u64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `end`, without `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to + 1 - from)
    }

    pub(crate) fn per_mille(&mut self, odds: u64) -> bool {
        self.below(1000) < odds
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(crate) fn seconds(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below((to + 1 - from).unsigned_abs())).unwrap_or(0)
    }
}

impl Options {
    /// Each seed has its own mixture, and about half of the faults not at all.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let mut up_to = |most: u64| if chance.coin() { chance.between(1, most) } else { 0 };
        let odds = Odds {
            unreachable: up_to(15),
            denied: up_to(5),
            lagging: up_to(400),
            not_sent: up_to(80),
            lost_request: up_to(150),
            lost_answer: up_to(200),
            late: up_to(200),
            doubled: up_to(100),
            refused: up_to(80),
            server_error: up_to(120),
            ghost: up_to(200),
            busy: up_to(200),
            forbidden: up_to(40),
            hand: up_to(60),
            agreement_ends: up_to(8),
            crash: up_to(500),
            bad_export: up_to(300),
            mapping_edit: up_to(600),
            agreement_moves: up_to(100),
            slow: up_to(30),
            answer: up_to(700),
            wrong_and_right: up_to(400),
            lie: 0,
            endless: 0,
        };
        Self {
            nights: chance.between(4, 8),
            customers: chance.between(1, 5),
            services: chance.between(1, 4),
            settle_minutes: 15 * chance.seconds(1, 8),
            guarded: chance.coin(),
            to_zero: chance.below(3),
            overwrite_human_edits: chance.coin(),
            odds,
        }
    }
}
