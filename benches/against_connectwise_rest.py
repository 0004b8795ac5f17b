#!/usr/bin/env python3
"""Nights on one simulated ConnectWise, beside connectwise-rest 1.3.0 and pyconnectwise 0.6.1.2: seconds, requests, CPU, memory.

    cargo build --release && python3 benches/against_connectwise_rest.py [target/release/recount] [AGREEMENTS] [PART ...]

Installs both libraries into a temporary folder (npm, pip). Parts, all of them if none is named:
    nights   300 agreements of 2 lines over TLS, 50 ms an answer, 8 requests in flight; 33 %, 5 % or none of the agreements change
             one line. recount reads plainly and in bundles. Times are ratios within one round; of three rounds the median counts.
    vendors  eight integrations on the same agreements, none of which changes anything: their requests beside those of one
    big      10,000 agreements, 100,000 lines, 2,000 writes, no latency and no pace: CPU and memory
    growth   the same with 1,000, 3,000 and 10,000 agreements: CPU an agreement
The libraries' nights list agreements and additions and send PATCHes of what is to change, and no more: they know no export,
keep no journal and look at nothing before they write. Ends with 1 and what is beyond its limit.
"""

import json
import os
import pathlib
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROUNDS, IN_FLIGHT, LATENCY = 3, 8, "50ms"
# Of the agreements so many in a hundred change; recount may take so many times what connectwise-rest takes, plainly and in
# bundles.
NIGHTS = {33: (1.1, 0.6), 5: (1.0, 0.35), 0: (1.05, 0.3)}
VENDORS, VENDORS_MOST = 8, 1.3
BIG_LINES, BIG_CPU, BIG_MEMORY, GROWTH = 10, 6.0, 200, 1.1
ENVIRONMENT = {**os.environ, "CW_PUBLIC": "pub", "CW_PRIVATE": "priv"}
CONFIG = """
state = "state"
[connectwise.main]
url = "URL"
company = "examplemsp"
client_id = "00000000-0000-0000-0000-000000000000"
public_key = { env = "CW_PUBLIC" }
private_key = { env = "CW_PRIVATE" }
codebase = "v4_6_release"
ca_file = "ca.pem"
max_in_flight = IN_FLIGHT
requests_per_minute = 100000
bundled_reads = "BUNDLES"
"""
INTEGRATION = """
[integration.NAME]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
default_agreement = { type = "Email" }
[integration.NAME.export]
path = "NAME.csv"
columns = { customer = "Account", service = "Product", count = "Quantity" }
[integration.NAME.services]
SERVICES
[integration.NAME.guards]
max_lines_changed = "100%"
max_units_up = "100%"
"""
STARTER = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss])
"""
REST = """
const [at, folder, wanted] = [process.argv[2], process.argv[3], process.argv[4]];
const { ManageAPI } = require(folder + '/node_modules/connectwise-rest');
const keys = { publicKey: 'pub', privateKey: 'priv', clientId: 'x' };
const cw = new ManageAPI({ companyId: 'examplemsp', companyUrl: at, ...keys, retry: false });
const finance = cw.FinanceAPI;
const changed = new Map(Object.entries(JSON.parse(require('fs').readFileSync(wanted))));
async function together(items, each) {
  const left = items.slice();
  const work = async () => { while (left.length > 0) await each(left.shift()); };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}
(async () => {
  const list = finance.getFinanceAgreements.bind(finance);
  const agreements = await cw.paginate(list, { pageSize: 1000 }, {});
  const writes = [];
  await together(agreements, async ({ id }) => {
    const lines = await finance.getFinanceAgreementsByParentIdAdditions(id, { pageSize: 1000 });
    for (const line of lines) if (changed.has(String(line.id))) writes.push([line.id, id]);
  });
  await together(writes, async ([line, agreement]) => {
    const patch = [{ op: 'replace', path: 'quantity', value: changed.get(String(line)) }];
    await finance.patchFinanceAgreementsByParentIdAdditionsById(line, agreement, patch);
  });
  if (writes.length !== changed.size) throw new Error(`${writes.length} of ${changed.size} written`);
})().catch(error => { console.error('connectwise-rest:', error.message); process.exit(1); });
"""
PY = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pyconnectwise import ConnectWiseManageAPIClient
at, wanted = sys.argv[1], sys.argv[2]
changed = {int(line): units for line, units in json.load(open(wanted)).items()}
client = ConnectWiseManageAPIClient("examplemsp", at, "x", "pub", "priv")
agreements = list(client.finance.agreements.paginated(1, 1000).all())
def lines(agreement):
    found = client.finance.agreements.id(agreement.id).additions.get(params={"pageSize": 1000})
    return [(agreement.id, line.id) for line in found if line.id in changed]
def write(place):
    agreement, line = place
    patch = [{"op": "replace", "path": "quantity", "value": changed[line]}]
    client.finance.agreements.id(agreement).additions.id(line).patch(patch)
with ThreadPoolExecutor(IN_FLIGHT) as pool:
    writes = [place for found in pool.map(lines, agreements) for place in found]
    list(pool.map(write, writes))
assert len(writes) == len(changed), f"{len(writes)} of {len(changed)} written"
"""


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    recount = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "target/release/recount").resolve()
    agreements = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    parts = sys.argv[3:] or ["nights", "vendors", "big", "growth"]
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        place = Place(pathlib.Path(name), recount)
        if "nights" in parts:
            place.install()
            for share, limits in NIGHTS.items():
                wrong += night(place, agreements, share, limits)
        wrong += vendors(place, agreements) if "vendors" in parts else []
        sizes = [1000, 3000, 10000] if "growth" in parts else [10000] if "big" in parts else []
        wrong += large(place, sizes)
    sys.exit("\n".join(wrong) or None)


