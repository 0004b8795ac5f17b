//! What a person types, command by command: shown under each `--help`, in the man pages, and tested.

/// What is typed, and what for.
pub(crate) type Examples = &'static [(&'static str, &'static str)];

/// By the words of the command.
pub(crate) const EXAMPLES: &[(&str, Examples)] = &[
    (
        "",
        &[
            ("recount demo", "see it work, without keys or network"),
            ("recount init", "set it up: asks a few things, writes the files"),
            ("recount check", "is everything in place?"),
            ("recount plan", "what would change tonight"),
        ],
    ),
    (
        "demo",
        &[
            ("recount demo", "an ordinary night and the next one"),
            ("recount demo --chaos", "a night that goes wrong"),
            ("recount demo --desk", "the desk on it, in a browser"),
        ],
    ),
    (
        "init",
        &[
            ("recount init", "asks at most eight things, and checks what it made"),
            ("sudo recount init --dir /etc/recount", "where the service looks for it"),
            (
                "recount init --yes --site na --company msp --client-id ID --export usage.csv",
                "asks nothing; what is missing is named",
            ),
        ],
    ),
    (
        "check",
        &[
            ("recount check", "each thing that has to be in place, with the fix"),
            ("sudo recount check", "as the service, with its keys"),
            ("recount check --probe 771", "what a live ConnectWise does where no text says it"),
        ],
    ),
    (
        "map",
        &[
            ("recount map suggest", "candidates for customers without a company"),
            ("recount map add a7kx 3321", "customer a7kx is company 3321"),
        ],
    ),
    (
        "map list",
        &[("recount map list", "all customers, open items first"), ("recount map list acronis --offline", "")],
    ),
    (
        "map suggest",
        &[
            ("recount map suggest", "companies"),
            ("recount map suggest --accept-exact", "rows for those of the same name"),
            ("recount map suggest --services", "products for services"),
        ],
    ),
    (
        "map agreements",
        &[("recount map agreements 3321", "by company"), ("recount map agreements \"Acme Dental\"", "by customer")],
    ),
    ("map products", &[("recount map products bracket", "identifiers with that word")]),
    (
        "map add",
        &[
            ("recount map add a7kx 3321", "by the handle of a report"),
            ("recount map add \"Acme Dental\" 3321 --agreement 771", "by name, and no other agreement"),
        ],
    ),
    ("map remove", &[("recount map remove a7kx", "nobody has mapped it then")]),
    ("map pin", &[("recount map pin a7kx 1033", "of several additions on one agreement this one is meant")]),
    ("map ignore", &[("recount map ignore a7kx --note \"our own\"", "skipped on purpose, and no longer reported")]),
    ("map test", &[("recount map test usage-2026-11.csv", "which customers of this file are mapped")]),
    (
        "plan",
        &[
            ("recount plan", "all integrations that are not off"),
            ("recount plan acronis --json", "one of them, for a program"),
            ("recount plan --detailed-exitcode", "exit code 4 where something would change"),
        ],
    ),
    (
        "run",
        &[
            ("recount run", "what the timer starts every night"),
            ("recount run acronis --dry-run", "the same as `plan`"),
        ],
    ),
    ("apply", &[("recount apply 3f9a12cd", "the plan that `recount plan` printed under this fingerprint")]),
    (
        "held",
        &[
            ("recount held", "open items, the oldest first"),
            ("recount held --all", "what was decided, too"),
            ("recount held --reopen b2mn", "take the answer back"),
        ],
    ),
    (
        "accept",
        &[
            ("recount accept b2mn --to 0 --note \"they left in October\"", "take this step, once"),
            ("recount accept b2mn --within 60", "any step that stops at or before 60"),
            ("recount accept --all to-zero", "shows each of them, and asks"),
        ],
    ),
    ("keep", &[("recount keep c9tw --until 2027-03-31 --note \"agreed by mail\"", "leave it as it is until then")]),
    ("ignore", &[("recount ignore a7kx --until 2027-03-31 --note \"in a trial\"", "do not ask about it until then")]),
    ("undo", &[("recount undo 219", "a plan that sets back what run 219 wrote")]),
    (
        "verify",
        &[
            ("recount verify", "is the history intact?"),
            ("recount verify --against 9c41e7a0", "and unchanged since that report?"),
        ],
    ),
    (
        "history",
        &[
            ("recount history", "the newest 30 runs"),
            ("recount history --customer \"Acme Dental\"", "its lines, night by night"),
        ],
    ),
    (
        "report",
        &[
            ("recount report", "last night, of every integration"),
            ("recount report 219 --open", "run 219, in a browser"),
            ("recount report --format csv -o night.csv", "for a spreadsheet"),
        ],
    ),
    (
        "why",
        &[
            ("recount why c9tw", "from the row of the export to the answer of ConnectWise"),
            ("recount why \"Acme Dental\"", "the customer's lines, with their handles"),
        ],
    ),
    (
        "sim",
        &[
            ("recount sim", "at http://127.0.0.1:8480, with the demo's world"),
            ("recount sim --latency 200ms --faults faults.json", "a slow one on which things go wrong"),
        ],
    ),
    (
        "daemon",
        &[
            ("recount daemon --config /etc/recount/recount.toml", "where there is no systemd timer"),
            ("recount daemon --tenants /tenants --shard 0/4", "a share of many tenants (docs/fleet.md)"),
        ],
    ),
    (
        "read",
        &[
            ("recount read acronis", "what tonight's export comes to"),
            ("recount read usage.csv --profile pax8-invoice", "any file"),
        ],
    ),
    ("profiles", &[("recount profiles", "vendors whose files are known")]),
    (
        "status",
        &[
            ("recount status", "the state of each integration; exit code 3 where items are open"),
            ("recount status acronis --json", "for a monitor"),
        ],
    ),
    (
        "integrations",
        &[
            ("recount integrations", "all of them, with mode and health"),
            ("recount integrations enable acronis --mode observe", "recount.toml is changed in place"),
        ],
    ),
    (
        "integrations enable",
        &[("recount integrations enable acronis --mode apply", "from the next night on it writes")],
    ),
    (
        "integrations add",
        &[
            ("recount integrations add acronis", "asks what `init` asked of the first one"),
            ("recount integrations add acronis --yes --export usage.csv", "asks nothing; what is missing is named"),
        ],
    ),
    ("integrations remove", &[("recount integrations remove acronis", "names what stays billed, and asks")]),
    ("integrations list", &[("recount integrations list", "each with its mode, its customers and its last night")]),
    ("integrations disable", &[("recount integrations disable acronis", "it is left out from the next night on")]),
    ("alerts", &[("recount alerts test", "send a test through each alert")]),
    (
        "alerts test",
        &[("recount alerts test", "through all of them"), ("recount alerts test office", "through this one")],
    ),
    (
        "users",
        &[
            ("recount users", "everybody, with role"),
            ("recount users add dana --role operator", "prints a link to choose a password"),
        ],
    ),
    ("users list", &[("recount users list", "everybody, with role")]),
    ("users add", &[("recount users add dana --role operator", "prints a link, good once and for a day")]),
    (
        "users role",
        &[
            ("recount users role dana viewer", "dana signs in anew"),
            ("recount users role dana viewer --tenants /tenants --tenant acme", "at one tenant of many"),
        ],
    ),
    ("users reset", &[("recount users reset dana", "the password is gone; prints a new link")]),
    ("users lock", &[("recount users lock dana", "kept out from now on")]),
    ("users unlock", &[("recount users unlock dana", "let in again")]),
    ("users remove", &[("recount users remove dana", "what dana did stays in the history")]),
    (
        "serve",
        &[
            ("recount serve", "the desk at http://127.0.0.1:8080"),
            ("recount serve --listen 127.0.0.1:9000", "at another port; links of `users add` then lead there"),
            ("recount serve --tenants /tenants", "one desk for many tenants"),
        ],
    ),
    ("tickets", &[("recount tickets", "those that are open"), ("recount tickets test acronis", "open one, to see it")]),
    ("tickets list", &[("recount tickets list", "those that are open")]),
    (
        "tickets test",
        &[
            ("recount tickets test acronis", "opens, notes and closes a ticket of sample data"),
            ("recount tickets test acronis --leave-open", "to look at it on the board"),
        ],
    ),
    ("backup", &[("recount backup /mnt/backup/recount.db", "one file; a run may be on meanwhile")]),
    ("restore", &[("recount restore /mnt/backup/recount.db", "from then on the history is that one")]),
    ("diff", &[("recount diff 218 219", "export, plan and lines of two nights, side by side")]),
    (
        "completions",
        &[("recount completions bash > /etc/bash_completion.d/recount", "or zsh, fish, elvish, powershell")],
    ),
    (
        "man",
        &[
            ("recount man | man -l -", "read it now"),
            ("recount man --out /usr/share/man/man1", "a page for each command"),
        ],
    ),
];
