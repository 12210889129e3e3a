//! The defects that `tests/kill/teeth` puts into the program, to show that this test finds them.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_defect_can_still_be_put_in() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let defects = fs::read_dir(tests.join("kill/defects")).expect("a folder of patches");
    let defects: Vec<_> = defects.map(|entry| entry.expect("an entry").path()).collect();
    assert!(defects.len() >= 3, "{} defects", defects.len());
    for defect in defects {
        let applies = Command::new("git")
            .current_dir(tests.join(".."))
            .args(["apply", "--check"])
            .arg(&defect)
            .status()
            .expect("git");
        assert!(applies.success(), "{} fits no more", defect.display());
    }
}
