//! The page's files: all of them are served, and nothing in them reaches out or runs what it is told.

use std::path::{Path, PathBuf};

use super::*;

fn page() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/page"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn every_file_of_the_page_is_served_under_its_own_name_and_type() {
    let stage = Stage::up().await;
    for file in files(&page()) {
        let name = file.strip_prefix(page()).unwrap().to_str().unwrap();
        let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
        let answer = stage.get(&path, "").await;
        let kind = match file.extension().unwrap().to_str().unwrap() {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            "txt" => "text/plain; charset=utf-8",
            other => panic!("{name}: nobody knows {other}"),
        };
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{name}: {}", answer.head);
        if !name.ends_with("woff2") && name != "index.html" {
            assert_eq!(answer.body, std::fs::read_to_string(&file).unwrap(), "{name}");
        }
    }
}

#[test]
fn no_file_of_the_page_names_another_host_or_makes_markup_of_text() {
    let forbidden = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
        "srcdoc",
        "localStorage",
        "document.cookie",
        "style=\"",
        "onclick=",
        "import(",
        "WebSocket",
        "sendBeacon",
        "serviceWorker",
        "window.open",
        "postMessage",
    ];
    for file in files(&page()) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        if file.ends_with("OFL.txt") {
            continue;
        }
        for word in forbidden {
            assert!(!text.contains(word), "{} says {word}", file.display());
        }
        let hosts = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!hosts.contains("://") && !hosts.contains("\"//"), "{}", file.display());
    }
}

#[tokio::test]
async fn the_index_names_the_profile_and_no_panel_unless_there_is_one() {
    let stage = Stage::up().await;
    let index = stage.get("/", "").await.body;
    assert!(index.contains("data-profile=\"kiosk\"") && !index.contains("panel -->"));
    assert_eq!(index.matches("<script").count(), 1);
    let counter = pages::index(Profile::Counter, None);
    assert!(counter.contains("data-profile=\"counter\""));
}
