#!/usr/bin/env python3
"""Kills the real program everywhere, and fails its system calls, and then lets it run in peace.

A run with two updates and one creation against `recount sim`. After every injury two clean runs follow: the first must
reach the goal, the second must write nothing, and the simulator's own ledger must never hold a second creation.

    tests/proof/kill.py            the whole: every request, every system call, every error; prints counts
    tests/proof/kill.py --short    some points of each kind, for .ci/run
    tests/proof/kill.py requests kills recovery errors full-disk     only some parts

Needs strace (Debian: apt-get install strace) and target/debug/recount (cargo build). Linux only.
"""

import collections
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "recount"
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
WORKERS = os.cpu_count() or 1
ENVIRONMENT = {"PATH": os.environ["PATH"], "CW_PUBLIC": "pub", "CW_PRIVATE": "priv"}

CONFIG = """
state = "state"
[connectwise.main]
url = "URL"
company = "examplemsp"
client_id = "00000000-0000-0000-0000-000000000000"
public_key = { env = "CW_PUBLIC" }
private_key = { env = "CW_PRIVATE" }
codebase = "v4_6_release"
requests_per_minute = 100000
max_in_flight = 8
retry_pause_max = "1s"
settle = "0s"
[integration.mail]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
default_agreement = { type = "Email" }
create_lines = true
[integration.mail.export]
path = "export.csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }
[integration.mail.services]
"Filter" = { product = "FILTER" }
"Archive" = { product = "ARCHIVE" }
"""
# Customers of whom nothing changes: enough that additions are read in bundles.
QUIET = range(101, 117)
CUSTOMERS = "customer,company_id,agreement_id,note\nAcme,1,,\nBorealis,2,,\n" + "".join(f"Q{id},{id},,\n" for id in QUIET)
COUNTS = "Account,Product,Quantity\nAcme,Filter,{}\nAcme,Archive,{}\nBorealis,Filter,{}\nBorealis,Archive,{}\n"
COUNTS += "".join(f"Q{id},Filter,2\n" for id in QUIET)
FIRST = COUNTS.format(4, 6, 9, 0)
WANTED = {(10, "FILTER"): 5, (10, "ARCHIVE"): 7, (20, "FILTER"): 9, (20, "ARCHIVE"): 3, **{(id, "FILTER"): 2 for id in QUIET}}
SECOND = COUNTS.format(5, 7, 9, 3)


