//! Who is trusted: the system's authorities and the one that is named, and nobody else.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::raw_server::json;
use super::{keys, settings};
use recount::connectwise::client::Client;
use recount::connectwise::client::unreachable_cause::{CertificateFault, UnreachableCause};
use recount::connectwise::{ReadError, Reader};
use recount::reconcile::model::connectwise_records::Listed;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connectwise/tls");

/// A server with a certificate of the test authority; counts the connections that were opened.
async fn serve() -> (u16, Arc<AtomicUsize>) {
    serve_as("server.pem", "server.key.pem").await
}

async fn serve_as(certificate: &str, key: &str) -> (u16, Arc<AtomicUsize>) {
    let certificates = CertificateDer::pem_file_iter(format!("{FOLDER}/{certificate}")).expect("certificates");
    let chain = certificates.map(|one| one.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}/{key}")).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a configuration")));
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let opened = Arc::new(AtomicUsize::new(0));
    let count = opened.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(json("200 OK", "[]").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, opened)
}

/// Otherwise an own server with an own authority could not be used at all.
#[tokio::test]
async fn an_authority_that_is_named_is_trusted() {
    let (port, _) = serve().await;
    for host in ["localhost", "127.0.0.1"] {
        let mut settings = settings(&format!("https://{host}:{port}"));
        settings.ca_file = Some(Path::new(FOLDER).join("authority.pem"));
        assert_eq!(Client::new(settings, &keys()).expect("a client").catalog().await, Ok(Listed::default()));
    }
}

/// Otherwise anyone on the way could read the keys. Trying again would change nothing.
#[tokio::test]
async fn a_stranger_is_refused_once() {
    let (port, opened) = serve().await;
    let client = Client::new(settings(&format!("https://localhost:{port}")), &keys()).expect("a client");
    let error = client.catalog().await.expect_err("a stranger").to_string();
    assert!(error.contains("no trusted connection"), "{error}");
    assert_eq!(opened.load(Ordering::SeqCst), 2, "refused, and looked at once more");
}

/// Otherwise a person would look at the network, and at four other things, until the certificate's turn came.
#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told() {
    for (certificate, key, host, authority, fault) in [
        ("server.pem", "server.key.pem", "localhost", false, CertificateFault::Incomplete),
        ("chain.pem", "server.key.pem", "localhost", false, CertificateFault::UnknownAuthority),
        ("server.pem", "server.key.pem", "127.0.0.2", true, CertificateFault::OtherName),
        ("self-signed.pem", "self-signed.key.pem", "localhost", true, CertificateFault::SelfSigned),
        ("self-signed-authority.pem", "self-signed.key.pem", "localhost", true, CertificateFault::SelfSigned),
        ("expired.pem", "server.key.pem", "localhost", true, CertificateFault::Expired),
    ] {
        let (port, _) = serve_as(certificate, key).await;
        let mut settings = settings(&format!("https://{host}:{port}"));
        settings.ca_file = authority.then(|| Path::new(FOLDER).join("authority.pem"));
        match Client::new(settings, &keys()).expect("a client").catalog().await {
            Err(ReadError::Unreachable { cause: UnreachableCause::Certificate(found), .. }) => {
                assert_eq!(found, fault, "{certificate}");
            }
            other => panic!("{certificate}: {other:?}"),
        }
    }
}
