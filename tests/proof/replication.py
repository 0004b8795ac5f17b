#!/usr/bin/env python3
"""Two hosts share an S3 server (moto): one writes, the other stands by, and takes over when the first one is gone.

    pip install 'moto[server,s3]'
    cargo build && tests/proof/replication.py

The first host is killed in the middle of a night; the second one waits for the lease to run out, restores the newest copy
and goes on. 16 hosts that want a free lease at once: one gets it.
"""
import json, os, pathlib, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECOUNT = os.environ.get("RECOUNT", str(ROOT / "target/debug/recount"))
WORLD = (ROOT / "tests/support/world.json").read_text()
ENDED = []


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(words, at, **more):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    ENDED.append(process)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", at), 0.1).close()
            return process
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{words[0]} does not listen")


def host(folder, name, s3, cw, bucket):
    (folder / "keys").mkdir(exist_ok=True)
    for key, text in [("public", "pub"), ("private", "priv"), ("s3", "secret")]:
        (folder / "keys" / key).write_text(text + "\n")
        (folder / "keys" / key).chmod(0o600)
    (folder / "customers.csv").write_text("customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,20,\n")
    config = (ROOT / "tests/support/recount.toml").read_text()
    config = config.replace("URL", f"http://127.0.0.1:{cw}").replace("CLIENT_ID", "0ca9a12e-5eed-4b1d-8f00-0c0ffee0cafe")
    config = config.replace('state = "state"', f'state = "state-{name}"\nreplicate = "s3://{bucket}/recount"')
    keys = f'endpoint = "http://127.0.0.1:{s3}", access_key = "AKID", secret_key = {{ file = "keys/s3" }}'
    (folder / f"{name}.toml").write_text(config + f'\n[replication]\nlease = "60s"\nauth = {{ s3 = {{ {keys} }} }}\n')


def recount(folder, name, *words):
    done = subprocess.run([RECOUNT, *words, "--config", f"{name}.toml"], cwd=folder, capture_output=True, text=True)
    assert "secret" not in done.stdout + done.stderr, "a secret is shown"
    return done


def bucket(s3, name):
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{s3}/{name}", method="PUT")).close()


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    moto = shutil.which("moto_server") or sys.exit("moto_server is not there")
    s3, cw = port(), port()
    start([moto, "-p", str(s3)], s3)
    (folder / "world.json").write_text(WORLD)
    start([RECOUNT, "sim", "--port", str(cw), "--world", "world.json"], cw, cwd=folder)
    bucket(s3, "bucket")
    exports = folder / "exports"
    exports.mkdir()

    def export(number, text):
        (exports / f"mail-{number}.csv").write_text("Account,Product,Quantity\n" + text)
        at = time.time() - 7200 + number * 60
        os.utime(exports / f"mail-{number}.csv", (at, at))

    for name in "ab":
        host(folder, name, s3, cw, "bucket")
    export(1, "Acme,CloudFilter,3\nBorealis,CloudFilter,5\n")
    plan = json.loads(recount(folder, "a", "plan", "--json").stdout)["runs"][0]["plan"]
    assert recount(folder, "a", "apply", plan[:8]).returncode == 0
    check = recount(folder, "a", "check").stdout
    assert "conditional writes hold" in check and "holds it" in check, check
    export(2, "Acme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n")
    stands = recount(folder, "b", "run")
    assert stands.returncode == 15 and "stands by" in stands.stderr, stands
    print("the second host stands by:", stands.stderr.splitlines()[0])

    first = subprocess.Popen([RECOUNT, "run", "--config", "a.toml"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(float(os.environ.get("KILL_AFTER", "0.15")))
    first.send_signal(signal.SIGKILL)
    first.wait()
    began = time.time()
    while (done := recount(folder, "b", "run", "--json")).returncode == 15:
        time.sleep(1)
    run = json.loads(done.stdout)["runs"][0]
    print(f"it takes over after {time.time() - began:.0f} s, exit {done.returncode}:",
          {line["product"] + "@" + str(line["agreement_id"]): line["outcome"] for line in run["lines"]})
    for line in run["lines"]:
        if line["reason"] == "host-changed":
            assert recount(folder, "b", "accept", line["handle"], "--to", "2").returncode == 0
            assert recount(folder, "b", "run").returncode == 0
    last = json.loads(recount(folder, "b", "run", "--json").stdout)["runs"][0]
    billed = sorted((line["agreement_id"], line["product"], line["now"]) for line in last["lines"])
    assert billed == [(10, "MP-ARCHIVE", 2), (10, "MP-CLOUDFILTER", 7), (20, "MP-CLOUDFILTER", 6)], billed
    assert last["totals"]["changed"] == 0
    assert recount(folder, "a", "run").returncode == 15, "the first host comes back and stands by"
    print("nothing twice, nothing lost; the first host comes back and stands by")

    bucket(s3, "free")
    for number in range(16):
        host(folder, f"h{number}", s3, cw, "free")
    racing = [subprocess.Popen([RECOUNT, "plan", "-q", "--config", f"h{number}.toml"], cwd=folder,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for number in range(16)]
    codes = sorted(one.wait() for one in racing)
    assert codes.count(15) == 15, codes
    print("16 hosts want a free lease at once: one gets it")


try:
    main()
finally:
    for process in ENDED:
        process.kill()
