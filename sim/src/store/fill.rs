//! From a world to the rows of its lists.

use std::sync::Arc;

use serde_json::json;

use super::{Rows, Store, Table, id_of, index};
use crate::render;
use crate::world::{Agreement, Board, Member};

impl Store {
    /// Renders every record of a new world.
    pub(super) fn fill(&mut self) {
        self.fill_companies();
        self.fill_agreements();
        self.fill_service();
        for mut addition in std::mem::take(&mut self.world.additions) {
            let first_day = self.agreement(addition.agreement).map(Agreement::billing_start);
            addition.effective = addition.effective.or(first_day);
            self.keep(addition);
        }
        for ticket in std::mem::take(&mut self.world.tickets) {
            self.put_row((Table::Tickets, 0), id_of(&ticket, "id"), ticket);
        }
        for note in std::mem::take(&mut self.world.notes) {
            self.put_row((Table::Notes, id_of(&note, "ticketId")), id_of(&note, "id"), note);
        }
        let rows = self.rows.values().filter_map(|rows| rows.keys().next_back());
        let ids = rows.chain(self.additions.keys().next_back());
        self.last_id = ids.max().copied().unwrap_or_default();
        self.touched.clear();
    }

    fn fill_companies(&mut self) {
        let companies = &self.world.companies;
        let statuses = Names::of(companies.iter().map(|company| &company.status));
        let types = Names::of(companies.iter().flat_map(|company| &company.types));
        let rows = companies.iter().map(|found| (found.id, Arc::new(render::company(found, &statuses, &types))));
        self.rows.insert((Table::Companies, 0), rows.collect());
        self.rows.insert((Table::CompanyStatuses, 0), statuses.rows());
        self.rows.insert((Table::CompanyTypes, 0), types.rows());
    }

    fn fill_agreements(&mut self) {
        let world = &self.world;
        let companies = index(&world.companies, |company| company.id);
        let types = Names::of(world.agreements.iter().map(|agreement| &agreement.kind));
        let row = |found: &Agreement| {
            let company = companies.get(&found.company).and_then(|place| world.companies.get(*place));
            let cycle = world.billing_cycles.iter().find(|cycle| cycle.name == found.billing_cycle);
            let ids = render::Ids { kind: types.id(&found.kind), cycle: cycle.map_or(0, |cycle| cycle.id) };
            let wire = render::agreement(found, company, ids, render::status_of(found, world.today));
            render::shaped(wire, &world.options, &["endDate", "dateCancelled", "nextInvoiceDate"])
        };
        let cycles = world.billing_cycles.iter().map(|found| (found.id, Arc::new(render::billing_cycle(found))));
        let cycles = cycles.collect();
        let rows = world.agreements.iter().map(|found| (found.id, Arc::new(row(found)))).collect();
        let catalog = world.catalog.iter().map(|found| (found.id, Arc::new(render::product(found)))).collect();
        self.rows.insert((Table::Agreements, 0), rows);
        self.rows.insert((Table::AgreementTypes, 0), types.rows());
        self.rows.insert((Table::BillingCycles, 0), cycles);
        self.rows.insert((Table::Catalog, 0), catalog);
    }

    fn fill_service(&mut self) {
        for board in &self.world.boards {
            let [sub_types, items, associations] = associations(board);
            self.rows.insert((Table::BoardSubTypes, board.id), sub_types);
            self.rows.insert((Table::BoardItems, board.id), items);
            self.rows.insert((Table::BoardAssociations, board.id), associations);
            let statuses = board.statuses.iter().map(|found| (found.id, Arc::new(render::board_status(found, board))));
            self.rows.insert((Table::BoardStatuses, board.id), statuses.collect());
            let types =
                (board.id * 100 + 1..).zip(&board.types).map(|(id, name)| (id, Arc::new(render::named(id, name))));
            self.rows.insert((Table::BoardTypes, board.id), types.collect());
            self.rows.entry((Table::Boards, 0)).or_default().insert(board.id, Arc::new(render::board(board)));
        }
        self.rows.insert((Table::Priorities, 0), Names::of(self.world.priorities.iter()).rows());
        self.rows.insert((Table::Sources, 0), Names::of(self.world.sources.iter()).rows());
        let mut members: Rows = self.world.members.iter().map(|m| (m.id, Arc::new(render::member(m)))).collect();
        for (id, key) in (9001..).zip(&self.world.keys) {
            let member = Member {
                id,
                identifier: key.member.clone(),
                first_name: "API".to_owned(),
                last_name: key.member.clone(),
            };
            members.insert(id, Arc::new(render::member(&member)));
        }
        self.rows.insert((Table::Members, 0), members);
    }
}

/// The subtypes of a board, its items, and which of them belong together.
fn associations(board: &Board) -> [Rows; 3] {
    let from_1 =
        |names: &[&String], name: &String| names.iter().position(|known| *known == name).map_or(0, |at| at + 1);
    let id = |at: usize| board.id * 100 + i64::try_from(at).unwrap_or_default();
    let mut names: [Vec<&String>; 3] = [board.types.iter().collect(), Vec::new(), Vec::new()];
    for association in &board.associations {
        for (names, name) in names.iter_mut().skip(1).zip([Some(&association.sub_type), association.item.as_ref()]) {
            names.extend(name.filter(|name| !names.contains(name)));
        }
    }
    let [types, sub_types, items] = &names;
    let named = |names: &[&String]| {
        names
            .iter()
            .map(|name| (id(from_1(names, name)), name))
            .map(|(id, name)| (id, Arc::new(render::named(id, name))))
            .collect()
    };
    let part = |names: &[&String], name: &String| json!({"id": id(from_1(names, name)), "name": name});
    let rows = (1..).zip(&board.associations).map(|(at, found)| {
        let mut row = render::named(id(at), "");
        row.retain(|field, _| field == "id" || field == "_info");
        row.insert("type".to_owned(), part(types, &found.kind));
        row.insert("subType".to_owned(), part(sub_types, &found.sub_type));
        if let Some(item) = &found.item {
            row.insert("item".to_owned(), part(items, item));
        }
        (id(at), Arc::new(row))
    });
    [named(sub_types), named(items), rows.collect()]
}

/// Names that have an id by their order of appearance.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    fn of<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for name in names {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        Self(found)
    }

    /// The id of a name, from 1; 0 for a name that never appeared.
    pub(crate) fn id(&self, name: &str) -> i64 {
        let place = self.0.iter().position(|known| known == name).map_or(0, |place| place + 1);
        i64::try_from(place).unwrap_or_default()
    }

    fn rows(&self) -> Rows {
        self.0.iter().map(|name| (self.id(name), Arc::new(render::named(self.id(name), name)))).collect()
    }
}
