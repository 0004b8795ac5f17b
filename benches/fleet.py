#!/usr/bin/env python3
"""Many tenants on one simulated ConnectWise and one S3 server (moto): memory and CPU by tenant, then 50 rounds of kills.

    pip install 'moto[server,s3]'
    cargo build --release && nice python3 benches/fleet.py [target/release/recount] [PART ...]

Parts, `grow` and `kills` if none is named:
    grow:10,100,1000   tenants of 30 agreements, 4 shards as processes: a first night that is approved, a night that sets a line of
                       each agreement, and a quiet one. All nights have to be done; CPU and memory by tenant, and how they grow
    kills:50:40        rounds and tenants. In each round every tenant has other counts, one or two of the shards are killed with -9
                       in the middle and begun anew with their state; once a shard is added and once one is removed, with its state.
                       Nothing twice, nothing lost, every tenant ran, each night once

Ends with 1 and what did not hold. moto is one Python process and the slowest part: its CPU is told beside.
"""

import importlib.util
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
AGREEMENTS, SHARDS, AT_ONCE = 30, 4, "4"
CONFIG = """
state = "state"
replicate = "s3://TENANT/recount"
[replication]
lease = "60s"
auth = { s3 = { endpoint = "http://127.0.0.1:S3", access_key = "AKID", secret_key = { env = "S3_SECRET" } } }
[connectwise.main]
url = "http://127.0.0.1:CW"
company = "examplemsp"
client_id = "00000000-0000-0000-0000-000000000000"
public_key = { env = "CW_PUBLIC" }
private_key = { env = "CW_PRIVATE" }
codebase = "v4_6_release"
requests_per_minute = 100000
retry_pause_max = "1s"
settle = "0s"
[integration.mail]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
match_customers = "mapped"
default_agreement = { type = "Email" }
create_lines = true
sweep = "off"
[integration.mail.export]
path = "EXPORT"
columns = { customer = "Account", service = "Product", count = "Quantity" }
[integration.mail.services]
"Filter" = { product = "FILTER" }
"Archive" = { product = "ARCHIVE" }
[integration.mail.guards]
max_age = "100d"
max_lines_changed = "100%"
max_lines_created = "100%"
max_units_up = "1000%"
line_step = { units = 100000, percent = 100000, factor = 1000 }
"""
# moto_server, but for its looks at each of its own modules' folders at every request, one request at a time: that is not S3.
MOTO = """
import logging, moto.backends, moto.server
modules = list(moto.backends.list_of_moto_modules())
moto.backends.list_of_moto_modules = lambda: modules
logging.getLogger("werkzeug").setLevel(logging.ERROR)
moto.server.main()
"""
ENVIRONMENT = {"PATH": os.environ["PATH"], "CW_PUBLIC": "pub", "CW_PRIVATE": "priv", "S3_SECRET": "secret"}
WRONG = []


