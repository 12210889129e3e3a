//! What keeps the customer's data out of places where the operating system would put it.
//!
//! No core dumps, no debugger of the same user, and a panic names its place only: its message could repeat
//! a value. What is personal wipes itself; the allocator wipes what passed through crates that do not.

use std::alloc::System;
use std::io;
use std::panic;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use zeroizing_alloc::ZeroAlloc;

/// All that is freed is wiped: pieces of the bank's answers in the buffers of TLS, HTTP and JSON, and pictures
/// that a decoder outgrew.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// Forbids core dumps, and reading this process's memory by others of the same user.
///
/// # Errors
/// What the system said; it has no reason to refuse.
pub fn forbid_core_dumps() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

/// From here on a panic prints where it was, and nothing of what was there.
pub fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        let place =
            info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        eprintln!("dipchip: panicked at {place}");
    }));
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn no_core_can_be_dumped_afterwards() {
        forbid_core_dumps().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
