//! One browser without a window, with a profile of its own, and its end whatever comes of the test.

use std::io::{BufRead as _, BufReader};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use thirtyfour::prelude::{By, ElementQueryable as _, WebDriver, WebDriverResult, WebElement};
use thirtyfour::{CapabilitiesHelper as _, ChromeCapabilities, ChromiumLikeCapabilities as _, DesiredCapabilities};

use crate::client::{DeskOfNight, PASSWORD};

const FLAGS: [&str; 13] = [
    "--headless=new",
    // Root's browser does not start without it.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
    "--ignore-certificate-errors",
    "--window-size=1280,900",
];
/// How long an element may take to come: only a page that never shows it is a failure.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(30);

/// A browser that stands before a desk.
pub(super) struct Chrome {
    pub(super) driver: WebDriver,
    driver_port: u16,
    /// The desk's address, without a slash at its end.
    pub(super) at: String,
}

/// What a browser is told to open.
pub(super) fn address(desk: &DeskOfNight<'_>) -> String {
    format!("http://127.0.0.1:{}", desk.port)
}

/// Lets a test use a browser before this address, and ends the browser in any case.
pub(super) fn browse(at: &str, test: impl AsyncFnOnce(&Chrome)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let profile = tempfile::Builder::new().prefix("recount-browser-").tempdir().expect("a folder");
    let (process, driver_port) = started_driver();
    runtime.block_on(async {
        let url = format!("http://127.0.0.1:{driver_port}");
        let driver = WebDriver::new(url, capabilities(profile.path())).await.expect("a browser");
        let chrome = Chrome { driver, driver_port, at: at.to_owned() };
        let ended = AssertUnwindSafe(test(&chrome)).catch_unwind().await;
        if ended.is_err() {
            chrome.tell().await;
        }
        chrome.driver.quit().await.expect("the browser ends");
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
    drop(process);
}

/// The driver, which ends with its owner.
struct DriverProcess(Child);

impl Drop for DriverProcess {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait().map(drop));
    }
}

/// Its own choice of a port may be taken by somebody faster; then it ends, and is started anew.
fn started_driver() -> (DriverProcess, u16) {
    std::iter::repeat_with(start_driver).take(DRIVERS).flatten().next().expect("chromedriver says its port")
}

/// Times that a driver is started.
const DRIVERS: usize = 5;

fn start_driver() -> Option<(DriverProcess, u16)> {
    let mut process =
        Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().expect("chromedriver");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let process = DriverProcess(process);
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let port = line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()?;
        Some(port)
    });
    // Read on, or its pipe fills and it waits.
    std::thread::spawn(move || lines.for_each(drop));
    Some((process, port?))
}

fn capabilities(profile: &Path) -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    for flag in FLAGS {
        wanted.add_arg(flag).expect("a flag");
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display())).expect("a flag");
    wanted.set("goog:loggingPrefs", json!({"browser": "ALL"})).expect("a capability");
    wanted
}

impl Chrome {
    pub(super) async fn open(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.at)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// The first element of this selector, once it is there.
    pub(super) async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.query(By::Css(css)).wait(PATIENCE, LOOK_EVERY).first().await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    pub(super) async fn count(&self, css: &str) -> usize {
        self.driver.find_all(By::Css(css)).await.expect("a page").len()
    }

