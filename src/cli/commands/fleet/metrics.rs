//! The metrics of all tenants in one text, each sample with its tenant.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::exit_codes::Exit;

/// How a tenant's last command ended: one whose configuration is broken has no other numbers.
pub(super) fn exit(exit: Exit) -> String {
    format!(
        "# HELP recount_tenant_exit_code Exit code of the tenant's last command.\n\
         # TYPE recount_tenant_exit_code gauge\nrecount_tenant_exit_code {}\n",
        exit.code()
    )
}

/// Puts the texts of tenants together. What stands over a metric is said once.
pub(super) fn together<'a>(texts: impl Iterator<Item = (&'a str, String)>) -> String {
    // By metric: what is said of it, and its samples.
    let mut metrics: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (tenant, text) in texts {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.strip_prefix("# ") {
                Some(said) => {
                    let name = said.split(' ').nth(1).unwrap_or_default().to_owned();
                    let (head, _) = metrics.entry(name).or_default();
                    if !head.lines().any(|known| known == line) {
                        let _ = writeln!(head, "{line}");
                    }
                }
                None => {
                    let end = line.find(['{', ' ']).unwrap_or(line.len());
                    let (_, samples) = metrics.entry(line[..end].to_owned()).or_default();
                    let _ = writeln!(samples, "{}", labelled(line, end, tenant));
                }
            }
        }
    }
    metrics.into_values().map(|(head, samples)| head + &samples).collect()
}

fn labelled(line: &str, name_ends: usize, tenant: &str) -> String {
    let tenant = tenant.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let (name, rest) = line.split_at(name_ends);
    match rest.strip_prefix('{') {
        Some(rest) => format!("{name}{{tenant=\"{tenant}\",{rest}"),
        None => format!("{name}{{tenant=\"{tenant}\"}}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise an alert would name an integration that a hundred tenants have.
    #[test]
    fn each_sample_says_whose_it_is_and_each_metric_is_described_once() {
        let text = |value: u8| {
            format!(
                "# HELP recount_up Up.\n# TYPE recount_up gauge\nrecount_up {value}\n# HELP recount_lines L.\n# TYPE recount_lines gauge\n\
                 recount_lines{{integration=\"mail\"}} {value}\n"
            )
        };
        let together = together([("acme", text(1)), ("b\"c", text(2))].into_iter());
        assert_eq!(
            together,
            "# HELP recount_lines L.\n# TYPE recount_lines gauge\nrecount_lines{tenant=\"acme\",integration=\"mail\"} 1\n\
             recount_lines{tenant=\"b\\\"c\",integration=\"mail\"} 2\n# HELP recount_up Up.\n# TYPE recount_up gauge\n\
             recount_up{tenant=\"acme\"} 1\nrecount_up{tenant=\"b\\\"c\"} 2\n"
        );
    }
}
