//! A browser that is driven as the W3C has it, by a chromedriver of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// What W3C calls keys that have no letter.
pub(super) const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";
/// What W3C calls the name of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long a page may take on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(30);

pub(super) struct Browser {
    http: Client,
    session: String,
    port: u16,
    /// Ends with this.
    _driver: Child,
}

/// The browser is ended before its driver, which would leave it behind; also when a test has failed.
impl Drop for Browser {
    fn drop(&mut self) {
        let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) else { return };
        let path = self.session.find("/session/").map_or("/", |at| &self.session[at..]);
        let request = format!("DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        let told = driver.set_read_timeout(Some(SOON)).and_then(|()| driver.write_all(request.as_bytes()));
        // It answers when it is done.
        let _ = told.and_then(|()| driver.read(&mut [0; 64]));
    }
}

impl Browser {
    /// None where there is no chromedriver.
    pub(super) async fn start((width, height): (u32, u32)) -> Option<Self> {
        let [port] = wolo_sandbox::ports::free().unwrap();
        let started = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let driver = match started {
            Ok(driver) => driver,
            Err(error) => {
                let required = std::env::var_os("WOLO_BROWSER").is_some_and(|wish| wish == "required");
                assert!(!required, "no chromedriver: {error}");
                eprintln!("no browser was tried: chromedriver cannot be started ({error})");
                return None;
            }
        };
        let http = Client::builder().no_proxy().build().unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let began = Instant::now();
        while http.get(format!("{base}/status")).send().await.is_err() {
            assert!(began.elapsed() < SOON, "chromedriver does not answer");
            tokio::task::yield_now().await;
        }
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--hide-scrollbars",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": args, "prefs": { "intl.accept_languages": "fr-FR,fr" } },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made: Value =
            http.post(format!("{base}/session")).json(&wanted).send().await.unwrap().json().await.unwrap();
        let id = made["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}"));
        let browser = Self { http, session: format!("{base}/session/{id}"), port, _driver: driver };
        browser.resize(width, height).await;
        browser.light().await;
        Some(browser)
    }

    async fn tried(&self, method: Method, path: &str, body: &Value) -> Result<Value, Value> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.session));
        if method == Method::POST {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let (good, mut answer) = (answer.status().is_success(), answer.json::<Value>().await.unwrap());
        let value = answer["value"].take();
        if good { Ok(value) } else { Err(value) }
    }

    async fn told(&self, path: &str, body: &Value) -> Value {
        self.tried(Method::POST, path, body).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn command(&self, name: &str, parameters: &Value) -> Value {
        self.told("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters })).await
    }

    pub(super) async fn open(&self, address: &str) {
        self.told("/url", &json!({ "url": address })).await;
    }

    pub(super) async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 800 });
        self.command("Emulation.setDeviceMetricsOverride", &metrics).await;
    }

    pub(super) async fn dark(&self) {
        self.looks("dark").await;
    }

    pub(super) async fn light(&self) {
        self.looks("light").await;
    }

    async fn looks(&self, scheme: &str) {
        // What moves while it is clicked is not hit.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.command("Emulation.setEmulatedMedia", &json!({ "features": features })).await;
    }

    /// A browser that says of itself that its owner wants to be told of to nobody.
    pub(super) async fn wants_no_tracking(&self) {
        let says = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })";
        self.command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": says })).await;
    }

    pub(super) async fn without_scripts(&self) {
        self.command("Emulation.setScriptExecutionDisabled", &json!({ "value": true })).await;
    }

    /// What a script finds on the page.
    pub(super) async fn ask(&self, script: &str) -> Value {
        let asked = json!({ "script": script, "args": [] });
        // A page that is just being left has nothing to say.
        self.tried(Method::POST, "/execute/sync", &asked).await.unwrap_or_default()
    }

    pub(super) async fn until(&self, script: &str, expected: &str, within: Duration) {
        let began = Instant::now();
        loop {
            let found = self.ask(script).await;
            if found == expected {
                return;
            }
            assert!(began.elapsed() < within, "after {within:?} {script} is still {found}, not {expected}");
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn until_there(&self, selector: &str) -> String {
        let began = Instant::now();
        let wanted = json!({ "using": "css selector", "value": selector });
        loop {
            match self.tried(Method::POST, "/element", &wanted).await {
                Ok(found) => return found[ELEMENT].as_str().unwrap().to_owned(),
                Err(error) => assert!(began.elapsed() < SOON, "{selector}: {error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn click(&self, selector: &str) {
        let element = self.until_there(selector).await;
        let centred =
            format!("document.querySelector({}).scrollIntoView({{ block: 'center' }})", json!(selector));
        self.ask(&centred).await;
        self.told(&format!("/element/{element}/click"), &json!({})).await;
    }

    pub(super) async fn type_into(&self, selector: &str, text: &str) {
        let element = self.until_there(selector).await;
        self.told(&format!("/element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Keys, pressed one after the other, wherever the page has its focus.
    pub(super) async fn press(&self, keys: &str) {
        let pressed: Vec<_> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|done| json!({ "type": done, "value": key.to_string() }))
            })
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": pressed });
        self.told("/actions", &json!({ "actions": [keyboard] })).await;
    }

    /// Nothing has to be moved sideways.
    pub(super) async fn fits(&self, what: &str) {
        // Where a place is kept for the bar of the window there is room left over.
        let script =
            "const page = document.documentElement; return Math.max(0, page.scrollWidth - page.clientWidth)";
        assert_eq!(self.ask(script).await, 0, "{what}");
    }

    /// A picture of what is seen, under `target/screenshots`.
    pub(super) async fn keep(&self, name: &str) {
        let picture = self.tried(Method::GET, "/screenshot", &Value::Null).await.unwrap();
        write(name, picture.as_str().unwrap());
    }

    /// The same of the whole page.
    pub(super) async fn keep_whole(&self, name: &str) {
        let size = self.command("Page.getLayoutMetrics", &json!({})).await;
        let (width, height) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let wish = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.command("Page.captureScreenshot", &wish).await;
        write(name, picture["data"].as_str().unwrap());
    }

    /// The browser had nothing to say against our pages: nothing refused by their policy, no error of their script.
    pub(super) async fn said_nothing_bad_of(&self, base: &str) {
        let said = self.told("/se/log", &json!({ "type": "browser" })).await;
        let bad: Vec<&Value> = said
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["level"] == "SEVERE" || line["source"] == "security")
            // A page that is not there is meant, and a picture alone is shown on a page of the browser's own.
            .filter(|line| {
                let message = line["message"].as_str().unwrap_or_default();
                let ours = message.starts_with(base);
                ours && !["/p/nothing", "/picture.png - "].iter().any(|meant| message.contains(meant))
            })
            .collect();
        assert!(bad.is_empty(), "{bad:?}");
    }
}

fn write(name: &str, picture: &str) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), STANDARD.decode(picture).unwrap()).unwrap();
}
