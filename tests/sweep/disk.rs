//! A disk in memory: a recorded log of changes is applied to it, and it says what the disk holds after a kill at
//! any point, and what it may hold after a power cut there. Knows no file of LightHunter.
//!
//! The power cut is POSIX taken at its word: bytes that no fsync of their file followed are gone, and so are names
//! that no fsync of their directory followed. A rename between two directories survives whole or not at all.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Component, Path, PathBuf},
};

use rand::Rng;

use crate::change::Change;

/// What of the unsynced survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing.
    Nothing,
    /// All names, and no bytes: a renamed file may be empty.
    Names,
    /// Of each directory and each file, all or nothing or a part, by chance.
    Chance,
}

#[derive(Debug, Clone)]
enum Node {
    File { now: Vec<u8>, synced: Vec<u8> },
    Directory { now: BTreeMap<String, usize>, synced: BTreeMap<String, usize> },
    Link(PathBuf),
}

/// A rename between two directories that no sync has made durable.
#[derive(Debug, Clone)]
struct Move {
    from: (usize, String),
    to: (usize, String),
}

/// The disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
    moves: Vec<Move>,
}

fn directory() -> Node {
    Node::Directory { now: BTreeMap::new(), synced: BTreeMap::new() }
}

impl Disk {
    pub(crate) fn empty() -> Self {
        Self { nodes: vec![directory()], moves: Vec::new() }
    }

    /// Reads a tree as a disk on which everything is durable.
    pub(crate) fn read(root: &Path) -> Self {
        let mut disk = Self::empty();
        disk.load(0, root);
        disk
    }

    fn load(&mut self, into: usize, path: &Path) {
        for entry in fs::read_dir(path).expect("a directory").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let kind = entry.file_type().expect("a type");
            let node = if kind.is_symlink() {
                self.add(Node::Link(fs::read_link(&path).expect("a link")))
            } else if kind.is_dir() {
                let node = self.add(directory());
                self.load(node, &path);
                node
            } else {
                let bytes = fs::read(&path).expect("readable");
                self.add(Node::File { now: bytes.clone(), synced: bytes })
            };
            if let Node::Directory { now, synced } = &mut self.nodes[into] {
                now.insert(name.clone(), node);
                synced.insert(name, node);
            }
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let mut at = 0;
        for part in path.components() {
            let Component::Normal(name) = part else { continue };
            let Node::Directory { now, .. } = &self.nodes[at] else { return None };
            at = *now.get(&*name.to_string_lossy())?;
        }
        Some(at)
    }

    fn place(&self, path: &Path) -> Option<(usize, String)> {
        let parent = self.find(path.parent().unwrap_or(Path::new("")))?;
        Some((parent, path.file_name()?.to_string_lossy().into_owned()))
    }

    fn entries(&mut self, directory: usize) -> &mut BTreeMap<String, usize> {
        match &mut self.nodes[directory] {
            Node::Directory { now, .. } => now,
            other => panic!("{other:?} is no directory"),
        }
    }

    fn put(&mut self, path: &Path, node: usize) {
        let (parent, name) = self.place(path).unwrap_or_else(|| panic!("no directory for {}", path.display()));
        self.entries(parent).insert(name, node);
    }

    fn take(&mut self, path: &Path) -> Option<usize> {
        let (parent, name) = self.place(path)?;
        self.entries(parent).remove(&name)
    }

    fn file(&mut self, path: &Path) -> Option<&mut Vec<u8>> {
        let at = self.find(path)?;
        match &mut self.nodes[at] {
            Node::File { now, .. } => Some(now),
            _ => None,
        }
    }

    /// Makes a change; `None` when it does not fit the disk, so that a gap in the log is seen.
    pub(crate) fn apply(&mut self, change: &Change) -> Option<()> {
        match change {
            Change::Acknowledged(_) => {}
            Change::Create(path) => {
                if self.find(path).is_none() {
                    let node = self.add(Node::File { now: Vec::new(), synced: Vec::new() });
                    self.put(path, node);
                }
            }
            Change::Write { path, offset, bytes } => write(self.file(path)?, *offset as usize, bytes),
            Change::Truncate { path, length } => self.file(path)?.resize(*length as usize, 0),
            Change::Sync(path) => {
                let at = self.find(path)?;
                self.sync(at);
            }
            Change::SyncBelow(path) => {
                let at = self.find(path)?;
                self.sync_below(at);
            }
            Change::Rename { from, to } => {
                let (from_place, to_place) = (self.place(from)?, self.place(to)?);
                let node = self.take(from)?;
                self.put(to, node);
                if from_place.0 != to_place.0 {
                    self.moves.push(Move { from: from_place, to: to_place });
                }
            }
            Change::Link { from, to } => {
                let node = self.find(from)?;
                self.put(to, node);
            }
            Change::Symlink { target, link } => {
                let node = self.add(Node::Link(target.clone()));
                self.put(link, node);
            }
            Change::Remove(path) | Change::RemoveTree(path) => drop(self.take(path)?),
            Change::MakeDirectory(path) => {
                if self.find(path).is_none() {
                    let node = self.add(directory());
                    self.put(path, node);
                }
            }
        }
        Some(())
    }