def must(holds, what):
    if not holds:
        WRONG.append(what)
        print("NOT SO:", what)


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Fleet:
    """The servers, the world, and pods: each has the tenants' files and a state of its own."""

    def __init__(self, recount, tenants):
        self.recount, self.folder = recount, pathlib.Path(tempfile.mkdtemp(prefix="fleet-"))
        self.tenants = [f"tenant-{number:05}" for number in range(tenants)]
        self.s3, self.cw, self.ended = port(), port(), []
        world = {"companies": [], "agreements": [], "additions": [], "catalog": [
            {"id": 500, "identifier": "FILTER", "price": 2, "cost": 1}, {"id": 501, "identifier": "ARCHIVE", "price": 2, "cost": 1}]}
        for number in range(tenants * AGREEMENTS):
            world["companies"].append({"id": 10_000 + number, "name": f"Customer {number}"})
            world["agreements"].append({"id": 1_000_000 + number, "company": 10_000 + number, "type": "Email"})
            world["additions"].append({"id": 2_000_000 + number, "agreement": 1_000_000 + number, "product": "FILTER", "quantity": 3})
        (self.folder / "world.json").write_text(json.dumps(world))
        if importlib.util.find_spec("moto") is None:
            sys.exit("moto is not there: pip install 'moto[server,s3]'")
        self.moto = self.start([sys.executable, "-c", MOTO, "-p", str(self.s3)], self.s3)
        self.sim = self.start([recount, "sim", "--port", str(self.cw), "--world", "world.json"], self.cw)
        for number, tenant in enumerate(self.tenants):
            # A bucket each: moto's list of a prefix goes through all that its bucket has.
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.s3}/{tenant}", method="PUT")).close()
            customers = "customer,company_id,agreement_id,note\n"
            for at in range(number * AGREEMENTS, (number + 1) * AGREEMENTS):
                customers += f"Customer {at},{10_000 + at},{1_000_000 + at},\n"
            (self.folder / "shared" / tenant).mkdir(parents=True)
            (self.folder / "shared" / tenant / "customers.csv").write_text(customers)

    def start(self, words, at):
        process = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ended.append(process)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", at), 0.1).close()
                return process
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{words[0]} does not listen")

    def end(self):
        for process in self.ended:
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pod(self, pod):
        for tenant in self.tenants:
            own = self.folder / f"pod-{pod}" / tenant
            own.mkdir(parents=True)
            shared = self.folder / "shared" / tenant
            config = CONFIG.replace("TENANT", tenant).replace("S3", str(self.s3), 1).replace("CW", str(self.cw), 1)
            (own / "recount.toml").write_text(config.replace("EXPORT", str(shared / "export.csv")))
            shutil.copy(shared / "customers.csv", own)

    def export(self, lines):
        """The night's counts; `lines` gives product and quantity of a number of an agreement."""
        for number, tenant in enumerate(self.tenants):
            text = "Account,Product,Quantity\n"
            for at in range(number * AGREEMENTS, (number + 1) * AGREEMENTS):
                text += "".join(f"Customer {at},{product},{quantity}\n" for product, quantity in lines(at))
            (self.folder / "shared" / tenant / "export.csv").write_text(text)

    def command(self, pod, of, words):
        words = [self.recount, *words, "--json", "--tenants", f"pod-{pod}", "--at-once", AT_ONCE, "--shard", f"{pod}/{of}"]
        out = open(self.folder / f"said-{pod}", "w+")
        process = subprocess.Popen(words, cwd=self.folder, env=ENVIRONMENT, stdout=out, stderr=subprocess.DEVNULL)
        process.said = out
        return process

    def ends(self, process):
        process.wait()
        process.said.seek(0)
        return {one["tenant"]: one for one in json.load(process.said)["tenants"]}

    def night(self, of=SHARDS, words=("run",)):
        ended = {}
        for process in [self.command(pod, of, words) for pod in range(of)]:
            ended.update(self.ends(process))
        must(len(ended) == len(self.tenants), f"every tenant is one shard's: {len(ended)}")
        return ended

    def one(self, pod, tenant, *words):
        config = self.folder / f"pod-{pod}" / tenant / "recount.toml"
        return subprocess.run([self.recount, *words, "--config", config], cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)

    def approve(self, of=SHARDS):
        """The first plan of each tenant, by its fingerprint: changes nothing."""
        self.export(lambda at: [("Filter", 3)])
        waiting = []
        for pod in range(of):
            for tenant, end in self.ends(self.command(pod, of, ["plan"])).items():
                if not end["document"]["runs"]:
                    sys.exit(f"{tenant}: {end}")
                waiting.append((pod, tenant, end["document"]["runs"][0]["plan"][:12]))

        def some():
            while waiting:
                try:
                    pod, tenant, plan = waiting.pop()
                except IndexError:
                    return
                done = self.one(pod, tenant, "apply", plan)
                must(done.returncode == 0, f"{tenant} is approved: {done.stderr}")

        workers = [threading.Thread(target=some) for _ in range(SHARDS)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]

    def accept_moved(self, of):
        """Accepts the new lines that wait after a change of hosts, tenant by tenant."""
        accepted = 0
        for pod in range(of):
            for tenant, end in self.ends(self.command(pod, of, ["plan"])).items():
                lines = [line for run in end["document"]["runs"] for line in run["lines"] if line["reason"] == "host-changed"]
                for line in lines:
                    done = self.one(pod, tenant, "accept", line["handle"], "--to", "1")
                    must(done.returncode == 0, f"{tenant}: {line['handle']} is accepted: {done.stderr}")
                accepted += len(lines)
        return accepted

    def world(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.cw}/sim/world") as answer:
            additions = json.load(answer)["additions"]
        billed = {}
        for one in additions:
            billed.setdefault(one["agreement"] - 1_000_000, []).append((one["product"], float(one["quantity"])))
        return billed

    def writes(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.cw}/sim/writes") as answer:
            return json.load(answer)

    def forget(self):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.cw}/sim/reset-requests", data=b"", method="POST")).close()

    def requests(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.cw}/sim/requests") as answer:
            return len(json.load(answer))


