//! Writes a large MSP into a folder: 5,000 customers of 20 services, 100,000 rows, for measuring a whole `recount plan`
//! against `recount sim --world FOLDER/world.json --port 8481`. CONTRIBUTING.md has the commands.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const CUSTOMERS: u32 = 5_000;
const SERVICES: u32 = 20;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "big-night".into()));
    fs::create_dir_all(folder.join("exports"))?;
    fs::write(folder.join("recount.toml"), config())?;
    fs::write(folder.join("customers.csv"), customers())?;
    fs::write(folder.join("exports/big.csv"), export())?;
    fs::write(folder.join("world.json"), world())
}

fn config() -> String {
    let mut text = "state = \"state\"\n\n[connectwise.main]\nurl = \"http://127.0.0.1:8481\"\ncompany = \"examplemsp\"\n\
                    client_id = \"00000000-0000-0000-0000-000000000000\"\npublic_key = { env = \"CW_PUBLIC\" }\n\
                    private_key = { env = \"CW_PRIVATE\" }\nmax_in_flight = 16\nrequests_per_minute = 100000\n\n\
                    [integration.big]\nconnectwise = \"main\"\nmode = \"observe\"\ncustomers = \"customers.csv\"\n\
                    default_agreement = { type = \"Email Security\" }\n\n[integration.big.export]\n\
                    path = \"exports/*.csv\"\ncolumns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n\n\
                    [integration.big.services]\n"
        .to_owned();
    for service in 0..SERVICES {
        let _ = writeln!(text, "\"Service {service}\" = {{ product = \"P-{service}\" }}");
    }
    text
}

fn customers() -> String {
    (1..=CUSTOMERS).fold("customer,company_id,agreement_id,note\n".to_owned(), |mut text, customer| {
        let _ = writeln!(text, "Customer {customer} Ltd,{customer},,");
        text
    })
}

/// One line in fifty has moved since the last night.
fn used(customer: u32, service: u32) -> u32 {
    billed(customer, service) + u32::from((customer * SERVICES + service).is_multiple_of(50))
}

fn billed(customer: u32, service: u32) -> u32 {
    10 + (customer * 7 + service * 13) % 90
}

fn export() -> String {
    let mut text = "Account,Product,Quantity\n".to_owned();
    for customer in 1..=CUSTOMERS {
        for service in 0..SERVICES {
            let _ = writeln!(text, "Customer {customer} Ltd,Service {service},{}", used(customer, service));
        }
    }
    text
}

fn world() -> String {
    let joined = |records: Vec<String>| records.join(",\n");
    let companies = joined((1..=CUSTOMERS).map(|id| format!(r#"{{"id":{id},"name":"Customer {id} Ltd"}}"#)).collect());
    let agreements =
        joined((1..=CUSTOMERS).map(|id| format!(r#"{{"id":{id},"company":{id},"type":"Email Security"}}"#)).collect());
    let catalog = joined((0..SERVICES).map(|id| format!(r#"{{"id":{},"identifier":"P-{id}"}}"#, id + 1)).collect());
    let additions = (1..=CUSTOMERS).flat_map(|customer| {
        (0..SERVICES).map(move |service| {
            let (id, quantity) = (customer * SERVICES + service, billed(customer, service));
            format!(r#"{{"id":{id},"agreement":{customer},"product":"P-{service}","quantity":{quantity}}}"#)
        })
    });
    let additions = joined(additions.collect());
    format!(
        "{{\"companies\":[{companies}],\n\"agreements\":[{agreements}],\n\"catalog\":[{catalog}],\n\"additions\":[{additions}]}}\n"
    )
}
