#!/usr/bin/env python3
"""recount reads exports from real servers: moto (S3), azurite (Azure Blob Storage), OpenSSH (SFTP).

    pip install 'moto[server,s3]' ; npm install azurite@3.35.0 ; apt-get install openssh-server
    cargo build && tests/proof/places.py            # as root: sshd needs it
    AZURITE=path/to/azurite-blob tests/proof/places.py s3 azure sftp

Of each: the newest of several files is read, its counts are right, a wrong key is refused, and no secret is shown.
"""
import base64, datetime, hashlib, hmac, json, os, pathlib, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECOUNT = os.environ.get("RECOUNT", str(ROOT / "target/debug/recount"))
OLD = "Account,Product,Quantity\nAcme,CloudFilter,3\n"
NEW = "Account,Product,Quantity\nAcme,CloudFilter,7\nBorealis,CloudFilter,6\n"
AZURE_ACCOUNT = "devstoreaccount1"
# The emulator's documented development key: no secret.
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ENDED = []


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(words, at, **more):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **more)
    ENDED.append(process)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", at), 0.1).close()
            return process
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{words[0]} does not listen")


def read(folder, source, secret):
    (folder / "keys").mkdir(exist_ok=True)
    key = folder / "keys/place"
    key.write_text(secret)
    key.chmod(0o600)
    (folder / "customers.csv").write_text("customer,company_id,agreement_id,note\n")
    for name in ["public", "private"]:
        (folder / "keys" / name).write_text("k\n")
        (folder / "keys" / name).chmod(0o600)
    (folder / "recount.toml").write_text(f"""state = "state"
[connectwise.main]
url = "http://127.0.0.1:1"
company = "examplemsp"
client_id = "0ca9a12e-5eed-4b1d-8f00-0c0ffee0cafe"
public_key = {{ file = "keys/public" }}
private_key = {{ file = "keys/private" }}
[integration.mail]
connectwise = "main"
customers = "customers.csv"
[integration.mail.export]
{source}
columns = {{ customer = "Account", service = "Product", count = "Quantity" }}
""")
    done = subprocess.run([RECOUNT, "read", "mail", "--json", "-vv"], cwd=folder, capture_output=True, text=True)
    for line in secret.strip().splitlines():
        assert line not in done.stdout + done.stderr, "a secret is shown"
    return done


def check(what, folder, source, good, bad):
    done = read(folder, source, good)
    assert done.returncode == 0, (what, done.stdout, done.stderr)
    counts = json.loads(done.stdout)["customers"]
    assert counts == {"Acme": {"CloudFilter": 7}, "Borealis": {"CloudFilter": 6}}, (what, counts)
    for wrong in bad:
        text, secret = wrong if isinstance(wrong, tuple) else (source, wrong)
        done = read(folder, text, secret)
        assert done.returncode == 11, (what, done.returncode, done.stdout, done.stderr)
    print(f"{what}: the newest file is read, {len(bad)} wrong keys are refused")


def s3(folder):
    at = port()
    start(["moto_server", "-p", str(at)], at)

    def put(path, text=""):
        url = f"http://127.0.0.1:{at}/{path}"
        urllib.request.urlopen(urllib.request.Request(url, text.encode(), {"Content-Type": "text/csv"}, method="PUT")).read()

    put("bucket")
    put("bucket/exports/mail-2.csv", OLD)
    put("bucket/exports/notes.txt", "x")
    time.sleep(1.1)  # dates are whole seconds
    put("bucket/exports/mail-1.csv", NEW)
    source = 'path = "s3://bucket/exports/mail-*.csv"\n' + f'auth = {{ s3 = {{ endpoint = "http://127.0.0.1:{at}", access_key = "id", secret_key = {{ file = "keys/place" }} }} }}'
    # moto checks no key, so what is refused is a bucket that is not there.
    check("moto", folder, source, "hunter2-s3", [(source.replace("//bucket", "//other"), "hunter2-s3")])