def memory_of_fleet(stop, recount, peaks):
    """The largest sum of what the shards and their tenants' processes hold for themselves, and the largest of one tenant."""
    while not stop.wait(0.2):
        shards, tenants = 0, []
        for folder in pathlib.Path("/proc").iterdir():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
                if words[0] != recount.encode() or b"sim" in words[:2]:
                    continue
                own = sum(int(line.split()[1]) for line in (folder / "smaps_rollup").read_text().splitlines() if line.startswith("Private_"))
                tenants.append(own) if b"--of-fleet" in words else (shards := shards + own)
            except (OSError, IndexError):
                pass
        peaks["shards"] = max(peaks.get("shards", 0), shards)
        peaks["tenant"] = max([peaks.get("tenant", 0), *tenants])
        peaks["all"] = max(peaks.get("all", 0), shards + sum(tenants))


def measured(fleet, what, words):
    fleet.forget()
    before, at = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    moto, sim = cpu_of(fleet.moto.pid), cpu_of(fleet.sim.pid)
    stop, peaks = threading.Event(), {}
    watcher = threading.Thread(target=memory_of_fleet, args=(stop, fleet.recount, peaks))
    watcher.start()
    ended = fleet.night(words=words)
    took = time.time() - at
    stop.set()
    watcher.join()
    after, many = resource.getrusage(resource.RUSAGE_CHILDREN), len(fleet.tenants)
    bad = {tenant: end["exit_code"] for tenant, end in ended.items() if end["exit_code"] != 0}
    must(not bad, f"{what}: all nights done: {bad}")
    runs = [run for end in ended.values() for run in (end["document"] or {}).get("runs", [])]
    late = sum(line["reason"] == "not-reached" for run in runs for line in run["lines"])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = {"tenants": many, "night": what, "seconds": round(took, 1), "cpu_ms_a_tenant": round(cpu / many * 1000, 1),
               "lines_not_reached": late, "requests_a_tenant": round(fleet.requests() / many, 1), "shards_mib": round(peaks.get("shards", 0) / 1024, 1),
               "tenant_mib": round(peaks.get("tenant", 0) / 1024, 1), "all_mib": round(peaks.get("all", 0) / 1024, 1),
               "moto_ms_a_tenant": round((cpu_of(fleet.moto.pid) - moto) / many * 1000, 1),
               "sim_ms_a_tenant": round((cpu_of(fleet.sim.pid) - sim) / many * 1000, 1)}
    print(json.dumps(figures), flush=True)
    return figures


def grow(recount, sizes):
    cpu = {}
    for tenants in sizes:
        fleet = Fleet(recount, tenants)
        try:
            for pod in range(SHARDS):
                fleet.pod(pod)
            at = time.time()
            fleet.approve()
            print(f"{tenants} tenants approved in {time.time() - at:.0f} s", flush=True)
            fleet.export(lambda at: [("Filter", 7)])
            busy = measured(fleet, "a line of each agreement", ["run"])
            # On a host that is busy with other things a look may be too old before its write leaves: such a line waits a night.
            late = busy["lines_not_reached"]
            writes = sum(write["applied"] for write in fleet.writes())
            must(writes == tenants * AGREEMENTS - late, f"each line is written once: {writes}, {late} wait")
            wrong = {at: lines for at, lines in fleet.world().items() if lines != [("FILTER", 7.0)]}
            must(len(wrong) == late, f"every line is at its count: {len(wrong)} are not, {list(wrong.items())[:5]}")
            quiet = measured(fleet, "quiet", ["run"])
            measured(fleet, "status", ["status"])
            cpu[tenants] = (busy["cpu_ms_a_tenant"], quiet["cpu_ms_a_tenant"])
        finally:
            fleet.end()
    if len(cpu) > 1:
        first, last = cpu[min(cpu)], cpu[max(cpu)]
        for what, few, many in zip(("busy", "quiet"), first, last):
            print(f"{what}: CPU a tenant with {max(cpu)} is {many / few:.2f} of that with {min(cpu)}")
            must(many / few < 1.3, f"{what}: CPU a tenant does not grow with their number")


