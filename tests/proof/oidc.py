#!/usr/bin/env python3
"""The desk lets people in by a real OpenID provider (npm oidc-provider), which enforces PKCE, the redirect and one use of a code.

    (cd tests/browser && npm ci --ignore-scripts)
    cargo build && NODE_MODULES=tests/browser/node_modules tests/proof/oidc.py

alice has a group with a role and comes in; bob has none, eve others; the provider refuses mallory. An answer is good once, and
in the browser that began the sign-in alone.
"""
import http.client, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, time
from urllib.parse import urlsplit

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECOUNT = os.environ.get("RECOUNT", str(ROOT / "target/debug/recount"))
MODULES = str(pathlib.Path(os.environ["NODE_MODULES"]).resolve())
STARTED = []


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(words, at, **more):
    STARTED.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more))
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", at), 0.1).close()
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{words[0]} does not listen")


class Browser:
    """Cookies by host and port, and no redirect that is not asked for."""

    def __init__(self):
        self.cookies = {}

    def get(self, url):
        to = urlsplit(url)
        jar = self.cookies.setdefault(to.netloc, {})
        connection = http.client.HTTPConnection(to.netloc, timeout=30)
        cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
        connection.request("GET", (to.path or "/") + (f"?{to.query}" if to.query else ""), headers={"cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, said = value.split(";")[0].split("=", 1)
                jar.pop(key, None) if said == "" else jar.update({key: said})
        place = answer.getheader("location")
        if place and place.startswith("/"):
            place = f"http://{to.netloc}{place}"
        return answer.status, place, answer.read().decode()


def signed_in(browser, at):
    return any(name.startswith("__Host-desk") for name in browser.cookies[f"127.0.0.1:{at}"])


def arrives(browser, desk, who):
    """To the address by which the provider leads back to the desk; it is not opened."""
    _, place, _ = browser.get(f"{desk}/signin/provider?next=/plan")
    place += f"&login_hint={who}"
    for _ in range(10):
        if place.startswith(f"{desk}/signin/provider/back"):
            return place
        status, place, body = browser.get(place)
        assert place, f"{who}: the provider answers {status}: {body}"
    sys.exit("the provider leads around in circles")


def host(folder, cw, desk, provider):
    (folder / "keys").mkdir()
    for key, text in [("public", "pub"), ("private", "priv"), ("oidc", "a-secret-of-tests-only-0123456789")]:
        (folder / "keys" / key).write_text(text + "\n")
        (folder / "keys" / key).chmod(0o600)
    (folder / "exports").mkdir()
    (folder / "exports/mail-1.csv").write_text("Account,Product,Quantity\nAcme,CloudFilter,5\nBorealis,CloudFilter,5\n")
    (folder / "customers.csv").write_text("customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,20,\n")
    config = (ROOT / "tests/support/recount.toml").read_text()
    config = config.replace("URL", f"http://127.0.0.1:{cw}").replace("CLIENT_ID", "0ca9a12e-5eed-4b1d-8f00-0c0ffee0cafe")
    (folder / "recount.toml").write_text(f"""{config}
[desk]
url = "{desk}/"

[desk.oidc]
issuer = "http://127.0.0.1:{provider}"
client_id = "recount"
client_secret = {{ file = "keys/oidc" }}
scope = "openid profile groups"
roles = {{ "recount-billing" = "operator" }}
""")


def main():
    folder = pathlib.Path(tempfile.mkdtemp())
    cw, at, provider = port(), port(), port()
    desk = f"http://127.0.0.1:{at}"
    host(folder, cw, desk, provider)
    (folder / "world.json").write_text((ROOT / "tests/support/world.json").read_text())
    start([RECOUNT, "sim", "--port", str(cw), "--world", "world.json"], cw, cwd=folder)
    subprocess.run([RECOUNT, "plan"], cwd=folder, capture_output=True)
    script = str(ROOT / "tests/proof/oidc-provider.mjs")
    start(["node", script, str(provider), f"{desk}/signin/provider/back"], provider, env={**os.environ, "NODE_MODULES": MODULES})
    start([RECOUNT, "serve", "--listen", f"127.0.0.1:{at}"], at, cwd=folder)

    alice = Browser()
    back = arrives(alice, desk, "alice")
    stranger = Browser()
    arrives(stranger, desk, "alice")
    status, place, _ = stranger.get(back)
    assert not signed_in(stranger, at), "an answer for another browser lets somebody in"
    back = arrives(alice, desk, "alice")
    status, place, body = alice.get(back)
    assert (status, urlsplit(place or "").path) == (303, "/plan"), f"alice is not let in: {status} {body}"
    status, _, page = alice.get(f"{desk}/")
    assert status == 200 and "operator" in page and "alice" in page, page
    again = Browser()
    again.cookies = {host: dict(jar) for host, jar in alice.cookies.items()}
    again.cookies[f"127.0.0.1:{at}"] = {}
    again.get(back)
    assert not signed_in(again, at), "a code is good twice"
    for who in ["bob", "eve", "mallory"]:
        other = Browser()
        status, _, body = other.get(arrives(other, desk, who))
        assert not signed_in(other, at), f"{who} is let in"
        assert status >= 400 and "<script>" not in body, f"{who}: {status} {body}"
    audit = alice.get(f"{desk}/audit")[2]
    for who in ["alice", "bob", "eve"]:
        assert who in re.sub(r"<[^>]*>", " ", audit), f"the audit does not name {who}"
    shutil.rmtree(folder)
    print("alice comes in; bob, eve and mallory do not; an answer is good once and in its own browser")


try:
    main()
finally:
    for process in STARTED:
        process.kill()
