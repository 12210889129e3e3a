//! What a disk may hold after a power cut: what was synced for certain, of the rest anything.
//!
//! A file is there once it was synced, or if the loss is kind. A write that was not synced is lost, torn at a
//! sector, or kept, each for itself: a disk may write them in any order.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// A disk writes so much at once.
const SECTOR: usize = 512;

/// One thing that the program did to a file of the folder, by its name there.
#[derive(Clone)]
pub enum Operation {
    Write { name: String, at: usize, data: Vec<u8> },
    Sync { name: String },
    Truncate { name: String, length: usize },
    Unlink { name: String },
    Rename { name: String, to: String },
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { name, at, data } => {
                write!(f, "write {} bytes at {at} of {name}", data.len())
            }
            Self::Sync { name } => write!(f, "sync {name}"),
            Self::Truncate { name, length } => write!(f, "truncate {name} to {length}"),
            Self::Unlink { name } => write!(f, "unlink {name}"),
            Self::Rename { name, to } => write!(f, "rename {name} to {to}"),
        }
    }
}

/// What becomes of the writes that were not synced.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    Everything,
    Nothing,
    /// Each by chance; the number is the seed.
    Mixture(u64),
}

/// The files of the folder.
#[derive(Default)]
pub struct Disk {
    files: BTreeMap<String, Held>,
    /// New names that the folder was not synced for, with the old ones.
    renamed: BTreeMap<String, String>,
}

#[derive(Default)]
struct Held {
    /// What is on the disk for certain; `None` before the first sync.
    synced: Option<Vec<u8>>,
    pending: Vec<Operation>,
}

impl Disk {
    pub fn take(&mut self, operation: &Operation) {
        match operation {
            Operation::Sync { name } if name.is_empty() => self.renamed.clear(),
            Operation::Rename { name, to } => {
                let held = self.files.remove(name).unwrap_or_default();
                self.files.insert(to.clone(), held);
                self.renamed.insert(to.clone(), name.clone());
            }
            Operation::Sync { name } => {
                let held = self.files.entry(name.clone()).or_default();
                let mut content = held.synced.take().unwrap_or_default();
                for operation in held.pending.drain(..) {
                    apply(&mut content, &operation, usize::MAX);
                }
                held.synced = Some(content);
            }
            // SQLite unlinks its log only after the database was synced: what it held is there.
            Operation::Unlink { name } => drop(self.files.remove(name)),
            Operation::Write { name, .. } | Operation::Truncate { name, .. } => {
                self.files.entry(name.clone()).or_default().pending.push(operation.clone());
            }
        }
    }

    /// Writes the files as this loss leaves them.
    pub fn after(&self, loss: Loss, folder: &Path) {
        // What the last look left.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir(folder).expect("a folder");
        let mut chance = match loss {
            Loss::Everything | Loss::Nothing => 0,
            Loss::Mixture(seed) => seed,
        };
        for (name, held) in &self.files {
            let mut content = held.synced.clone().unwrap_or_default();
            let mut there = held.synced.is_some();
            for operation in &held.pending {
                let most = match (loss, next(&mut chance) % 4) {
                    (Loss::Everything, _) | (Loss::Mixture(_), 0) => continue,
                    (Loss::Mixture(_), 1) => torn_at(operation, next(&mut chance)),
                    (Loss::Nothing, _) | (Loss::Mixture(_), _) => usize::MAX,
                };
                there = true;
                apply(&mut content, operation, most);
            }
            // The index of the log is shared memory; it is made anew.
            if there && !name.ends_with("-shm") {
                let lost = match loss {
                    Loss::Everything => true,
                    Loss::Nothing => false,
                    Loss::Mixture(_) => next(&mut chance).is_multiple_of(2),
                };
                let name = self.renamed.get(name).filter(|_| lost).unwrap_or(name);
                fs::write(folder.join(name), content).expect("a file");
            }
        }
    }
}