def kills(recount, rounds, tenants):
    fleet, chance = Fleet(recount, tenants), random.Random(17)
    shards, killed, held, moved = SHARDS, 0, 0, 0
    try:
        for pod in range(SHARDS + 1):
            fleet.pod(pod)
        fleet.approve()
        done = {tenant: 0 for tenant in fleet.tenants}
        for number in range(1, rounds + 1):
            if number == rounds // 3:
                shards += 1
            if number == 2 * rounds // 3:
                shards -= 1
            # Each third round one agreement more has a second line.
            archives = number // 3
            fleet.export(lambda at: [("Filter", 10 + number)] + ([("Archive", 1)] if at % AGREEMENTS < archives else []))
            fleet.forget()
            began = time.time()
            running = {pod: fleet.command(pod, shards, ["run"]) for pod in range(shards)}
            for pod in chance.sample(range(shards), chance.choice([1, 2])):
                # Anywhere in a night, which takes longer with more tenants.
                time.sleep(chance.uniform(0.05, max(1.0, tenants / 40)))
                if running[pod].poll() is None:
                    running[pod].send_signal(signal.SIGKILL)
                    running[pod].wait()
                    killed += 1
                    running[pod] = fleet.command(pod, shards, ["run"])
            night = {}
            for process in running.values():
                night.update(fleet.ends(process))
            until = time.time() + 150
            must(len(night) == tenants, f"round {number}: every tenant ran: {len(night)}")
            # A tenant that moved waits for its lease, one whose process outlived its shard for the lock, and on a host that is too busy
            # a lease runs out, a look grows too old or the store gives no answer in time (14): told, and done by the next run. New lines
            # wait a night.
            while (late := [name for name, end in night.items() if end["exit_code"] in (5, 14, 15)]) and time.time() < until:
                print(f"round {number}: again:", {name: night[name]["exit_code"] for name in late}, flush=True)
                time.sleep(1)
                moved += 1
                for pod in range(shards):
                    again = fleet.ends(fleet.command(pod, shards, ["run"]))
                    night.update({name: end for name, end in again.items() if name in late})
            bad = {name: end["exit_code"] for name, end in night.items() if end["exit_code"] not in (0, 3)}
            must(not bad, f"round {number}: all nights done: {bad}")
            wanted = [("FILTER", 10.0 + number)]
            for at, lines in fleet.world().items():
                rest = sorted(lines)
                must(rest.count(wanted[0]) == 1, f"round {number}: agreement {at} is at its count: {rest}")
                more = [line for line in rest if line != wanted[0]]
                must(len(more) <= 1 and len(rest) <= 2, f"round {number}: agreement {at} has nothing twice: {rest}")
                held += at % AGREEMENTS < archives and not more
            done_by = {}
            for write in fleet.writes():
                what = (write["method"], write["target"].split("?")[0], write["body"])
                done_by[what] = done_by.get(what, 0) + write["applied"]
            twice = {what: times for what, times in done_by.items() if times > 1}
            must(not twice, f"round {number}: each write once: {twice}")
            for name in night:
                done[name] += 1
            print(json.dumps({"round": number, "seconds": round(time.time() - began), "killed": killed, "runs_again": moved, "wrong": len(WRONG)}), flush=True)
        # What a move holds for a night, a day by the clock, a person lets pass: all rounds are on one day.
        accepted = fleet.accept_moved(shards)
        fleet.night(shards)
        final = fleet.world()
        lost = [at for at, lines in final.items() if len(lines) != (2 if at % AGREEMENTS < rounds // 3 else 1)]
        must(not lost, f"after all, each agreement has its lines: {lost}")
        fleet.forget()
        fleet.night(shards)
        must(not fleet.writes(), "and then there is nothing to write")
        must(set(done.values()) == {rounds}, "each tenant had each night")
        print(json.dumps({"rounds": rounds, "tenants": tenants, "agreements": tenants * AGREEMENTS, "killed": killed,
                          "runs_again": moved, "lines_held_a_night": held,
                          "lines_accepted_after_moves": accepted}))
    finally:
        fleet.end()


def main():
    words = sys.argv[1:]
    recount = words.pop(0) if words and os.sep in words[0] else str(ROOT / "target/release/recount")
    for part in words or ["grow:10,100,1000", "kills:50:40"]:
        name, *numbers = part.split(":")
        if name == "grow":
            grow(os.path.abspath(recount), [int(size) for size in numbers[0].split(",")])
        else:
            kills(os.path.abspath(recount), int(numbers[0]), int(numbers[1]))
    sys.exit(1 if WRONG else 0)


main()