def azure(folder):
    at = port()
    azurite = os.environ.get("AZURITE", "azurite-blob")
    flags = ["--blobPort", str(at), "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    start([shutil.which(azurite) or azurite, *flags], at)

    def put(path, query="", text=""):
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
        kind = "" if query else "x-ms-blob-type:BlockBlob\n"
        head = f"{kind}x-ms-date:{date}\nx-ms-version:2021-12-02\n"
        length = str(len(text)) if text else ""
        resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{path}" + ("\nrestype:container" if query else "")
        signed = f"PUT\n\n\n{length}\n\n{'text/csv' if text else ''}\n\n\n\n\n\n\n{head}{resource}"
        sign = base64.b64encode(hmac.new(base64.b64decode(AZURE_KEY), signed.encode(), hashlib.sha256).digest()).decode()
        headers = dict(line.split(":", 1) for line in head.splitlines())
        headers |= {"Authorization": f"SharedKey {AZURE_ACCOUNT}:{sign}", "Content-Length": str(len(text))}
        headers |= {"Content-Type": "text/csv"} if text else {}
        url = f"http://127.0.0.1:{at}/{AZURE_ACCOUNT}/{path}{query}"
        urllib.request.urlopen(urllib.request.Request(url, text.encode() or None, headers, method="PUT")).read()

    put("bucket", "?restype=container")
    put("bucket/exports/mail-2.csv", text=OLD)
    time.sleep(1.1)
    put("bucket/exports/mail-1.csv", text=NEW)
    source = 'path = "az://bucket/exports/mail-*.csv"\n' + f'auth = {{ azure = {{ account = "{AZURE_ACCOUNT}", endpoint = "http://127.0.0.1:{at}/{AZURE_ACCOUNT}", key = {{ file = "keys/place" }} }} }}'
    check("azurite", folder, source, AZURE_KEY, [base64.b64encode(b"hunter2" * 8).decode()])


SSHD = """ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication yes
PubkeyAuthentication yes
PidFile none
Subsystem sftp internal-sftp
ForceCommand internal-sftp
AllowUsers vendor
"""


def sftp(folder):
    """A mount namespace of its own: only this server sees the added user, the host's own files are left alone."""
    at = port()
    (folder / "files").mkdir()
    folder.chmod(0o755)
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    for name in ["host", "key", "stranger"]:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "key.pub").read_text())
    crypt = subprocess.run(["openssl", "passwd", "-6", "s3cret-sftp"], check=True, capture_output=True, text=True).stdout.strip()
    for name, line in [("passwd", f"vendor:x:61999:61999::{folder}/files:/bin/sh"), ("group", "vendor:x:61999:"), ("shadow", f"vendor:{crypt}:19000:0:99999:7:::")]:
        (folder / name).write_text(pathlib.Path("/etc", name).read_text() + line + "\n")
    (folder / "shadow").chmod(0o600)
    (folder / "config").write_text(SSHD.format(port=at, folder=folder))
    mounts = "for f in passwd group shadow; do mount --bind \"$0/$f\" /etc/$f; done; exec /usr/sbin/sshd -D -e -f \"$0/config\""
    start(["unshare", "--mount", "--propagation", "private", "bash", "-c", mounts, str(folder)], at)
    now = time.time()
    for name, text, age in [("mail-2.csv", OLD, 7200), ("mail-1.csv", NEW, 600), (".mail-3.csv", OLD, 60), ("notes.txt", "x", 60)]:
        file = folder / "files" / name
        file.write_text(text)
        os.utime(file, (now - age, now - age))
    subprocess.run(["chown", "-R", "61999:61999", str(folder / "files")], check=True)
    shown = subprocess.run(["ssh-keygen", "-lf", str(folder / "host.pub")], check=True, capture_output=True, text=True).stdout
    pin = shown.split()[1]

    def source(how, pin):
        auth = f'auth = {{ sftp = {{ user = "vendor", {how} = {{ file = "keys/place" }}, host_key = "{pin}" }} }}'
        return f'path = "sftp://127.0.0.1:{at}{folder}/files/mail-*.csv"\n{auth}'

    other = "SHA256:" + "A" * 43
    check("OpenSSH, password", folder, source("password", pin), "s3cret-sftp\n", ["hunter2-sftp\n", (source("password", other), "s3cret-sftp\n")])
    key = (folder / "key").read_text()
    check("OpenSSH, key", folder, source("key", pin), key, [(folder / "stranger").read_text(), (source("key", other), key)])


def main():
    parts = sys.argv[1:] or ["s3", "azure", "sftp"]
    try:
        for part in parts:
            with tempfile.TemporaryDirectory(prefix="recount-places-") as folder:
                {"s3": s3, "azure": azure, "sftp": sftp}[part](pathlib.Path(folder))
    finally:
        for process in ENDED:
            os.killpg(process.pid, signal.SIGTERM)


main()