def night(place, agreements, share, limits):
    """One kind of night, every way in turn, in rounds. Returns what is beyond its limit."""
    changed = {one for one in range(1, agreements + 1) if one * share // 100 != (one - 1) * share // 100}
    ways = {"plain": [], "bundles": [], "connectwise-rest": [], "pyconnectwise": []}
    place.world(agreements, 2)
    for _ in range(ROUNDS):
        ways["plain"].append(place.recounts_night(agreements, changed, "off"))
        ways["bundles"].append(place.recounts_night(agreements, changed, "auto"))
        ways["connectwise-rest"].append(place.peers_night(changed, ["node", "rest.cjs"], [place.folder / "node"]))
        ways["pyconnectwise"].append(place.peers_night(changed, [place.folder / "py/bin/python", "peer.py"], []))
    print(f"{share} % of {agreements} agreements change, {len(changed)} writes")
    wrong = []
    for (way, runs), most in zip(ways.items(), [*limits, None, None]):
        ratios = [run[0] / other[0] for run, other in zip(runs, ways["connectwise-rest"])]
        seconds, requests = (statistics.median(column) for column in zip(*(run[:2] for run in runs)))
        ratio = statistics.median(ratios)
        print(f"  {way:17} {seconds:6.2f} s {requests:5.0f} requests   {ratio:.2f} of connectwise-rest")
        if most is not None and ratio > most:
            wrong.append(f"{share} %, {way}: {ratio:.2f} times as long, {most} is the limit")
        reads = agreements if way == "plain" else agreements / 25
        if most is not None and requests > (allowed := 10 + reads + 2 * len(changed) + len(changed) / 25):
            wrong.append(f"{share} %, {way}: {requests:.0f} requests, {allowed:.0f} is the limit")
    return wrong


def vendors(place, agreements):
    """The requests of eight vendors beside those of one."""
    place.world(agreements, VENDORS)
    wrong = []
    for bundles in ["off", "auto"]:
        one, all_of_them = (place.recounts_night(agreements, set(), bundles, count)[1] for count in [1, VENDORS])
        print(f"{VENDORS} vendors, bundles {bundles}: {all_of_them} requests; one: {one}")
        if all_of_them > VENDORS_MOST * one:
            wrong.append(f"{VENDORS} vendors, bundles {bundles}: {all_of_them} requests, {VENDORS_MOST * one:.0f} is the limit")
    return wrong


def large(place, sizes):
    """CPU and memory of nights that wait for nothing."""
    wrong, used = [], {}
    for size in sizes:
        place.world(size, BIG_LINES)
        changed = set(range(1, size + 1, 5))
        for bundles in ["off", "auto"]:
            seconds, requests, cpu, memory = place.recounts_night(size, changed, bundles, 1, BIG_LINES, waits=False)
            used[size, bundles] = cpu / size
            told = f"{size} agreements of {BIG_LINES} lines, {len(changed)} writes, bundles {bundles}"
            print(f"{told}: {cpu:.2f} s CPU, {memory} MB, {seconds:.2f} s, {requests} requests")
            if size == 10000 and (cpu > BIG_CPU or memory > BIG_MEMORY):
                wrong.append(f"{told}: {cpu:.2f} s CPU and {memory} MB, {BIG_CPU} s and {BIG_MEMORY} MB are the limit")
    for (less, bundles), (more, _) in zip(used, list(used)[2:]):
        grown = used[more, bundles] / used[less, bundles]
        if grown > GROWTH:
            wrong.append(f"bundles {bundles}: an agreement of {more} costs {grown:.2f} times one of {less}")
    return wrong


class Place:
    """A folder with a world, an installation, and the libraries that it is compared with."""

    def __init__(self, folder, recount):
        self.folder, self.recount = folder, recount
        certificates(folder)

    def install(self):
        folder = self.folder
        words = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder / "node", "connectwise-rest@1.3.0"]
        subprocess.run(["npm", *words], check=True)
        subprocess.run([sys.executable, "-m", "venv", folder / "py"], check=True)
        subprocess.run([folder / "py/bin/pip", "install", "-q", "--disable-pip-version-check", "pyconnectwise==0.6.1.2"], check=True)
        (folder / "rest.cjs").write_text(REST.replace("IN_FLIGHT", str(IN_FLIGHT)))
        (folder / "peer.py").write_text(PY.replace("IN_FLIGHT", str(IN_FLIGHT)))

    def world(self, agreements, lines):
        """So many agreements of so many lines of 30 units each."""
        ids = range(1, agreements + 1)
        line = lambda one, product: {"id": 1_000_000 * (product + 1) + one, "agreement": one, "product": f"P{product}", "quantity": 30}
        world = {
            "company": "examplemsp",
            "today": time.strftime("%Y-%m-%d", time.gmtime()),
            "companies": [{"id": one, "name": f"C{one}"} for one in ids],
            "agreements": [{"id": one, "company": one, "type": "Email"} for one in ids],
            "catalog": [{"id": 500 + product, "identifier": f"P{product}"} for product in range(lines)],
            "additions": [line(one, product) for product in range(lines) for one in ids],
        }
        (self.folder / "world.json").write_text(json.dumps(world))
        rows = "".join(f"C{one},{one},,\n" for one in ids)
        (self.folder / "customers.csv").write_text("customer,company_id,agreement_id,note\n" + rows)

    def recounts_night(self, agreements, changed, bundles, count=1, lines=2, waits=True):
        """Seconds, requests, CPU seconds and megabytes of a night that changes these agreements' first lines."""
        subprocess.run(["rm", "-rf", self.folder / "state"], check=True)
        names = {f"vendor{number}": [number] if count > 1 else range(lines) for number in range(count)}
        with Sim(self, waits) as sim:
            text = CONFIG.replace("URL", sim.url).replace("BUNDLES", bundles).replace("IN_FLIGHT", str(IN_FLIGHT))
            for name, products in names.items():
                services = "\n".join(f'"S{product}" = {{ product = "P{product}" }}' for product in products)
                text += INTEGRATION.replace("NAME", name).replace("SERVICES", services)
            (self.folder / "recount.toml").write_text(text)
            for name, products in names.items():
                self.export(name, products, agreements, set(), 7200)
                planned = self.run("plan", name, "--json")
                applied = self.run("apply", json.loads(planned.stdout)["runs"][0]["plan"])
                assert applied.returncode == 0, applied.stdout + applied.stderr
                self.export(name, products, agreements, changed, 3600)
            before = sim.requests()
            seconds, cpu, memory = self.measured("run")
            return seconds, sim.requests() - before, cpu, memory

    def run(self, *words):
        return subprocess.run([self.recount, *words], cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)

    def measured(self, *words):
        """Seconds, CPU seconds and megabytes of a command that has to succeed."""
        # From a small process: Linux counts the memory of whoever starts a program as memory that the program had.
        starter = [sys.executable, "-S", "-c", STARTER, self.recount, *words]
        began = time.perf_counter()
        ended = subprocess.run(starter, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        code, cpu, kilobytes = json.loads(ended.stdout)
        assert code == 0, f"recount {words} ended with {code}"
        return seconds, cpu, kilobytes // 1024

    def export(self, name, products, agreements, changed, age):
        first = min(products)
        units = lambda one, product: 31 if product == first and one in changed else 30
        rows = [f"C{one},S{product},{units(one, product)}" for one in range(1, agreements + 1) for product in products]
        path = self.folder / f"{name}.csv"
        path.write_text("\n".join(["Account,Product,Quantity", *rows]) + "\n")
        os.utime(path, (time.time() - age, time.time() - age))

    def peers_night(self, changed, command, more):
        (self.folder / "wanted.json").write_text(json.dumps({1_000_000 + one: 31 for one in changed}))
        authority = str(self.folder / "ca.pem")
        environment = {**ENVIRONMENT, "NODE_EXTRA_CA_CERTS": authority, "REQUESTS_CA_BUNDLE": authority}
        with Sim(self) as sim:
            words = [*command, sim.url.replace("https://127.0.0.1", "localhost"), *more, "wanted.json"]
            began = time.perf_counter()
            subprocess.run(words, cwd=self.folder, env=environment, check=True)
            return time.perf_counter() - began, sim.requests()


class Sim:
    """A simulated ConnectWise in a process of its own: over TLS and slow, or at once."""

    def __init__(self, place, waits=True):
        words = ["sim", "--port", "0", "--world", "world.json"]
        if waits:
            words += ["--latency", LATENCY, "--tls-cert", "crt.pem", "--tls-key", "key.pem"]
        self.folder = place.folder
        self.process = subprocess.Popen([place.recount, *words], cwd=place.folder, stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"https?://[^\s/]+", self.process.stdout.readline()).group(0)

    def requests(self):
        """How many it was sent so far."""
        trusted = ssl.create_default_context(cafile=self.folder / "ca.pem") if self.url.startswith("https") else None
        with urllib.request.urlopen(f"{self.url}/sim/requests", timeout=60, context=trusted) as answer:
            return len(json.loads(answer.read()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def certificates(folder):
    """An authority, and a server's certificate of it."""
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for words in [
        f"req -x509 {key} -days 2 -keyout ca.key -out ca.pem -subj /CN=measuring",
        f"req {key} -keyout key.pem -out csr.pem -subj /CN=localhost",
        "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out crt.pem -extfile names",
    ]:
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
