#!/usr/bin/env python3
"""A night on one simulated ConnectWise, beside connectwise-rest 1.3.0: seconds and requests, three runs each, the median.

    cargo build --release && python3 benches/against_connectwise_rest.py [target/release/recount] [AGREEMENTS]

Installs connectwise-rest with npm into a temporary folder. 300 agreements of 2 lines each over TLS, 50 ms an answer, 8
requests in flight. The other one lists agreements and additions and sends PATCHes of what is to change, and no more: it
knows no export, keeps no journal and looks at nothing before it writes. Fails where recount takes longer than the limits
below, or more requests than 10 + N + 2 W + W/25.
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

RUNS, IN_FLIGHT, LATENCY = 3, 8, "50ms"
# Of the lines, so many in a hundred change; recount may take so many times what the other one takes.
NIGHTS = {33: 1.1, 5: 1.0, 0: 1.05}
ENVIRONMENT = {**os.environ, "CW_PUBLIC": "pub", "CW_PRIVATE": "priv"}
CONFIG = f"""
state = "state"
[connectwise.main]
url = "URL"
company = "examplemsp"
client_id = "00000000-0000-0000-0000-000000000000"
public_key = {{ env = "CW_PUBLIC" }}
private_key = {{ env = "CW_PRIVATE" }}
codebase = "v4_6_release"
ca_file = "ca.pem"
max_in_flight = {IN_FLIGHT}
requests_per_minute = 100000
[integration.mail]
connectwise = "main"
mode = "apply"
customers = "customers.csv"
default_agreement = {{ type = "Email" }}
[integration.mail.export]
path = "export.csv"
columns = {{ customer = "Account", service = "Product", count = "Quantity" }}
[integration.mail.services]
"Filter" = {{ product = "FILTER" }}
"Archive" = {{ product = "ARCHIVE" }}
[integration.mail.guards]
max_lines_changed = "100%"
max_units_up = "100%"
"""
PEER = """
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


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    recount = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here / "target/release/recount").resolve()
    agreements = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        install(folder, agreements)
        wrong = [line for share, limit in NIGHTS.items() for line in compared(folder, recount, agreements, share, limit)]
    sys.exit("\n".join(wrong) or None)


def install(folder, agreements):
    words = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder / "node", "connectwise-rest@1.3.0"]
    subprocess.run(["npm", *words], check=True)
    certificates(folder)
    ids = range(1, agreements + 1)
    line = lambda id, product, agreement: {"id": id, "agreement": agreement, "product": product, "quantity": 30}
    world = {
        "company": "examplemsp",
        "today": time.strftime("%Y-%m-%d", time.gmtime()),
        "companies": [{"id": id, "name": f"C{id}"} for id in ids],
        "agreements": [{"id": id, "company": id, "type": "Email"} for id in ids],
        "catalog": [{"id": 500, "identifier": "FILTER"}, {"id": 501, "identifier": "ARCHIVE"}],
        "additions": [line(10_000 + id, "FILTER", id) for id in ids] + [line(20_000 + id, "ARCHIVE", id) for id in ids],
    }
    (folder / "world.json").write_text(json.dumps(world))
    (folder / "peer.cjs").write_text(PEER.replace("IN_FLIGHT", str(IN_FLIGHT)))
    (folder / "customers.csv").write_text("customer,company_id,agreement_id,note\n" + "".join(f"C{id},{id},,\n" for id in ids))


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


def compared(folder, recount, agreements, share, limit):
    """One night, both ways in turn. Returns what is beyond its limit."""
    changes = [number for number in range(2 * agreements) if number * share // 100 != (number + 1) * share // 100]
    both = {"recount": [], "connectwise-rest": []}
    for _ in range(RUNS):
        both["recount"].append(by_recount(folder, recount, agreements, changes))
        both["connectwise-rest"].append(by_peer(folder, recount, agreements, changes))
    told = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in both.items()}
    (own, requests), (other, others) = told["recount"], told["connectwise-rest"]
    ratio, most = own / other, 10 + agreements + 2 * len(changes) + len(changes) / 25
    print(f"{share:2} % change: {own:.2f} s and {requests:.0f} requests; connectwise-rest {other:.2f} s and {others:.0f}; {ratio:.2f}")
    wrong = [f"{share} %: {ratio:.2f} times as long, {limit} is the limit"] if ratio > limit else []
    return wrong + ([f"{share} %: {requests:.0f} requests, {most:.0f} is the limit"] if requests > most else [])


def export(folder, agreements, changes):
    rows = ["Account,Product,Quantity"]
    for number in range(2 * agreements):
        agreement, product = divmod(number, 2)
        rows.append(f"C{agreement + 1},{'Filter' if product == 0 else 'Archive'},{31 if number in changes else 30}")
    (folder / "export.csv").write_text("\n".join(rows) + "\n")
    hour_ago = time.time() - 3600 + len(changes)
    os.utime(folder / "export.csv", (hour_ago, hour_ago))


def by_recount(folder, recount, agreements, changes):
    changes = set(changes)
    subprocess.run(["rm", "-rf", folder / "state"], check=True)
    with Sim(folder, recount) as sim:
        (folder / "recount.toml").write_text(CONFIG.replace("URL", sim.url))
        run = lambda *words: subprocess.run([recount, *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
        export(folder, agreements, set())
        planned = run("plan", "--json")
        plan = json.loads(planned.stdout)["runs"][0]["plan"]
        assert plan is not None, planned.stdout + planned.stderr
        applied = run("apply", plan)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        export(folder, agreements, changes)
        before, began = sim.requests(), time.perf_counter()
        said = run("run")
        took = time.perf_counter() - began
        assert said.returncode == 0, said.stdout + said.stderr
        return took, sim.requests() - before


def by_peer(folder, recount, agreements, changes):
    line = lambda number: (10_000 if number % 2 == 0 else 20_000) + number // 2 + 1
    (folder / "wanted.json").write_text(json.dumps({line(number): 31 for number in changes}))
    with Sim(folder, recount) as sim:
        command = ["node", "peer.cjs", sim.url.replace("https://127.0.0.1", "localhost"), folder / "node", "wanted.json"]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env={**ENVIRONMENT, "NODE_EXTRA_CA_CERTS": str(folder / "ca.pem")}, check=True)
        return time.perf_counter() - began, sim.requests()


class Sim:
    """A simulated ConnectWise in a process of its own, over TLS."""

    def __init__(self, folder, recount):
        words = ["sim", "--port", "0", "--world", "world.json", "--latency", LATENCY]
        tls = ["--tls-cert", "crt.pem", "--tls-key", "key.pem"]
        self.folder = folder
        self.process = subprocess.Popen([recount, *words, *tls], cwd=folder, stdout=subprocess.PIPE, text=True)
        self.url = re.search(r"https://[^\s/]+", self.process.stdout.readline()).group(0)

    def requests(self):
        """How many it was sent so far."""
        trusted = ssl.create_default_context(cafile=self.folder / "ca.pem")
        with urllib.request.urlopen(f"{self.url}/sim/requests", timeout=30, context=trusted) as answer:
            return len(json.loads(answer.read()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    main()