    fn sync(&mut self, at: usize) {
        match &mut self.nodes[at] {
            Node::File { now, synced } => synced.clone_from(now),
            Node::Directory { now, synced } => synced.clone_from(now),
            Node::Link(_) => {}
        }
        let (settled, open): (Vec<Move>, Vec<Move>) =
            self.moves.drain(..).partition(|moved| moved.from.0 == at || moved.to.0 == at);
        self.moves = open;
        for moved in settled {
            for (place, name) in [moved.from, moved.to] {
                if let Node::Directory { now, synced } = &mut self.nodes[place] {
                    match now.get(&name) {
                        Some(node) => drop(synced.insert(name, *node)),
                        None => drop(synced.remove(&name)),
                    }
                }
            }
        }
    }

    fn sync_below(&mut self, at: usize) {
        self.sync(at);
        let below: Vec<usize> = match &self.nodes[at] {
            Node::Directory { now, .. } => now.values().copied().collect(),
            _ => return,
        };
        for node in below {
            self.sync_below(node);
        }
    }

    /// Returns the disk after a power cut.
    pub(crate) fn cut(&self, cut: Cut, chance: &mut impl Rng) -> Self {
        let mut after = self.clone();
        after.moves.clear();
        for node in &mut after.nodes {
            match node {
                Node::File { now, synced } => match (cut, chance.next_u32() % 3) {
                    (Cut::Nothing | Cut::Names, _) | (Cut::Chance, 0) => now.clone_from(synced),
                    (Cut::Chance, 1) => {}
                    // Pages reach the disk in any order: a prefix of the new bytes over the old ones.
                    (Cut::Chance, _) => {
                        let most = now.len().max(synced.len());
                        let kept = if most == 0 { 0 } else { chance.next_u32() as usize % most };
                        let old: Vec<u8> = synced.iter().skip(kept).copied().collect();
                        now.truncate(kept);
                        if now.len() == kept {
                            now.extend(old);
                        }
                    }
                },
                Node::Directory { now, synced } => {
                    // By chance only where no rename between two directories could be torn.
                    let by_chance = cut == Cut::Chance && chance.next_u32().is_multiple_of(2) && self.moves.is_empty();
                    if cut == Cut::Nothing || by_chance {
                        now.clone_from(synced);
                    }
                }
                Node::Link(_) => {}
            }
        }
        after.settle();
        after
    }

    /// Names the temporary files as a process leaves them that is no more, which is how the next start finds them.
    pub(crate) fn buried(mut self) -> Self {
        for node in &mut self.nodes {
            if let Node::Directory { now, synced } = node {
                for entries in [now, synced] {
                    *entries = std::mem::take(entries).into_iter().map(|(name, at)| (of_the_dead(&name), at)).collect();
                }
            }
        }
        self
    }

    /// Makes what is there durable: what a power cut left is what the next start finds.
    fn settle(&mut self) {
        for node in &mut self.nodes {
            match node {
                Node::File { now, synced } => synced.clone_from(now),
                Node::Directory { now, synced } => synced.clone_from(now),
                Node::Link(_) => {}
            }
        }
    }

    /// Writes the tree into an empty directory.
    pub(crate) fn write_to(&self, root: &Path) {
        self.write_node(0, root);
    }

    #[expect(clippy::disallowed_methods, reason = "a state of the disk is planted, torn bytes and all")]
    fn write_node(&self, at: usize, path: &Path) {
        match &self.nodes[at] {
            Node::File { now, .. } => fs::write(path, now).expect("planted"),
            Node::Link(target) => symlink(target, path).expect("planted"),
            Node::Directory { now, .. } => {
                fs::create_dir_all(path).expect("planted");
                for (name, node) in now {
                    self.write_node(*node, &path.join(name));
                }
            }
        }
    }

    /// Returns every path with its bytes, to compare with a real tree.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        self.list(0, Path::new(""), &mut found);
        found
    }

    fn list(&self, at: usize, path: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        match &self.nodes[at] {
            Node::File { now, .. } => drop(found.insert(path.into(), now.clone())),
            Node::Link(target) => drop(found.insert(path.into(), target.to_string_lossy().as_bytes().to_vec())),
            Node::Directory { now, .. } => {
                drop(found.insert(path.into(), b"/".to_vec()));
                for (name, node) in now {
                    self.list(*node, &path.join(name), found);
                }
            }
        }
    }
}

/// Returns the name of a temporary file as a process left it that is no more.
fn of_the_dead(name: &str) -> String {
    let (own, dead) = (std::process::id(), 2_000_000_000);
    name.replace(&format!("-{own}-"), &format!("-{dead}-")).replace(&format!(".{own}.tmp"), &format!(".{dead}.tmp"))
}

fn write(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}