    pub(super) async fn fill(&self, css: &str, text: &str) {
        self.on(css, async |field| {
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// Presses a button that is in view, as a person does: one that something covers cannot be pressed.
    pub(super) async fn press(&self, css: &str) {
        self.on(css, async |button| {
            button.scroll_into_view().await?;
            button.click().await
        })
        .await;
    }

    /// Does something with an element, and again with the one that the page has put in its place meanwhile.
    async fn on(&self, css: &str, act: impl AsyncFn(&WebElement) -> WebDriverResult<()>) {
        let began = std::time::Instant::now();
        loop {
            let Err(error) = act(&self.find(css).await).await else { return };
            let is_replaced = error.to_string().contains("stale element");
            assert!(is_replaced && began.elapsed() < PATIENCE, "{css}: {error}");
        }
    }

    /// Waits until the page says it.
    pub(super) async fn sees(&self, text: &str) {
        let path = format!("//body[contains(normalize-space(.), {text:?})]");
        let seen = self.driver.query(By::XPath(&path)).wait(PATIENCE, LOOK_EVERY).first().await;
        if seen.is_err() {
            panic!("the page never says {text:?}: {}", self.text().await);
        }
    }

    pub(super) async fn text(&self) -> String {
        self.find("body").await.text().await.unwrap_or_default()
    }

    /// Waits until a page of this path is open.
    pub(super) async fn arrives(&self, path: &str) {
        let began = std::time::Instant::now();
        while self.path().await != path {
            assert!(began.elapsed() < PATIENCE, "never at {path}, but at {}", self.path().await);
            tokio::task::yield_now().await;
        }
    }

    async fn path(&self) -> String {
        self.driver.current_url().await.expect("an address").path().to_owned()
    }

    /// Somebody of this role comes in by their link: they choose a password, and sign in with it.
    pub(super) async fn come_in(&self, desk: &DeskOfNight<'_>, name: &str, role: &str) {
        self.choose(&desk.link(&["users", "add", name, "--role", role])).await;
        self.fill("#name", name).await;
        self.fill("#pw", PASSWORD).await;
        self.press("button.act").await;
        self.arrives("/").await;
    }

    /// Somebody chooses a password by their link, and stands before the sign-in.
    pub(super) async fn choose(&self, link: &str) {
        self.open(link).await;
        self.fill("#pw", PASSWORD).await;
        self.fill("#again", PASSWORD).await;
        self.press("button.act").await;
        self.arrives("/signin").await;
    }

    /// Width and height of the window; below 500 it is a phone.
    pub(super) async fn window(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub(super) async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// With or without script on the pages; the test's own still runs.
    pub(super) async fn script(&self, on: bool) {
        self.cdp("Emulation.setScriptExecutionDisabled", json!({"value": !on})).await;
    }

    async fn cdp(&self, command: &str, what: Value) {
        self.driver.cdp().send_raw(command, what).await.unwrap_or_else(|error| panic!("{command}: {error}"));
    }

    /// What a script of the test returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.expect("a script").json().clone()
    }

    /// What the browser complained of since the last look: refused scripts and styles, errors, files that are not there.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let url = format!("http://127.0.0.1:{}/session/{}/se/log", self.driver_port, self.driver.session_id());
        let asked = reqwest::Client::new().post(url).body(r#"{"type":"browser"}"#).send().await.expect("the log");
        let log: Value = serde_json::from_slice(&asked.bytes().await.expect("the log")).expect("the log");
        let entries = log["value"].as_array().cloned().unwrap_or_default();
        entries.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A picture of the whole page, for whoever wants to look: `SHOTS=FOLDER`.
    pub(super) async fn shot(&self, name: &str) {
        let Some(folder) = shots() else { return };
        let size = self.run("return [innerWidth, document.documentElement.scrollHeight]").await;
        let number = |at: usize| size[at].as_u64().and_then(|number| u32::try_from(number).ok()).expect("a size");
        let (width, height) = (number(0), number(1).clamp(200, 6000));
        self.window(width, height).await;
        let path = folder.join(format!("{}.png", name.trim_matches('/').replace(['/', '?', '=', '&', '%'], "-")));
        self.driver.screenshot(&path).await.expect("a picture");
    }

    #[expect(clippy::print_stderr, reason = "what a failed test saw last")]
    async fn tell(&self) {
        eprintln!("at {}:\n{}\n{:#?}", self.path().await, self.text().await, self.complaints().await);
    }
}

#[expect(clippy::disallowed_methods, reason = "where pictures go is asked of whoever starts the test")]
fn shots() -> Option<std::path::PathBuf> {
    std::env::var_os("SHOTS").map(std::path::PathBuf::from)
}