/// Writes at most so many bytes of an operation.
fn apply(content: &mut Vec<u8>, operation: &Operation, most: usize) {
    match operation {
        Operation::Write { at, data, .. } => {
            let data = data.get(..most.min(data.len())).unwrap_or_default();
            if content.len() < at + data.len() {
                content.resize(at + data.len(), 0);
            }
            content.iter_mut().skip(*at).zip(data).for_each(|(old, new)| *old = *new);
        }
        Operation::Truncate { length, .. } if most > 0 => content.resize(*length, 0),
        Operation::Truncate { .. }
        | Operation::Sync { .. }
        | Operation::Unlink { .. }
        | Operation::Rename { .. } => {}
    }
}

fn torn_at(operation: &Operation, chance: u64) -> usize {
    let Operation::Write { data, .. } = operation else { return 0 };
    let sectors = data.len().div_ceil(SECTOR).max(1);
    usize::try_from(chance).unwrap_or(0) % sectors * SECTOR
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) >> 1
}

/// Reads what `record.c` wrote.
pub fn read(trace: &Path, folder: &Path) -> Vec<Operation> {
    let bytes = fs::read(trace).expect("a trace");
    let mut rest = bytes.as_slice();
    let mut operations = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        let length = number(&mut rest);
        let path = String::from_utf8_lossy(take(&mut rest, length)).into_owned();
        let (at, length) = (number(&mut rest), number(&mut rest));
        let Some(name) = Path::new(&path).strip_prefix(folder).ok().and_then(Path::to_str) else {
            take(&mut rest, if *kind == b'W' { length } else { 0 });
            continue;
        };
        let name = name.to_owned();
        operations.push(match kind {
            b'W' => Operation::Write { name, at, data: take(&mut rest, length).to_vec() },
            b'S' => Operation::Sync { name },
            b'T' => Operation::Truncate { name, length: at },
            b'R' => {
                let to = String::from_utf8_lossy(take(&mut rest, length)).into_owned();
                let to = Path::new(&to).strip_prefix(folder).expect("renamed within the folder");
                Operation::Rename { name, to: to.to_string_lossy().into_owned() }
            }
            _ => Operation::Unlink { name },
        });
    }
    operations
}

fn number(rest: &mut &[u8]) -> usize {
    let bytes = take(rest, 8).try_into().expect("eight bytes");
    usize::try_from(u64::from_ne_bytes(bytes)).expect("a number of this machine")
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at_checked(length).expect("a whole record");
    *rest = after;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: [u8; 4 * SECTOR] = [b'o'; 4 * SECTOR];
    const NEW: [u8; 4 * SECTOR] = [b'n'; 4 * SECTOR];

    fn write(data: &[u8]) -> Operation {
        Operation::Write { name: "file".to_owned(), at: 0, data: data.to_vec() }
    }

    /// How many sectors are new after this loss.
    fn new_sectors(disk: &Disk, loss: Loss) -> usize {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("copy");
        disk.after(loss, &copy);
        let content = fs::read(copy.join("file")).expect("it was synced once");
        assert_eq!(content.len(), OLD.len());
        let new = content.iter().take_while(|byte| **byte == b'n').count();
        assert!(content.iter().skip(new).all(|byte| *byte == b'o'), "the rest is old");
        assert_eq!(new % SECTOR, 0, "a sector is written whole or not at all");
        new / SECTOR
    }

    #[test]
    fn what_was_not_synced_is_lost_torn_or_kept() {
        let mut disk = Disk::default();
        let sync = Operation::Sync { name: "file".to_owned() };
        [write(&OLD), sync.clone(), write(&NEW)].iter().for_each(|one| disk.take(one));
        assert_eq!(new_sectors(&disk, Loss::Everything), 0);
        assert_eq!(new_sectors(&disk, Loss::Nothing), 4);
        let mut seen: Vec<usize> =
            (0..200).map(|seed| new_sectors(&disk, Loss::Mixture(seed))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3, 4], "lost, torn at each sector, and kept");
        disk.take(&sync);
        assert_eq!(new_sectors(&disk, Loss::Everything), 4, "what was synced stays");
    }
}
