#!/usr/bin/env python3
"""Pictures of the desk on the demo, by chromedriver: today, plan, customers, tab, phone. Called by screenshots.sh.

    screenshots.py RECOUNT FOLDER
"""
import base64, http.server, json, pathlib, re, shutil, socket, subprocess, sys, threading, time, urllib.request

RECOUNT, OUT = sys.argv[1], pathlib.Path(sys.argv[2])
PASSWORD = "a demo for pictures alone"
STARTED = []
WINDOW = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Company</title>
<style>body { margin: 0; font: 15px system-ui, sans-serif; background: #e9edf2; } h1 { font-size: 17px; margin: 0; padding: 14px 20px; background: #24405f; color: #fff; }
nav { padding: 9px 20px; background: #fff; border-bottom: 1px solid #c9d1da; } nav b { border-bottom: 3px solid #24405f; padding-bottom: 7px; } nav span { margin-right: 22px; color: #55606c; }
iframe { border: 0; width: 100%; height: HEIGHTpx; background: #fff; }</style>
<h1>Company: Acme Dental</h1><nav><span>Company</span><span>Contacts</span><span>Agreements</span><span><b>recount</b></span></nav><iframe title="recount" src="SOURCE"></iframe>
<script>addEventListener("message", (event) => { const said = JSON.parse(event.data), tell = (one) => event.source.postMessage(JSON.stringify(one), event.origin);
if (said.message === "ready") tell({ MessageFrameID: "f" });
if (said.request) tell({ response: "getmemberauthentication", data: { companyid: "examplemsp", memberid: "mmiller", memberHash: "PROOF", memberContext: "c" } }); });</script></html>"""


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(words, **more):
    STARTED.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more))
    return STARTED[-1]


def listens(at):
    for _ in range(300):
        try:
            return socket.create_connection(("127.0.0.1", at), 0.1).close()
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nobody listens at {at}")


def reads(process, pattern):
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(pattern, said):
            threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()
            return found, said
    sys.exit(f"never said {pattern}: {said}")


class Chrome:
    def __init__(self):
        found, _ = reads(start(["chromedriver", "--port=0"]), r"successfully on port (\d+)")
        self.at = f"http://127.0.0.1:{found[1]}/session"
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={OUT}/profile"]
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": flags}}}}
        self.at += "/" + self.ask("POST", "", wanted)["sessionId"]

    def ask(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.at + path, data, {"content-type": "application/json"}, method=method)
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *words):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(words)})

    def shot(self, name, url, width=1280, height=900, dark=False, scale=1):
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 500}
        media = {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}
        for command, what in [("Emulation.setDeviceMetricsOverride", size), ("Emulation.setEmulatedMedia", media)]:
            self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": what})
        self.go(url)
        time.sleep(1.5)
        (OUT / f"{name}.png").write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))


def proof(member, context):
    total = 7
    for byte in (member + context).encode():
        total = (total * 131 % 2**64) ^ byte
    return f"{total:016x}"


def tab(chrome, demo, sim):
    """The demo again, with a member who may see the tab, in a window that plays ConnectWise's part."""
    world = json.load(urllib.request.urlopen(f"{sim}/sim/world"))
    world["members"] = [{"id": 71, "identifier": "mmiller", "first_name": "M.", "last_name": "Miller"}]
    (OUT / "world.json").write_text(json.dumps(world))
    cw, at = port(), port()
    start([RECOUNT, "sim", "--port", str(cw), "--world", str(OUT / "world.json")])
    folder = OUT / "tab"
    shutil.copytree(demo, folder)
    window = WINDOW.replace("SOURCE", f"http://127.0.0.1:{at}/tab?id=3321&screen=company").replace("PROOF", proof("mmiller", "c")).replace("HEIGHT", "640")

    class Window(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(window.encode())

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Window)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{site.server_port}"
    config = (folder / "recount.toml").read_text().replace(sim, f"http://127.0.0.1:{cw}")
    config += f'\n[desk]\nurl = "http://127.0.0.1:{at}/"\n\n[desk.tab]\norigins = ["{origin}"]\nmembers = "all"\n'
    (folder / "recount.toml").write_text(config)
    start([RECOUNT, "serve", "--listen", f"127.0.0.1:{at}"], cwd=folder)
    listens(cw)
    listens(at)
    chrome.shot("desk-tab", origin, 1100, 740)


def main():
    demo = start([RECOUNT, "demo", "--desk", "--color", "never"], env={"TMPDIR": str(OUT), "PATH": "/usr/bin:/bin"})
    found, said = reads(demo, r"(http://127\.0\.0\.1:8080)(/welcome/\S+)")
    sim = re.search(r"^at (http://\S+?)\. ", said, re.M)[1]
    folder = re.search(r"^(/\S*recount-demo-\S+)$", said, re.M)[1]
    listens(8080)
    desk, chrome = found[1], Chrome()
    chrome.go(desk + found[2])
    chrome.run("for (const id of ['#pw', '#again']) document.querySelector(id).value = arguments[0]; document.querySelector('button.act').click()", PASSWORD)
    time.sleep(2)
    chrome.run("document.querySelector('#name').value = 'demo'; document.querySelector('#pw').value = arguments[0]; document.querySelector('button.act').click()", PASSWORD)
    time.sleep(2)
    chrome.shot("desk-today", f"{desk}/", height=1080)
    chrome.shot("desk-plan", f"{desk}/plan?only=held")
    chrome.shot("desk-customers", f"{desk}/customers?look=1")
    chrome.shot("desk-phone", f"{desk}/", 390, 900, scale=2)
    tab(chrome, folder, sim)
    chrome.ask("DELETE", "")


try:
    main()
finally:
    for process in STARTED:
        process.kill()
