#!/usr/bin/env python3
"""Counting an export of a million rows, beside polars: CPU time and peak memory of both, three runs each, the median.

    cargo build --release && python3 benches/against_polars.py [target/release/recount]

Installs polars with pip into a temporary environment, and writes a file of 53 MB: 50,000 customers with 20 services each.
Polars only adds up, in the way that takes it least; it neither sorts nor shows, and `recount read` does both. Fails if that
takes more CPU time than polars, or more than 120 MB.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import venv

CUSTOMERS, SERVICES = 50_000, 20
RUNS = 3
MEMORY_MAX_MB = 120
PROFILE = """\
title   = "A file for measuring"
format  = "csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }
"""
POLARS = """\
import sys
import polars
counts = polars.scan_csv(sys.argv[1]).group_by("Account", "Product").agg(polars.col("Quantity").sum()).collect()
print(counts.height)
"""


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    recount = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "target/release/recount").resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "profiles").mkdir()
        (folder / "profiles/measured.toml").write_text(PROFILE)
        export = folder / "export.csv"
        write(export)
        python = with_polars(folder / "venv")
        commands = {
            "recount": [recount, "read", export, "--profile", "measured"],
            "recount --json": [recount, "read", export, "--profile", "measured", "--json"],
            "polars": [python, "-c", POLARS, export],
            "polars, import": [python, "-c", "import polars"],
        }
        measured = {name: [] for name in commands}
        # In turn, so that a machine that slows down slows both. The first round warms up, and is not counted.
        for run in range(RUNS + 1):
            for name, command in commands.items():
                cpu, peak = once(command, folder)
                if run > 0:
                    measured[name].append((cpu, peak))
        print(f"{CUSTOMERS * SERVICES:,} rows, {export.stat().st_size / 1e6:.0f} MB")
        told = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in measured.items()}
        for name, (cpu, peak) in told.items():
            each = ", ".join(f"{cpu:.2f}" for cpu, _ in measured[name])
            print(f"{name:14} {cpu:.2f} s of CPU ({each}), {peak:.0f} MB at its peak")
        own = [told[name] for name in told if name.startswith("recount")]
        enough = all(cpu < told["polars"][0] and peak < MEMORY_MAX_MB for cpu, peak in own)
        sys.exit(None if enough else "recount takes too much")


def write(path):
    with path.open("w") as file:
        file.write("Account,Product,Device,Quantity\n")
        for row in range(CUSTOMERS * SERVICES):
            customer, service = divmod(row, SERVICES)
            device = row * 7919 % 1_000_000
            file.write(f"Customer {customer:06} Ltd,Mail protection {service:02},DEV-{device:06},{row % 97}\n")


def with_polars(folder):
    venv.create(folder, with_pip=True)
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "polars"], check=True)
    return python


def once(command, folder):
    """CPU time in seconds and peak memory in MB, of the process and its threads."""
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen([str(word) for word in command], cwd=folder, stdout=nowhere)
        _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


main()
