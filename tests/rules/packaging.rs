//! The shipped unit keeps its sandbox, and the policy rule names what the card service asks for. That the
//! package can be built is shown by the stage `package` of `tests/run`.

use crate::findings;
use crate::tree;

/// Lines that the unit has, each a lock of its sandbox.
const LOCKS: [&str; 28] = [
    "User=dipchip",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectControlGroups=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "PrivateTmp=yes",
    "DevicePolicy=closed",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "LimitCORE=0",
    "StateDirectoryMode=0700",
    "Restart=always",
    "Type=notify",
];

#[test]
fn the_shipped_unit_keeps_every_lock_of_its_sandbox() {
    let unit = tree::read("packaging/debian/dipchip.service");
    findings::none("the unit lost a lock", &missing_locks(&unit));
}

#[test]
fn the_service_user_may_ask_the_card_service() {
    let rule = tree::read("packaging/debian/dipchip.rules");
    for action in ["access_pcsc", "access_card"] {
        assert!(
            rule.contains(&format!("\"org.debian.pcsc-lite.{action}\"")),
            "no rule for {action}"
        );
    }
    assert!(
        rule.contains("subject.user === \"dipchip\""),
        "the rule is not for the service user alone"
    );
}

fn missing_locks(unit: &str) -> Vec<&'static str> {
    LOCKS.into_iter().filter(|lock| !unit.lines().any(|line| line == *lock)).collect()
}

#[test]
fn a_lost_lock_is_found() {
    let unit = LOCKS.join("\n").replace("LimitCORE=0", "# LimitCORE=0");
    assert_eq!(missing_locks(&unit), ["LimitCORE=0"]);
}
