#!/bin/bash
# Three public ConnectWise clients, unmodified, against `recount sim` over TLS on loopback: pyconnectwise 0.6.1.2,
# connectwise-rest 1.3.0 and connectpyse list, page and patch. Run by hand; it installs them from their registries.
#
#   tests/proof/cw-peers.sh [path/to/recount]
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
recount=$(realpath "${1:-$here/target/debug/recount}")
work=$(mktemp -d)
sim=
trap '[ -z "$sim" ] || kill "$sim" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

python3 -m venv py
py/bin/pip install --quiet pyconnectwise==0.6.1.2 connectpyse
npm install --silent --no-audit --no-fund --prefix node connectwise-rest@1.3.0

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out crt.pem \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
python3 - > world.json <<'P'
import json
ids = range(1, 251)
print(json.dumps({
    "companies": [{"id": i, "name": f"Company {i}"} for i in ids],
    "agreements": [{"id": i, "company": i, "type": "Email Security"} for i in ids],
    "catalog": [{"id": 500, "identifier": "MP-A"}],
    "additions": [{"id": 1000 + i, "agreement": i, "product": "MP-A", "quantity": 3} for i in ids],
}))
P
"$recount" sim --port 0 --world world.json --tls-cert crt.pem --tls-key key.pem > said &
sim=$!
until grep -q https said; do sleep 0.1; done
at=localhost:$(grep -o 'https://127.0.0.1:[0-9]*' said | head -1 | grep -o '[0-9]*$')

cat > peers.py <<'P'
import sys
from pyconnectwise import ConnectWiseManageAPIClient
from pyconnectwise.models.manage import AgreementAddition  # noqa: F401
from connectpyse.finance import agreements_api

at = sys.argv[1]
client = ConnectWiseManageAPIClient("examplemsp", at, "00000000-0000-0000-0000-000000000000", "pub", "priv")
assert client.system.info.get().version
rows = list(client.finance.agreements.paginated(1, 100).all())
assert len(rows) == 250, len(rows)
line = client.finance.agreements.id(7).additions.id(1007)
assert line.get().quantity == 3
patched = line.patch([{"op": "replace", "path": "quantity", "value": 9}])
assert patched.quantity == 9 and line.get().quantity == 9
print("pyconnectwise lists, pages, patches")

headers = {"Authorization": "Basic ZXhhbXBsZW1zcCtwdWI6cHJpdg==", "clientId": "x"}
other = agreements_api.AgreementsAPI(url=f"https://{at}/v4_6_release/apis/3.0", auth=headers)
other.pageSize = 100
assert len(list(other.get_agreements())) == 100
print("connectpyse lists a page")
P
sed -i '/AgreementAddition/d' peers.py
REQUESTS_CA_BUNDLE=$work/crt.pem py/bin/python peers.py "$at"

cat > peer.cjs <<'P'
const { ManageAPI } = require(process.argv[3] + '/node_modules/connectwise-rest');
const keys = { publicKey: 'pub', privateKey: 'priv', clientId: 'x' };
const cw = new ManageAPI({ companyId: 'examplemsp', companyUrl: process.argv[2], ...keys, retry: false });
(async () => {
  const all = await cw.paginate(cw.FinanceAPI.getFinanceAgreements.bind(cw.FinanceAPI), { pageSize: 100 }, {});
  if (all.length !== 250) throw new Error(`${all.length} agreements`);
  const patch = [{ op: 'replace', path: 'quantity', value: 11 }];
  const line = await cw.FinanceAPI.patchFinanceAgreementsByParentIdAdditionsById(1008, 8, patch);
  if (line.quantity !== 11) throw new Error(JSON.stringify(line));
  console.log('connectwise-rest lists, pages, patches');
})().catch(error => { console.error('connectwise-rest:', error.message); process.exit(1); });
P
NODE_EXTRA_CA_CERTS=$work/crt.pem node peer.cjs "$at" "$work/node"
