//! Exports on other hosts, through the real program: an S3 bucket, an Azure container, and a host by SFTP.
//!
//! The servers here say what the real ones say to these few calls; `tests/proof/places.py` runs the same against moto,
//! azurite and OpenSSH.

use std::fs;
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{BUSY, Night, today};

const SECRET: &str = "CANARY-place-secret";
const QUIET: &str = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n";

fn night(source: &str) -> Night {
    let night = Night::new();
    night.approve();
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let lines = text.lines().map(|line| if line.starts_with("path = ") { source } else { line });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    night.write("recount.toml", text);
    night.secret("place", SECRET, 0o600);
    night
}

/// A bucket with these objects: name, seconds after midnight of the newest day, content.
fn bucket(request: &Request, objects: &[(&str, u32, &str)]) -> ResponseTemplate {
    let stamp = |seconds: u32| format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let day = today().format("%Y-%m-%d").to_string();
    let http_day = today().format("%a, %d %b %Y").to_string();
    if request.url.query().is_some_and(|query| query.contains("list-type=2")) {
        let contents = objects.iter().map(|(name, seconds, text)| {
            let (size, at) = (text.len(), stamp(*seconds));
            format!("<Contents><Key>{name}</Key><LastModified>{day}T{at}.000Z</LastModified><ETag>&quot;{size}-{seconds}&quot;</ETag><Size>{size}</Size></Contents>")
        });
        let body = format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>",
            contents.collect::<String>()
        );
        return ResponseTemplate::new(200).set_body_raw(body, "application/xml");
    }
    let asked = percent_decode_str(request.url.path()).decode_utf8_lossy();
    let found = objects.iter().find(|(name, ..)| asked.ends_with(name));
    let Some((_, seconds, text)) = found else { return ResponseTemplate::new(404) };
    ResponseTemplate::new(200)
        .insert_header("ETag", format!("\"{}-{seconds}\"", text.len()))
        .insert_header("Last-Modified", format!("{http_day} {} GMT", stamp(*seconds)))
        .set_body_raw(*text, "text/csv")
}

struct Bucket {
    runtime: Runtime,
    server: MockServer,
}

impl Bucket {
    fn serving(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let server = runtime.block_on(MockServer::start());
        runtime.block_on(Mock::given(any()).respond_with(answer).mount(&server));
        Self { runtime, server }
    }

    fn night(&self) -> Night {
        let url = self.server.uri();
        let secret = "{ file = \"keys/place\" }";
        night(&format!(
            "path = \"s3://bucket/exports/mail-*.csv\"\nauth = {{ s3 = {{ endpoint = \"{url}\", access_key = \"AKID\", secret_key = {secret} }} }}"
        ))
    }
}

/// The newest object of the pattern is tonight's, as the newest file of a folder is.
#[test]
fn the_newest_object_of_a_bucket_is_the_export_and_is_kept() {
    let objects: &[(&str, u32, &str)] =
        &[("exports/mail-2.csv", 0, QUIET), ("exports/mail-1.csv", 1, BUSY), ("exports/old/mail-9.csv", 2, QUIET)];
    let bucket = Bucket::serving(move |request| bucket(request, objects));
    let night = bucket.night();
    let said = night.run().exits(0);
    assert!(said.out.contains("s3://bucket/exports/mail-1.csv"), "{}", said.out);
    assert_eq!(night.sim().writes().len(), 3);
    assert!(!format!("{}{}", said.out, said.err).contains(SECRET));
    let kept: Vec<_> = fs::read_dir(night.path("state/fetched")).expect("kept").collect();
    assert_eq!(kept.len(), 1);
    let asked = bucket.runtime.block_on(bucket.server.received_requests()).expect("recorded");
    assert!(asked.iter().all(|request| request.headers.contains_key("authorization")), "every request is signed");
}

/// A vendor in Zürich delivered every night, and none of it was found.
#[test]
fn an_object_of_any_name_is_read_and_a_folder_that_is_marked_is_none() {
    for name in ["exports/mail-Zürich #1.csv", "exports/mail-100%25 [a]~.csv"] {
        let bucket = Bucket::serving(move |request| {
            bucket(request, &[("exports/mail-1.csv", 0, QUIET), (name, 1, BUSY), ("exports/mail-3.csv/", 2, "")])
        });
        let night = bucket.night();
        let said = night.run().exits(0);
        assert!(said.out.contains(name), "{}", said.out);
        assert_eq!(night.sim().writes().len(), 3, "{name}");
    }
}

/// A store that gets a file for each region is read as a folder with a file for each region.
#[test]
fn all_objects_of_a_delivery_are_one_export_and_kept_as_one_archive() {
    let objects: &[(&str, u32, &str)] = &[
        ("exports/mail-east.csv", 0, "Account,Product,Quantity\nAcme,CloudFilter,7\n"),
        ("exports/mail-west.csv", 1, "Account,Product,Quantity\nAcme,Archive,2\nBorealis,CloudFilter,6\n"),
        ("exports/mail-.part", 2, "x"),
    ];
    let bucket = Bucket::serving(move |request| bucket(request, objects));
    let night = bucket.night();
    night.config("export", "files = \"all\"");
    let said = night.run().exits(0);
    let files = said.first_run()["export"]["files"].clone();
    let names: Vec<&str> = files.as_array().into_iter().flatten().filter_map(|file| file["name"].as_str()).collect();
    assert_eq!(names, ["mail-east.csv", "mail-west.csv"], "{files:#}");
    assert_eq!(night.sim().writes().len(), 3);
    let kept: Vec<_> = fs::read_dir(night.path("state/fetched")).expect("kept").flatten().collect();
    assert!(kept.len() == 1 && kept[0].path().extension().is_some_and(|ending| ending == "zip"), "{kept:?}");
    night.config("export", "expect_files = 3");
    assert!(night.run().exits(11).out.contains("2 files are of the delivery"));
}

/// Half of a file is half of the customers.
#[test]
fn an_object_that_changes_while_it_is_read_is_no_export() {
    let reads = Arc::new(Mutex::new(0));
    let bucket = Bucket::serving(move |request| {
        let mut reads = reads.lock().expect("not poisoned");
        *reads += usize::from(request.method.as_str() == "GET");
        let content = if *reads > 1 { BUSY } else { QUIET };
        bucket(request, &[("exports/mail-1.csv", 0, content)])
    });
    let night = bucket.night();
    let said = night.run().exits(11);
    assert!(said.out.contains("still being written"), "{}", said.out);
}

#[test]
fn a_store_that_refuses_or_has_nothing_says_so_without_a_secret() {
    for (status, body, said_of_it) in [
        (403, "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKID</AWSAccessKeyId></Error>", "refuses the key"),
        (200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>", "no regular file matches"),
    ] {
        let bucket = Bucket::serving(move |_| ResponseTemplate::new(status).set_body_raw(body, "application/xml"));
        let night = bucket.night();
        let said = night.run().exits(11);
        assert!(said.out.contains(said_of_it), "{said_of_it}: {}", said.out);
        assert!(!format!("{}{}", said.out, said.err).contains(SECRET));
        assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    }
}
