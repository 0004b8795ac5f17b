//! The ConnectWise client against servers that are right, slow, broken, lying or gone.

mod faults;
mod identity;
mod paging;
mod raw_server;
mod statuses;
mod tls;

use std::time::Duration;

use url::Url;
use wiremock::MockServer;

use recount::connectwise::client::Client;
use recount::connectwise::client::settings::{ApiKeys, ConnectWiseSettings};

/// Settings for a server on this host: no codebase look-up, and retries without a noticeable pause.
fn settings(url: &str) -> ConnectWiseSettings {
    let url = Url::parse(url).expect("a URL");
    let mut settings = ConnectWiseSettings::new(url, "examplemsp".into(), "client-canary".into());
    settings.codebase = Some("v4_6_release".into());
    settings.retry_pause_max = Duration::from_millis(1);
    settings
}

fn keys() -> ApiKeys {
    ApiKeys { public_key: "public-canary".into(), private_key: "private-canary".into() }
}

fn client(server: &MockServer) -> Client {
    Client::new(settings(&server.uri()), &keys()).expect("a client")
}

/// All that a server got, after a check that there is no word of money in it.
async fn requests(server: &MockServer) -> Vec<wiremock::Request> {
    let requests = server.received_requests().await.expect("recording is on");
    for request in &requests {
        let wire = format!("{} {}", request.url, String::from_utf8_lossy(&request.body)).to_lowercase();
        assert!(!["price", "cost", "margin"].iter().any(|money| wire.contains(money)), "{wire}");
        assert!(request.url.as_str().len() < 2000, "{}", request.url);
    }
    requests
}

/// One value of a request's query.
fn query(request: &wiremock::Request, key: &str) -> Option<String> {
    request.url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}
