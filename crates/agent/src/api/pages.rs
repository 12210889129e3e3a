//! The page's files, built into the program: nothing is read from disk, nothing comes from elsewhere.
//!
//! They hold no data and no rule; what they draw and what they may send stands in the rest of this module.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::config::Profile;

const INDEX: &str = include_str!("../../page/index.html");
/// Where the panel's script goes into the index.
const PANEL_MARK: &str = "<!-- panel -->";
/// How the index names the profile until the first view has come.
const PROFILE_MARK: &str = "data-profile=\"kiosk\"";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const FONT: &str = "font/woff2";
const TEXT: &str = "text/plain; charset=utf-8";

/// A file of the folder `page`, under its own name.
macro_rules! page_file {
    ($media_type:expr, $path:literal) => {
        (concat!("/", $path), $media_type, include_bytes!(concat!("../../page/", $path)).as_slice())
    };
}

const FILES: [(&str, &str, &[u8]); 57] = [
    page_file!(SCRIPT, "api.js"),
    page_file!(SCRIPT, "app.js"),
    page_file!(SCRIPT, "dom.js"),
    page_file!(TEXT, "fonts/OFL.txt"),
    page_file!(FONT, "fonts/sarabun-latin-400-normal.woff2"),
    page_file!(FONT, "fonts/sarabun-latin-700-normal.woff2"),
    page_file!(FONT, "fonts/sarabun-thai-400-normal.woff2"),
    page_file!(FONT, "fonts/sarabun-thai-700-normal.woff2"),
    page_file!(SCRIPT, "frame.js"),
    page_file!(PICTURE, "icons/bank.svg"),
    page_file!(PICTURE, "icons/cancel.svg"),
    page_file!(PICTURE, "icons/capitals.svg"),
    page_file!(PICTURE, "icons/card-down.svg"),
    page_file!(PICTURE, "icons/card-out.svg"),
    page_file!(PICTURE, "icons/card.svg"),
    page_file!(PICTURE, "icons/check-light.svg"),
    page_file!(PICTURE, "icons/check.svg"),
    page_file!(PICTURE, "icons/clock.svg"),
    page_file!(PICTURE, "icons/delete.svg"),
    page_file!(PICTURE, "icons/done.svg"),
    page_file!(PICTURE, "icons/face.svg"),
    page_file!(PICTURE, "icons/failed.svg"),
    page_file!(PICTURE, "icons/keyboard.svg"),
    page_file!(PICTURE, "icons/lock.svg"),
    page_file!(PICTURE, "icons/mark.svg"),
    page_file!(PICTURE, "icons/no.svg"),
    page_file!(PICTURE, "icons/pending.svg"),
    page_file!(PICTURE, "icons/person-check.svg"),
    page_file!(PICTURE, "icons/phone-code.svg"),
    page_file!(PICTURE, "icons/reader.svg"),
    page_file!(PICTURE, "icons/refused.svg"),
    page_file!(PICTURE, "icons/send.svg"),
    page_file!(PICTURE, "icons/stopped.svg"),
    page_file!(PICTURE, "icons/text-size.svg"),
    page_file!(PICTURE, "icons/turn-left.svg"),
    page_file!(PICTURE, "icons/turn-right.svg"),
    page_file!(PICTURE, "icons/unresolved.svg"),
    page_file!(PICTURE, "icons/warning.svg"),
    page_file!(PICTURE, "icons/yes.svg"),
    page_file!(SCRIPT, "keypad.js"),
    page_file!(SCRIPT, "screens.js"),
    page_file!(SCRIPT, "screens/attract.js"),
    page_file!(SCRIPT, "screens/busy.js"),
    page_file!(SCRIPT, "screens/camera.js"),
    page_file!(SCRIPT, "screens/card.js"),
    page_file!(SCRIPT, "screens/closed.js"),
    page_file!(SCRIPT, "screens/confirm.js"),
    page_file!(SCRIPT, "screens/consents.js"),
    page_file!(SCRIPT, "screens/notice.js"),
    page_file!(SCRIPT, "screens/result.js"),
    page_file!(SCRIPT, "screens/scan.js"),
    page_file!(SCRIPT, "screens/selfie.js"),
    page_file!(SCRIPT, "screens/waiting.js"),
    page_file!(STYLE, "styles/frame.css"),
    page_file!(STYLE, "styles/parts.css"),
    page_file!(STYLE, "styles/screens.css"),
    page_file!(SCRIPT, "words.js"),
];

pub(super) fn routes(profile: Profile, panel_script: Option<&str>) -> Router {
    let index = index(profile, panel_script);
    let mut routes = Router::new()
        .route("/", get(async move || ([(CONTENT_TYPE, HTML)], index.clone()).into_response()));
    for (path, media_type, bytes) in FILES {
        let file = async move || ([(CONTENT_TYPE, media_type)], bytes).into_response();
        routes = routes.route(path, get(file));
    }
    routes
}

pub(super) fn index(profile: Profile, panel_script: Option<&str>) -> String {
    let script = panel_script
        .map(|path| format!("<script type=\"module\" src=\"{path}\"></script>"))
        .unwrap_or_default();
    let profile = match profile {
        Profile::Kiosk => "data-profile=\"kiosk\"",
        Profile::Counter => "data-profile=\"counter\"",
    };
    INDEX.replace(PANEL_MARK, &script).replace(PROFILE_MARK, profile)
}