def world(filter_now):
    return {
        "company": "examplemsp",
        "today": time.strftime("%Y-%m-%d", time.gmtime()),
        "companies": [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Borealis"}, *({"id": id, "name": f"Q{id}"} for id in QUIET)],
        "agreements": [
            {"id": 10, "company": 1, "type": "Email"},
            {"id": 20, "company": 2, "type": "Email"},
            *({"id": id, "company": id, "type": "Email"} for id in QUIET),
        ],
        "catalog": [{"id": 500, "identifier": "FILTER"}, {"id": 501, "identifier": "ARCHIVE"}],
        "additions": [
            {"id": 100, "agreement": 10, "product": "FILTER", "quantity": filter_now},
            {"id": 101, "agreement": 10, "product": "ARCHIVE", "quantity": 6},
            {"id": 102, "agreement": 20, "product": "FILTER", "quantity": 9},
            *({"id": 1000 + id, "agreement": id, "product": "FILTER", "quantity": 2} for id in QUIET),
        ],
    }


class Sim:
    """A simulated ConnectWise in a process of its own."""

    def __init__(self, folder, filter_now=4):
        (folder / "world.json").write_text(json.dumps(world(filter_now)))
        command = [BINARY, "sim", "--port", "0", "--world", folder / "world.json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stdout.readline()).group(0)

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/sim/{path}", data=data), timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def install(folder, url, export):
    (folder / "recount.toml").write_text(CONFIG.replace("URL", url))
    (folder / "customers.csv").write_text(CUSTOMERS)
    (folder / "export.csv").write_text(export)
    an_hour_ago = time.time() - 3600
    os.utime(folder / "export.csv", (an_hour_ago, an_hour_ago))


def recount(folder, *words, under=()):
    command = [*under, BINARY, *words, "--config", folder / "recount.toml"]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def template(folder):
    """A state in which a person has approved a first plan, so that nightly runs go on by themselves."""
    with Sim(folder, filter_now=3) as sim:
        install(folder, sim.url, FIRST)
        plan = json.loads(recount(folder, "plan", "--json").stdout)
        applied = recount(folder, "apply", plan["runs"][0]["plan"])
        assert applied.returncode == 0, applied.stdout + applied.stderr
    return folder / "state"


def judge(folder, sim, what):
    """Two clean runs. Returns what is wrong, or None."""
    sim.ask("faults", [])
    first = recount(folder, "run")
    before = len(sim.ask("writes"))
    second = recount(folder, "run")
    writes = sim.ask("writes")
    said = f"{what}\n{first.stdout}{first.stderr}\n{second.stdout}{second.stderr}\n{writes}"
    created = sum(write["applied"] for write in writes if write["method"] == "POST")
    if created != 1:
        return f"{created} creations: {said}"
    held = {}
    for addition in sim.ask("world")["additions"]:
        held.setdefault((addition["agreement"], addition["product"]), []).append(addition["quantity"])
    if held != {line: [quantity] for line, quantity in WANTED.items()}:
        return f"ConnectWise holds {held}: {said}"
    if len(writes) != before or second.returncode != 0:
        return f"the second clean run is not silent (exit {second.returncode}): {said}"
    return None


class Proof:
    """One part of the proof, with its points."""

    def __init__(self, base, state):
        self.base, self.state = base, state

    def night(self, name, injure, mounted=None):
        """A fresh copy of the state, an injured run, and the verdict."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=mounted or self.base))
        try:
            with Sim(folder) as sim:
                install(folder, sim.url, SECOND)
                shutil.copytree(self.state, folder / "state")
                os.chmod(folder / "state", 0o700)
                injure(folder, sim)
                return judge(folder, sim, name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def trace(self, prepare=lambda folder, sim: None):
        """How often each system call is made: strace counts per thread, so the largest of them."""
        counts = collections.Counter()

        def clean(folder, sim):
            prepare(folder, sim)
            recount(folder, "run", under=("strace", "-f", "-qq", "-o", folder / "trace"))
            per_thread = collections.Counter()
            for line in (folder / "trace").read_text(errors="replace").splitlines():
                if call := re.match(r"(\d+)\s+([a-z_0-9]+)\(", line):
                    per_thread[call.groups()] += 1
            for (_, name), count in per_thread.items():
                counts[name] = max(counts[name], count)

        assert (wrong := self.night("no injury", clean)) is None, wrong
        return counts

    def requests(self):
        """SIGKILL while each request waits: before it was carried out, and after."""
        with_sim = []

        def count(folder, sim):
            recount(folder, "run")
            with_sim.append(len(sim.ask("requests")))

        assert (wrong := self.night("no injury", count)) is None, wrong
        for index, applied in itertools.product(range(1, with_sim[0] + 1), (False, True)):
            yield f"killed at request {index}, applied: {applied}", lambda f, s, i=index, a=applied: kill_at(f, s, i, a)

    def kills(self):
        """SIGKILL at every occurrence of every system call."""
        for name, count in sorted(self.trace().items()):
            for k in range(1, count + 1):
                yield f"killed at {name} {k}", strace(f"{name}:signal=KILL:when={k}")

    def recovery(self):
        """The same for the run that finds a creation without an outcome."""
        creation = lambda folder, sim: kill_at_creation(folder, sim)
        for name, count in sorted(self.trace(creation).items()):
            for k in range(1, count + 1):
                kill = strace(f"{name}:signal=KILL:when={k}")
                yield f"recovery killed at {name} {k}", lambda f, s, kill=kill: (creation(f, s), kill(f, s))

    def errors(self):
        """Every occurrence of the calls that touch disk and network fails once."""
        counts = self.trace()
        disk = ["write", "pwrite64", "fsync", "fdatasync", "openat", "ftruncate", "mkdir", "rename", "unlink"]
        network = ["socket", "connect", "sendto", "recvfrom", "read", "writev", "write", "sendmsg", "recvmsg"]
        table = [(error, disk) for error in ("ENOSPC", "EIO", "EROFS")] + [("ECONNRESET", network)]
        for error, names in table:
            for name in names:
                for k in range(1, counts[name] + 1):
                    yield f"{error} at {name} {k}", strace(f"{name}:error={error}:when={k}")


def strace(inject):
    name = inject.split(":")[0]
    under = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={inject}")
    return lambda folder, sim: recount(folder, "run", under=under)


def kill_at(folder, sim, index, applied):
    sim.ask("faults", [{"when": {"request_index": index}, "then": {"connection": "hold", "applied": applied}}])
    kill_when(folder, lambda: len(sim.ask("requests")) >= index)
    sim.ask("faults", [])


def kill_at_creation(folder, sim):
    sim.ask("faults", [{"when": {"method": "POST", "path": "/additions"}, "then": {"connection": "hold", "applied": True}}])
    kill_when(folder, lambda: any(write["method"] == "POST" and write["applied"] for write in sim.ask("writes")))
    sim.ask("faults", [])


def kill_when(folder, reached):
    command = [BINARY, "run", "--config", folder / "recount.toml"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not reached():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def carry_out(part, proof, points, every):
    """Runs the points of one part; every so-manieth in the short form."""
    points = list(points)[::every]
    began, wrong = time.time(), []
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for verdict in pool.map(lambda point: proof.night(*point), points):
            wrong += [verdict] if verdict else []
    print(f"{part}: {len(points)} points, {len(wrong)} wrong, {time.time() - began:.0f} s", flush=True)
    for verdict in wrong[:3]:
        print(verdict, file=sys.stderr)
    return len(points), len(wrong)


def full_disk(proof, sizes):
    """The state lies on a file system that is too small; then it grows. Needs mount: root, or `unshare -Urm`."""
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode != 0:
        print("full-disk: skipped, mount namespaces are not allowed here")
        return 0, 0
    # A file system in memory gives whole pages, and takes one for each folder.
    used = sum(-(-path.stat().st_size // 4096) * 4 + 4 for path in proof.state.rglob("*")) + 4
    wrong = 0
    for more in sizes:
        size = used + more
        inside = [sys.executable, __file__, "--inside", str(size), str(proof.state), str(proof.base)]
        done = subprocess.run(["unshare", "-Urm", *inside], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            wrong += 1
            print(f"a disk with {more} KiB left: {done.stdout}{done.stderr}", file=sys.stderr)
    print(f"full-disk: {len(sizes)} points, {wrong} wrong", flush=True)
    return len(sizes), wrong


def inside_namespace(size, state, base):
    """One point of full_disk, in a mount namespace of its own."""
    proof = Proof(pathlib.Path(base), pathlib.Path(state))

    def injure(folder, sim):
        kept = folder / "kept"
        shutil.move(folder / "state", kept)
        (folder / "state").mkdir(mode=0o700)
        tmpfs = ["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=0700", "tmpfs", folder / "state"]
        subprocess.run(tmpfs, check=True)
        shutil.copytree(kept, folder / "state", dirs_exist_ok=True)
        recount(folder, "run")
        subprocess.run(["mount", "-o", "remount,size=64m", folder / "state"], check=True)

    wrong = proof.night(f"a disk of {size} KiB", injure)
    if wrong:
        sys.exit(wrong)


def main(words):
    if words[:1] == ["--inside"]:
        return inside_namespace(*words[1:])
    short = "--short" in words
    parts = [word for word in words if word != "--short"] or ["requests", "kills", "recovery", "errors", "full-disk"]
    if not BINARY.exists() or not shutil.which("strace"):
        sys.exit("needs target/debug/recount (cargo build) and strace (apt-get install strace)")
    total = wrong = 0
    with tempfile.TemporaryDirectory(prefix="recount-proof-", dir=FAST) as folder:
        base = pathlib.Path(folder)
        (base / "template").mkdir()
        proof = Proof(base, template(base / "template"))
        for part in parts:
            if part == "full-disk":
                done = full_disk(proof, [0, 40] if short else [0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256])
            else:
                every = {"requests": 3, "kills": 11, "recovery": 17, "errors": 9}[part] if short else 1
                done = carry_out(part, proof, getattr(proof, part)(), every)
            total, wrong = total + done[0], wrong + done[1]
    print(f"{total} points: {total - wrong} converge without a second creation, {wrong} do not")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
